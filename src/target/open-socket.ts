import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Abort } from '../abort.ts';
import { SocketReader } from '../stream/socket-reader.ts';
import { dialError } from './dial-error.ts';
import type { StreamConnection } from './target.ts';

export interface OpenOptions {
  /** For errors, such as 'tcp://localhost:5900'. */
  readonly address: string;
  readonly abort: Abort;
  /** Read through shared memory (SocketReader) and not by 'data' events. */
  readonly fastRead: boolean;
}

/**
 * Connects a TCP or Unix socket that reads nothing until its owner asks, so that a target that speaks first loses no byte.
 *
 * An abort destroys the socket and rejects with its reason. The deadline is the caller's.
 */
export async function openSocket(
  connectTo: NetConnectOpts,
  options: OpenOptions,
): Promise<StreamConnection & { duplex: Socket }> {
  const { address, abort, fastRead } = options;
  abort.throwIfAborted();
  try {
    const reader = fastRead ? SocketReader.forDial() : null;
    const duplex = connect({ ...connectTo, allowHalfOpen: true, ...(reader && { onread: reader.onread }) });
    duplex.pause();
    reader?.attach(duplex);
    await opened(duplex, 'connect', abort);
    return { kind: 'stream', duplex, ...(reader && { reader }) };
  } catch (error) {
    throw abort.aborted ? abort.reason : dialError(error, address);
  }
}

/** Waits for the event that says a socket is ready. When it fails or is aborted, the socket is destroyed. */
export function opened(socket: Socket, event: 'connect' | 'secureConnect', abort: Abort): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      abort.offAbort(onAbort);
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
    const onAbort = (): void => onFailure(abort.reason);
    const onClose = (): void => onFailure(new Error('the socket was closed'));
    socket.on(event, onOpen);
    socket.on('error', onFailure);
    socket.on('close', onClose);
    abort.onAbort(onAbort);
  });
}
