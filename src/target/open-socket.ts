import { connect, type NetConnectOpts, type OnReadOpts, type Socket } from 'node:net';
import type { Abort } from '../abort.ts';
import { SocketReader } from '../stream/socket-reader.ts';
import { dialError } from './dial-error.ts';
import type { StreamConnection } from './target.ts';

/** What a socket can be connected to. */
export type SocketAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface OpenOptions {
  /** For errors, such as 'tcp://localhost:5900'. */
  readonly address: string;
  readonly abort: Abort;
  /** Read through shared memory (SocketReader) and not by 'data' events. */
  readonly fastRead: boolean;
  /** As StreamConnection.keepAlive. */
  readonly keepAlive?: number;
}

/**
 * Connects a TCP or Unix socket that reads nothing until its owner asks, so that a target that speaks first loses no byte.
 *
 * An abort destroys the socket and rejects with its reason. The deadline is the caller's.
 */
export async function openSocket(
  to: SocketAddress,
  options: OpenOptions,
): Promise<StreamConnection & { duplex: Socket }> {
  const { address, abort, fastRead, keepAlive = 0 } = options;
  abort.throwIfAborted();
  try {
    const reader = fastRead ? SocketReader.forDial() : null;
    const duplex = connect(connectOptions(to, reader?.onread));
    duplex.pause();
    reader?.attach(duplex);
    await opened(duplex, 'connect', abort);
    return reader ? { kind: 'stream', duplex, reader, keepAlive } : { kind: 'stream', duplex, keepAlive };
  } catch (error) {
    throw abort.aborted ? abort.reason : dialError(error, address);
  }
}

/** What node:net sets in a copy of its options. V8 takes 10 µs to add it there, and none to find it there already. */
const PRESET = { emitClose: false, autoDestroy: true, decodeStrings: false };

/** How every socket to a target is made: all addresses of a name are tried (RFC 8305, by Node), small writes leave at once. */
export function connectOptions(to: SocketAddress, onread?: OnReadOpts): NetConnectOpts {
  const { emitClose, autoDestroy, decodeStrings } = PRESET;
  const options =
    'path' in to
      ? { path: to.path, allowHalfOpen: true, emitClose, autoDestroy, decodeStrings, onread }
      : {
          host: to.host,
          port: to.port,
          autoSelectFamily: true,
          noDelay: true,
          allowHalfOpen: true,
          emitClose,
          autoDestroy,
          decodeStrings,
          onread,
        };
  return options;
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
