import { Socket, type OnReadOpts } from 'node:net';
import { TLSSocket } from 'node:tls';
import { HEADROOM, onceEnded, StreamReader, type ByteReader, type ByteSink } from './byte-reader.ts';

/** One read takes at most this many bytes. */
const CHUNK = 64 * 1024;
/** A read of at least this many bytes makes a reader take a buffer of its own, which saves a copy per read. */
const BULK = 12 * 1024;
/** Buffers kept for the next reader that turns busy. */
const SPARES = 16;

/**
 * How often one socket may be told another buffer outside of a read. The handle remembers each with some 50 bytes until
 * it is closed, so a connection that is busy now and then for weeks would grow.
 */
const MAX_INSTALLS = 200;

/** Memory that a socket reads into: `region` is the part behind the headroom. */
interface ReadBuffer {
  readonly memory: Buffer;
  readonly region: Buffer;
}

const spares: ReadBuffer[] = [];
const shared = newReadBuffer();
/** undefined before the first accepted socket; null where Node keeps them otherwise. */
let internals: Internals | null | undefined;

/**
 * Reads a socket into memory that is used again, instead of one allocation per read.
 *
 * Quiet readers all share one buffer, so an idle connection holds none; a sink copies the little that arrives there.
 * A reader that sees bulk data takes a buffer of its own, whose contents a sink may write onwards without a copy. When
 * that write is still queued afterwards, the memory belongs to it and the reader takes a fresh buffer.
 *
 * Dialled sockets use the public `onread` option. Accepted ones have no public option for it, so `forAccepted` sets the
 * fields that `onread` sets. This is the only file that touches them, and it falls back to 'data' events.
 */
export class SocketReader implements ByteReader {
  /** For net.connect. */
  readonly onread: OnRead;
  #socket: Socket | null = null;
  #sink: ByteSink | null = null;
  /** The buffer that the socket reads into; always the one it has been told. */
  #current: ReadBuffer = shared;
  #paused = true;
  /** Whether bulk data was seen since the last `relax`. */
  #bulk = false;
  #installs = 0;

  private constructor() {
    this.onread = {
      buffer: () => this.#current.region,
      callback: (size) => this.#onRead(size),
    };
  }

  /** Makes the reader of a socket that is about to be dialled: give `onread` to net.connect, then call `attach`. */
  static forDial(): SocketReader {
    return new SocketReader();
  }

  /**
   * Makes a reader for a socket that is connected already; one on 'data' events where Node's internals differ. A socket
   * that reads goes on reading, to spare two system calls: `start` or `pause` has to follow before the event loop turns.
   */
  static forAccepted(socket: Socket): ByteReader {
    if (internals === undefined) internals = findInternals(socket);
    const reader = new SocketReader();
    if (!internals?.install(socket, reader.onread, shared.region)) return new StreamReader(socket);
    reader.attach(socket);
    return reader;
  }

  /** Binds the socket. */
  attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('close', () => this.#release());
  }

  start(sink: ByteSink): void {
    const first = this.#sink === null;
    this.#sink = sink;
    if (first && this.#socket) onceEnded(this.#socket, () => this.#sink?.onEnd());
    this.resume();
  }

  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket?.resume();
  }

  relax(): void {
    if (this.#bulk) {
      this.#bulk = false;
    } else if (this.#current !== shared && this.#socket && this.#installs < MAX_INSTALLS) {
      this.#installs++;
      if (internals?.install(this.#socket, this.onread, shared.region)) this.#release();
    }
  }

  /** Passes on what the socket has put into the current buffer. Returning false stops the reading (net.OnReadOpts). */
  #onRead(size: number): boolean {
    const { memory } = this.#current;
    const own = this.#current !== shared;
    const kept = this.#sink?.onBytes(memory, HEADROOM, HEADROOM + size, HEADROOM, own) ?? false;
    if (size >= BULK) this.#bulk = true;
    if (kept || (!own && this.#bulk)) this.#current = spares.pop() ?? newReadBuffer();
    return !this.#paused;
  }

  /** Hands an own buffer back for the next busy reader. The socket must not read into it any more. */
  #release(): void {
    if (this.#current !== shared && spares.length < SPARES) spares.push(this.#current);
    this.#current = shared;
  }
}

/** Whether a stream is a socket of node:net or node:tls: such a one refers to no written memory once its queue is empty. */
export function isSocket(stream: unknown): stream is Socket {
  return stream instanceof Socket;
}

/** Whether a stream is a socket without TLS: what it writes and reads goes straight to and from the kernel. */
export function isPlainSocket(stream: unknown): stream is Socket {
  return stream instanceof Socket && !(stream instanceof TLSSocket);
}

/** Allocates a read buffer outside Node's small-buffer pool. */
function newReadBuffer(): ReadBuffer {
  const memory = Buffer.allocUnsafeSlow(HEADROOM + CHUNK);
  return { memory, region: memory.subarray(HEADROOM) };
}

/** What net.connect takes as `onread`, bound to its reader. */
interface OnRead extends OnReadOpts {
  readonly buffer: (this: void) => Buffer;
  readonly callback: (this: void, size: number) => boolean;
}

interface Internals {
  /** Makes a connected socket read into `region` and call `onread`. False when it cannot. */
  install(socket: Socket, onread: OnRead, region: Buffer): boolean;
}

/* oxlint-disable no-underscore-dangle -- Node's own name for the handle. */

/**
 * Looks up the fields in which node:net keeps `onread` (the same in Node 20 to 26); null where they are not found. Every
 * socket has them. One made for this with options of its own would make V8 slower at making all others.
 */
function findInternals(any: Socket): Internals | null {
  const named = new Map(Object.getOwnPropertySymbols(any).map((symbol) => [symbol.description, symbol]));
  const [buffer, callback, generator] = [named.get('kBuffer'), named.get('kBufferCb'), named.get('kBufferGen')];
  if (!buffer || !callback || !generator) return null;
  return {
    install(socket, onread, region) {
      const fields = socket as unknown as Record<symbol, unknown> & {
        _handle?: { useUserBuffer?: (memory: Buffer) => void } | null;
      };
      if (!(buffer in fields) || typeof fields._handle?.useUserBuffer !== 'function') return false;
      fields[buffer] = region;
      fields[callback] = onread.callback;
      fields[generator] = onread.buffer;
      fields._handle.useUserBuffer(region);
      return true;
    },
  };
}
