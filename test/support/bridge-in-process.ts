import { inspect } from 'node:util';
import type { ListenerConfig, RouteConfig } from '../../src/config/model.ts';
import { logEvents } from '../../src/observe/log.ts';
import { createTextLogger } from '../../src/observe/logger.ts';
import type { BridgeEventName, BridgeEvents } from '../../src/observe/events.ts';
import { BridgeServer } from '../../src/server/bridge-server.ts';
import { listenerConfig } from '../integration/listen-config.ts';
import { relayConfig } from '../unit/bridge/relay-config.ts';
import { atTestEnd } from './cleanup.ts';

const EVENTS: readonly BridgeEventName[] = [
  'connection:refused',
  'session:refused',
  'session:open',
  'session:close',
  'session:stage',
  'warning',
];

/** A bridge in this process, with everything that it told anybody. */
export interface InProcessBridge {
  readonly server: BridgeServer;
  readonly port: number;
  /** 'ws://…' without a path. */
  readonly url: string;
  readonly seen: { readonly name: BridgeEventName; readonly event: BridgeEvents[BridgeEventName] }[];
  /** Every event and every log line as text, as far as anybody can look into it. */
  readonly told: () => string;
  /** The codes of what was refused. */
  readonly refused: () => string[];
}

/** A route that takes everything. */
export function routeTo(target: RouteConfig['target']): RouteConfig {
  return { name: 'default', match: { path: null, host: null }, target, subprotocols: ['binary'], relay: relayConfig() };
}

/** Makes a bridge with one listener; the caller listens. */
export function makeBridge(
  listener: Partial<ListenerConfig>,
  limits: Partial<ListenerConfig['limits']> = {},
): { server: BridgeServer; seen: InProcessBridge['seen']; told: () => string } {
  const server = new BridgeServer({
    listeners: [listenerConfig(listener, limits)],
    limits: { connections: 0 },
    shutdown: { grace: 1000 },
  });
  const seen: InProcessBridge['seen'] = [];
  const texts: string[] = [];
  for (const name of EVENTS)
    server.on(name, (event) => {
      seen.push({ name, event });
      texts.push(inspect(event, { depth: 8, showHidden: true, getters: true }));
    });
  logEvents(server.events, createTextLogger({ level: 'debug', write: (line) => texts.push(line), colour: false }));
  return { server, seen, told: () => texts.join('\n') };
}

/** Starts a bridge with one listener; it ends with the test. */
export async function startInProcess(
  listener: Partial<ListenerConfig>,
  limits: Partial<ListenerConfig['limits']> = {},
): Promise<InProcessBridge> {
  const { server, seen, told } = makeBridge(listener, limits);
  await server.listen();
  atTestEnd(() => server.close(0));
  const { address } = server.addresses[0]!;
  const refused = (): string[] =>
    seen.flatMap(({ event }) => ('error' in event && event.error ? [event.error.code] : []));
  const scheme = server.addresses[0]!.secure ? 'wss' : 'ws';
  return { server, port: Number(address.split(':').at(-1)), url: `${scheme}://${address}`, seen, told, refused };
}
