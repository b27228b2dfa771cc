import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { SocketReader } from '../stream/socket-reader.ts';
import { dialError } from './dial-error.ts';
import type { StreamConnection } from './target.ts';

export interface OpenOptions {
  /** For errors, such as 'tcp://localhost:5900'. */
  readonly address: string;
  readonly signal: AbortSignal;
  /** Read through shared memory (SocketReader) and not by 'data' events. */
  readonly fastRead: boolean;
}

/**
 * Connects a TCP or Unix socket that reads nothing until its owner asks, so that a target that speaks first loses no byte.
 *
 * An abort destroys the socket and rejects with the signal's reason. The deadline is the caller's.
 */
export async function openSocket(
  connectTo: NetConnectOpts,
  options: OpenOptions,
): Promise<StreamConnection & { duplex: Socket }> {
  const { address, signal, fastRead } = options;
  signal.throwIfAborted();
  try {
    const reader = fastRead ? SocketReader.forDial() : null;
    const duplex = connect({ ...connectTo, allowHalfOpen: true, ...(reader && { onread: reader.onread }) });
    duplex.pause();
    reader?.attach(duplex);
    await opened(duplex, 'connect', signal);
    return { kind: 'stream', duplex, ...(reader && { reader }) };
  } catch (error) {
    throw signal.aborted ? signal.reason : dialError(error, address);
  }
}

/** Waits for the event that says a socket is ready. When it fails or `signal` aborts, the socket is destroyed. */
export function opened(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off(event, onOpen);
      socket.off('error', onFailure);
      socket.off('close', onClose);
    };
    const onFailure = (error: unknown): void => {
      done();
      // Whatever else the socket has to say is of no interest, but without a listener it would end the process.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onOpen = (): void => {
      done();
      resolve();
    };
    const onAbort = (): void => onFailure(signal.reason);
    const onClose = (): void => onFailure(new Error('the socket was closed'));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on(event, onOpen);
    socket.on('error', onFailure);
    socket.on('close', onClose);
    if (signal.aborted) onAbort();
  });
}
