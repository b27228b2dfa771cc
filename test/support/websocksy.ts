import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { resolveArguments } from '../../src/cli/config-source.ts';
import { websocksy } from '../../src/cli/websocksy.ts';
import { type BridgeEvents, EventHub } from '../../src/observe/events.ts';
import { BridgeServer } from '../../src/server/bridge-server.ts';
import { atTestEnd } from './cleanup.ts';

/** A bridge in this process that a command line of websocksy describes. */
export interface Websocksy {
  /** 'ws://127.0.0.1:PORT/' */
  readonly url: string;
  readonly port: number;
  /** The errors of the clients that were refused, in their order. */
  readonly refused: readonly BridgeEvents['session:refused']['error'][];
}

/** Starts a bridge by a command line, on a free port of the loopback interface; it ends with the test. */
export async function startWebsocksy(args: readonly string[], directory: string = process.cwd()): Promise<Websocksy> {
  const isFile = args.length === 1;
  const where = isFile ? [] : ['-l', '127.0.0.1', '-p', '0'];
  const read = (file: string): string => readFileSync(resolve(directory, file), 'utf8');
  const invocation = websocksy.parse([...where, ...args], {}, undefined, read);
  if (invocation.command !== 'run') throw new Error(`it does ${invocation.command}`);
  const { config } = resolveArguments(invocation.input, invocation.origins, { directory });
  const server = new BridgeServer(config, new EventHub());
  const refused: Websocksy['refused'][number][] = [];
  server.on('session:refused', ({ error }) => refused.push(error));
  await server.listen();
  atTestEnd(() => server.close(0));
  const port = Number(server.addresses[0]!.address.split(':').at(-1));
  return { url: `ws://127.0.0.1:${port}/`, port, refused };
}
