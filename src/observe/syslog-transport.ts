import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { lookup } from 'node:dns';
import { connect, type Socket } from 'node:net';
import { constants } from 'node:os';
import { BridgeError } from '../errors.ts';
import { systemError, unixDgram, WRITABLE, type UnixDgram, type UnixDgramSocket } from '../native/unix-dgram.ts';
import type { SyslogAddress } from './syslog-address.ts';

/** What a transport tells its owner. */
export interface TransportHandlers {
  /** It can send, again. */
  onReady(): void;
  /** It has failed and is closed. Told once, and never from inside `send`. */
  onError(error: Error): void;
}

/** A way to the log daemon. It keeps no process alive. */
export interface SyslogTransport {
  /** Sends one message, or says that it cannot now: then it was not taken. */
  send(message: Buffer): boolean;
  /** Messages that are on their way out of the process. */
  readonly pending: number;
  close(): void;
}

const { EAGAIN, EPROTOTYPE } = constants.errno;
/** Most bytes that wait for a daemon that reads slowly from a stream. */
const STREAM_QUEUE = 64 * 1024;
/** Most messages that leave by UDP at once. */
const UDP_QUEUE = 32;

/** Opens the way to a daemon. Throws what is known at once; the rest is told later. */
export function openTransport(address: SyslogAddress, handlers: TransportHandlers): SyslogTransport {
  if (address.kind === 'udp') return new UdpTransport(address.host, address.port, handlers);
  let native: UnixDgram;
  try {
    native = unixDgram();
  } catch (error) {
    // Without the native part a stream is all that can be tried; when there is none, the missing part is the reason.
    return new StreamTransport(address.path, handlers, error);
  }
  const socket = connectDgram(native, address.path);
  return socket === null ? new StreamTransport(address.path, handlers, null) : new DgramTransport(socket, handlers);
}

/** A connected datagram socket, or null where the daemon listens on a stream. */
function connectDgram(native: UnixDgram, path: string): DgramSocket | null {
  const ready = { call: (_events: number): void => undefined };
  const socket = native.create((events) => ready.call(events));
  if (typeof socket === 'number') throw systemError(socket, 'socket');
  const result = native.connect(socket, path);
  if (result >= 0) return { native, socket, ready };
  native.close(socket);
  if (result === -EPROTOTYPE) return null;
  throw systemError(result, 'connect');
}

interface DgramSocket {
  readonly native: UnixDgram;
  readonly socket: UnixDgramSocket;
  /** Its call tells what the socket is ready for. */
  readonly ready: { call: (events: number) => void };
}

/** A Unix datagram socket: what is sent is with the daemon at once. */
class DgramTransport implements SyslogTransport {
  readonly pending = 0;
  readonly #native: UnixDgram;
  readonly #socket: UnixDgramSocket;
  readonly #handlers: TransportHandlers;
  #failed = false;

  constructor({ native, socket, ready }: DgramSocket, handlers: TransportHandlers) {
    this.#native = native;
    this.#socket = socket;
    this.#handlers = handlers;
    ready.call = (events) => {
      if (events < 0) return this.#fail(events, 'poll');
      native.watch(socket, 0);
      handlers.onReady();
    };
    process.nextTick(() => !this.#failed && handlers.onReady());
  }

  send(message: Buffer): boolean {
    if (this.#failed) return false;
    const result = this.#native.send(this.#socket, message);
    if (result >= 0) return true;
    if (result === -EAGAIN) this.#native.watch(this.#socket, WRITABLE);
    else this.#fail(result, 'send');
    return false;
  }

  close(): void {
    this.#failed = true;
    this.#native.close(this.#socket);
  }

  #fail(negatedErrno: number, syscall: string): void {
    if (this.#failed) return;
    this.close();
    process.nextTick(() => this.#handlers.onError(systemError(negatedErrno, syscall)));
  }
}

/** A Unix stream socket: a newline ends each message, as old daemons want it. */
class StreamTransport implements SyslogTransport {
  readonly #socket: Socket;
  readonly #handlers: TransportHandlers;

  constructor(path: string, handlers: TransportHandlers, missing: unknown) {
    this.#handlers = handlers;
    const socket = (this.#socket = connect({ path }).unref());
    let reason: Error = new Error('the log daemon has closed the connection');
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code === 'EPROTOTYPE' && missing instanceof Error ? missing : error;
    });
    socket.on('connect', () => handlers.onReady());
    socket.on('close', () => handlers.onError(reason));
    // Nothing comes, but only who reads is told of the end.
    socket.resume();
  }

  get pending(): number {
    return this.#socket.writableLength;
  }

  send(message: Buffer): boolean {
    const socket = this.#socket;
    if (socket.connecting || !socket.writable || socket.writableLength > STREAM_QUEUE) return false;
    socket.write(Buffer.concat([message, Buffer.from('\n')]), () => {
      if (socket.writable && socket.writableLength === 0) this.#handlers.onReady();
    });
    return true;
  }

  close(): void {
    this.#socket.removeAllListeners('close').destroy();
  }
}

/** UDP: what is sent may be lost, and a daemon that is not there may be noticed or not. */
class UdpTransport implements SyslogTransport {
  pending = 0;
  #socket: UdpSocket | null = null;
  #connected = false;
  #closed = false;
  readonly #handlers: TransportHandlers;

  constructor(host: string, port: number, handlers: TransportHandlers) {
    this.#handlers = handlers;
    lookup(host, (error, address, family) => {
      if (this.#closed) return;
      if (error) return this.#fail(error);
      const socket = (this.#socket = createSocket(family === 6 ? 'udp6' : 'udp4').unref());
      socket.on('error', (failure) => this.#fail(failure));
      socket.connect(port, address, (refused?: Error) => {
        if (this.#closed) return;
        if (refused) return this.#fail(refused);
        this.#connected = true;
        handlers.onReady();
      });
    });
  }

  send(message: Buffer): boolean {
    if (!this.#connected || this.#closed || this.pending >= UDP_QUEUE) return false;
    this.pending++;
    this.#socket?.send(message, (error) => {
      this.pending--;
      if (error) this.#fail(error);
      // The rest waits for the next turn of the event loop: what leaves in one burst overruns the receiver.
      else if (this.pending === 0) setImmediate(() => !this.#closed && this.#handlers.onReady());
    });
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.close();
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    process.nextTick(() => this.#handlers.onError(error));
  }
}

/** Puts what is wrong with the way to a daemon into the table's terms. */
export function transportError(label: string, thrown: unknown): BridgeError {
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (!(thrown instanceof BridgeError))
    return new BridgeError('SYSLOG_UNREACHABLE', { detail: `${label}: ${code ?? message}`, cause: thrown });
  return new BridgeError('NATIVE_MISSING', {
    detail: `syslog ${label}: ${thrown.detail}`,
    remedy: `${thrown.remedy} Or log to a UDP address such as localhost:514.`,
    cause: thrown,
  });
}
