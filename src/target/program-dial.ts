import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'node:net';
import { BridgeError } from '../errors.ts';
import { formatAddress } from './address.ts';
import { openSocket } from './open-socket.ts';
import type { DialContext, StreamConnection } from './target.ts';

/** Waits between attempts, in ms: the first, and the longest. */
const FIRST_WAIT = 20;
const LONGEST_WAIT = 250;
/** The program does not listen on the address, or the system does not have the address. */
const NOT_THERE = new Set(['TARGET_REFUSED', 'TARGET_UNREACHABLE']);

/** Connects to a port of this machine, whichever loopback address the program listens on. */
async function openLoopback(port: number, { abort, fastRead }: DialContext): Promise<StreamConnection> {
  const open = async (host: string): Promise<StreamConnection> => {
    const address = formatAddress('tcp', host, port);
    const connection = await openSocket({ host, port }, { address, abort, fastRead });
    if (!isOwnEcho(connection.duplex)) return connection;
    connection.duplex.destroy();
    throw new BridgeError('TARGET_REFUSED', { detail: address });
  };
  try {
    return await open('127.0.0.1');
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
  return open('::1');
}

/**
 * Whether a socket is connected to itself. That is how TCP answers a socket whose own port happens to be the one that it
 * calls while nobody listens (simultaneous open, RFC 9293 §3.5), and a port that waits for its program is called often.
 */
function isOwnEcho({ localPort, remotePort, localAddress, remoteAddress }: Socket): boolean {
  return localPort === remotePort && localAddress === remoteAddress;
}

function isNotThere(error: unknown): boolean {
  return error instanceof BridgeError && NOT_THERE.has(error.code);
}

/** The port of a program's latest start; 'later' while the next start is being prepared, 'never' when there will be none. */
export type ProgramPort = number | 'later' | 'never';

/**
 * Connects to a program that may still be starting: tries again until somebody listens or the dial is aborted.
 *
 * When the deadline comes while nobody listens, the error is TARGET_REFUSED.
 */
export async function dialProgram(
  label: string,
  portNow: () => ProgramPort,
  remedy: string,
  context: DialContext,
): Promise<StreamConnection> {
  const { abort } = context;
  const refused = (cause?: unknown): BridgeError => new BridgeError('TARGET_REFUSED', { detail: label, remedy, cause });
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    abort.throwIfAborted();
    const port = portNow();
    if (port === 'never') throw refused();
    let cause: unknown;
    try {
      if (port !== 'later') return await openLoopback(port, context);
    } catch (error) {
      if (abort.aborted || !isNotThere(error)) throw error;
      cause = error;
    }
    await sleep(wait, undefined, { signal: abort.signal }).catch(() => {});
    if (abort.aborted) throw isDeadline(abort.reason) ? refused(cause) : (abort.reason as Error);
  }
}

function isDeadline(reason: unknown): boolean {
  return reason instanceof BridgeError && reason.code === 'TARGET_TIMEOUT';
}
