import type { ListenerConfig, RelayConfig, RouteConfig } from '../../src/config/model.ts';
import { Secret } from '../../src/config/secret.ts';
import type { SessionEnd } from '../../src/observe/events.ts';
import { startInProcess, routeTo, type InProcessBridge } from '../support/bridge-in-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { until } from '../support/wait.ts';

/** What a test wants of its bridge. */
export interface LegacyBridgeOptions {
  readonly target?: RouteConfig['target'];
  readonly relay?: Partial<RelayConfig>;
  readonly listener?: Partial<ListenerConfig>;
  readonly limits?: Partial<ListenerConfig['limits']>;
}

/** The listener's part of a config for TLS. */
export function tls(): NonNullable<ListenerConfig['tls']> {
  const { cert, key } = makeCertificate();
  return { cert, key: new Secret(key), passphrase: null, minVersion: 'TLSv1.2', ciphers: null };
}

/** A bridge in this process that speaks legacy protocols, unless told otherwise. */
export function legacyBridge(options: LegacyBridgeOptions = {}): Promise<InProcessBridge> {
  const route = routeTo(options.target ?? { kind: 'echo' });
  const relay = { ...route.relay, ...options.relay };
  return startInProcess(
    {
      legacyProtocols: true,
      routes: [{ ...route, subprotocols: ['binary', 'base64'], relay }],
      ...options.listener,
    },
    options.limits,
  );
}

/** How the n-th session ended, counted from 0. */
export function sessionEnd({ seen }: InProcessBridge, index: number = 0): Promise<SessionEnd> {
  return until('the session has ended', () => {
    const ends = seen.flatMap(({ event }) => ('end' in event ? [event.end] : []));
    return ends[index];
  });
}
