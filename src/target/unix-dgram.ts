import { constants } from 'node:os';
import { BridgeError } from '../errors.ts';
import {
  READABLE,
  systemError,
  unixDgram,
  WRITABLE,
  type UnixDgram,
  type UnixDgramSocket,
} from '../native/unix-dgram.ts';
import { datagramError, dialError } from './dial-error.ts';
import { ReplyAddress } from './reply-address.ts';
import type { DatagramConnection, DatagramHandlers, DialContext, Target } from './target.ts';
import { checkUnixPath } from './unix-path.ts';

/** Most datagrams taken per wake-up, so that a chatty target does not starve the others. */
const BATCH = 64;
/** Most bytes queued for a target that does not read; a caller that minds `queuedBytes` never gets there. */
const MAX_QUEUED = 4 * 1024 * 1024;
/** What a queued datagram costs besides its bytes: empty ones must not queue up without an end. */
const QUEUE_OVERHEAD = 64;
const { EAGAIN } = constants.errno;

/** All connections receive into this and copy out; a larger datagram gets memory of its own. */
const received = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * A Unix datagram socket. Needs the native part (NATIVE_MISSING says how to get it).
 *
 * The greatest datagram is what the system's send buffer holds: 212,960 bytes by default on Linux.
 */
export class UnixDgramTarget implements Target {
  readonly label: string;
  readonly #path: string;

  constructor(path: string) {
    this.label = `unix-dgram:${path}`;
    this.#path = path;
  }

  async connect({ abort }: DialContext): Promise<DatagramConnection> {
    abort.throwIfAborted();
    checkUnixPath(this.#path, this.label);
    return new UnixDgramConnection(unixDgram(), this.#path, this.label);
  }
}

/** A connected Unix datagram socket. A target whose queue is full makes datagrams wait here: none is lost on the way to it. */
class UnixDgramConnection implements DatagramConnection {
  readonly kind = 'datagram';
  readonly maxDatagram: number;
  queuedBytes = 0;
  onDrain: (() => void) | null = null;
  readonly #native: UnixDgram;
  readonly #label: string;
  readonly #reply: ReplyAddress;
  readonly #socket: UnixDgramSocket;
  #handlers: DatagramHandlers | null = null;
  #queue: Buffer[] = [];
  /** A failure that its owner could not be told yet. */
  #failure: BridgeError | null = null;
  #paused = true;
  #closed = false;

  constructor(native: UnixDgram, path: string, label: string) {
    this.#native = native;
    this.#label = label;
    this.#reply = makeReplyAddress(label);
    const socket = native.create((ready) => this.#onReady(ready));
    if (typeof socket === 'number') {
      this.#reply.remove();
      throw dialError(systemError(socket, 'socket'), label);
    }
    this.#socket = socket;
    try {
      checked(native.bind(socket, this.#reply.path), 'bind', replyError(label));
      this.#reply.open();
      checked(native.connect(socket, path), 'connect', (error) => dialError(error, label));
      this.maxDatagram = native.sendLimit(socket);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  start(handlers: DatagramHandlers): void {
    this.#handlers = handlers;
    if (this.#failure) process.nextTick(() => handlers.onError(this.#failure!));
    else this.resume();
  }

  send(data: Uint8Array): void {
    if (this.#closed) return;
    const result = this.#queue.length > 0 ? -EAGAIN : this.#native.send(this.#socket, data);
    if (result === -EAGAIN) this.#enqueue(data);
    else if (result < 0) this.#fail(result, 'send');
  }

  pause(): void {
    this.#paused = true;
    this.#watch();
  }

  resume(): void {
    this.#paused = false;
    this.#watch();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.queuedBytes = 0;
    this.#native.close(this.#socket);
    this.#reply.remove();
  }

  #enqueue(data: Uint8Array): void {
    const cost = data.length + QUEUE_OVERHEAD;
    if (this.queuedBytes + cost > MAX_QUEUED) return;
    this.#queue.push(Buffer.from(data));
    this.queuedBytes += cost;
    if (this.#queue.length === 1) this.#watch();
  }

  /** Tells the event loop what to wait for. With nothing to wait for, the socket keeps no process alive. */
  #watch(): void {
    if (this.#closed) return;
    const events = (this.#paused ? 0 : READABLE) | (this.#queue.length > 0 ? WRITABLE : 0);
    const result = this.#native.watch(this.#socket, events);
    if (result < 0) this.#fail(result, 'poll');
  }

  #onReady(ready: number): void {
    if (ready < 0) {
      // libuv reports that the socket has an error without saying which: receiving tells.
      const error = this.#native.receive(this.#socket, received);
      this.#fail(error < 0 && error !== -EAGAIN ? error : ready, 'recv');
      return;
    }
    if (ready & READABLE) this.#receive();
    if (ready & WRITABLE) this.#flush();
  }

  #receive(): void {
    for (let taken = 0; taken < BATCH && !this.#paused && !this.#closed; taken++) {
      let data = received;
      let length = this.#native.receive(this.#socket, data);
      if (length > data.length) {
        data = Buffer.allocUnsafeSlow(length);
        length = this.#native.receive(this.#socket, data);
      }
      if (length === -EAGAIN) return;
      if (length < 0) return this.#fail(length, 'recv');
      const datagram = data.subarray(0, length);
      this.#handlers?.onMessage(data === received ? Buffer.from(datagram) : datagram);
    }
  }

  #flush(): void {
    let sent = 0;
    while (!this.#closed && sent < this.#queue.length) {
      const data = this.#queue[sent]!;
      const result = this.#native.send(this.#socket, data);
      if (result === -EAGAIN) break;
      if (result < 0) return this.#fail(result, 'send');
      this.queuedBytes -= data.length + QUEUE_OVERHEAD;
      sent++;
    }
    this.#queue = this.#queue.slice(sent);
    if (this.#closed || this.#queue.length > 0) return;
    this.#watch();
    this.onDrain?.();
  }

  /** Closes at once and tells the owner later: a failing `send` is in the middle of the owner's own work. */
  #fail(negatedErrno: number, syscall: string): void {
    if (this.#closed) return;
    this.close();
    const failure = datagramError(systemError(negatedErrno, syscall), this.#label);
    this.#failure = failure;
    const handlers = this.#handlers;
    if (handlers) process.nextTick(() => handlers.onError(failure));
  }
}

function makeReplyAddress(label: string): ReplyAddress {
  try {
    return new ReplyAddress();
  } catch (error) {
    throw replyError(label)(error as Error);
  }
}

/** The trouble is with our own end, so the error of the target's would mislead. */
function replyError(label: string): (error: Error) => BridgeError {
  return (error) =>
    new BridgeError('TARGET_FAILED', {
      detail: `${label} (no address for answers: ${error.message})`,
      remedy: 'Let TMPDIR name a directory that the bridge may write to and whose path is short.',
      cause: error,
    });
}

function checked(result: number, syscall: string, toError: (error: Error) => BridgeError): void {
  if (result < 0) throw toError(systemError(result, syscall));
}
