import { ByteQueue } from './byte-queue.ts';
import { BAD_BASE64, OVER_LIMIT } from './close-code.ts';
import { absoluteUrl, offeredProtocols, webSocketConstructor } from './offer.ts';
import { fromLatin1, fromMessage, toBytes, toLatin1, toMessage } from './payload.ts';
import type { MessageFacts } from './web-socket.ts';

/** What a Websock can be attached to: a WebSocket, a Channel, an RTCDataChannel, or anything with their members. */
export interface RawChannel {
  binaryType: string;
  readonly readyState: number | string;
  readonly protocol: string;
  readonly bufferedAmount?: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** What the handlers of a Websock get. */
export interface WebsockEvents {
  open: undefined;
  /** Something has come and is in the receive queue. */
  message: undefined;
  /** The close event of the channel. */
  close: unknown;
  /** The error event of the channel, or an Error of the Websock itself. */
  error: unknown;
}

/** How a Websock behaves. */
export interface WebsockOptions {
  /** Bytes that may wait in the receive queue; default 40 MiB. Beyond it: the error handler, and close code 4008. */
  readonly receiveLimit?: number;
  /** Bytes that may wait in the send queue, such as before `open`; default 16 MiB. Beyond it: a RangeError. */
  readonly sendLimit?: number;
  /** 'property' makes `rQlen` a number, as noVNC 1.1 to 1.4 had it; a method unless told. */
  readonly rQlen?: 'method' | 'property';
  /** Makes the connection of `open`, where the global WebSocket is missing or not wanted. */
  readonly WebSocket?: new (url: any, protocols?: any) => RawChannel;
}

/** What the send queue takes: numbers, of which the low eight bits count, or bytes in any form. */
type Octets = readonly number[] | ArrayBuffer | ArrayBufferView;

type Listeners = Pick<RawChannel, 'onopen' | 'onmessage' | 'onclose' | 'onerror'>;
type Handlers = { [Name in keyof WebsockEvents]?: (event?: WebsockEvents[Name]) => void };

/** So much is gathered before it is sent without being asked. */
const GATHERED = 10_240;
/** What the send queue has no room for goes out in messages of this size. */
const PIECE = 1024 * 1024;
/** The names of the states, by the number that WebSocket has for them; RTCDataChannel uses the names. */
const STATES = ['connecting', 'open', 'closing', 'closed'];

/**
 * The receive and send queues of `websock.js`, for code that was written against it between 2011 and today.
 *
 * Bytes that come are queued; `message` tells that there are more, the `rQ…` methods read them, and throw a RangeError
 * where they want more than there is: ask `rQlen` or `rQwait` first. The `sQ…` methods gather bytes, `flush` sends them.
 * Views that are no copies are good until the next message.
 */
export class Websock {
  /** As long as the channel holds less than this, `flush` says true. */
  maxBufferedAmount = 1024 * 1024;
  readonly #options: WebsockOptions;
  readonly #rQ: ByteQueue;
  readonly #sQ: ByteQueue;
  #channel: RawChannel | null = null;
  readonly #handlers: Handlers = {};

  constructor(options: WebsockOptions = {}) {
    const { receiveLimit = 40 * 1024 * 1024, sendLimit = 16 * 1024 * 1024 } = options;
    this.#options = options;
    this.#rQ = new ByteQueue(receiveLimit);
    this.#sQ = new ByteQueue(sendLimit);
    if (options.rQlen === 'property') Object.defineProperty(this, 'rQlen', { get: () => this.#rQ.length });
  }

  /** 'unused' before `open` or `attach`, then 'connecting', 'open', 'closing', 'closed'. */
  get readyState(): string {
    const state = this.#channel?.readyState ?? 'unused';
    return STATES[state as number] ?? (state as string);
  }

  // The connection

  /** Empties both queues and forgets the channel, which tells nothing any more. */
  init(): void {
    if (this.#channel) Object.assign(this.#channel, { onopen: null, onmessage: null, onclose: null, onerror: null });
    this.#channel = null;
    this.#clear();
  }

  /** Connects; offers binary and base64 unless told otherwise. */
  open(uri: string | URL, protocols?: string | readonly string[]): void {
    const WebSocket = webSocketConstructor(this.#options.WebSocket);
    this.attach(new WebSocket(absoluteUrl(uri), offeredProtocols(protocols)));
  }

  /** Takes a channel that somebody else has made. Where it is open already, no `open` follows. */
  attach(channel: RawChannel): void {
    this.init();
    this.#channel = channel;
    /** The channel connects again: what is queued belongs to a conversation that is over. */
    let lost = false;
    const listeners: Listeners & { binaryType: string } = {
      binaryType: 'arraybuffer',
      onopen: () => {
        if (lost) this.#clear();
        try {
          this.#handlers.open?.();
        } finally {
          this.flush();
        }
      },
      onmessage: ({ data }: MessageFacts) => this.#receive(data),
      onclose: (event: unknown) => {
        lost = true;
        this.#handlers.close?.(event);
      },
      onerror: (event: unknown) => this.#handlers.error?.(event),
    };
    // Not addEventListener: that is more than a raw channel has to have.
    Object.assign(channel, listeners);
  }

  /** Sends Close; what still comes is dropped. */
  close(): void {
    this.#end();
  }

  /** Sets the one handler of an event. */
  on<Name extends keyof WebsockEvents>(event: Name, handler: (event?: WebsockEvents[Name]) => void): void {
    Object.assign(this.#handlers, { [event]: handler });
  }

  /** Takes the handler of an event away. */
  off(event: keyof WebsockEvents): void {
    delete this.#handlers[event];
  }

  // The receive queue

  /** How many bytes can be read. */
  rQlen(): number {
    return this.#rQ.length;
  }

  rQpeek8(): number {
    return this.#number(this.#rQ.peek(1));
  }

  rQpeekBytes(len: number = this.#rQ.length, copy: boolean = true): Uint8Array<ArrayBuffer> {
    const bytes = this.#rQ.peek(len);
    return copy ? bytes.slice() : bytes;
  }

  /** Bytes that stay in the queue, counted from its first unread one, as a copy. */
  rQslice(start: number, end: number = this.#rQ.length): Uint8Array<ArrayBuffer> {
    return this.#rQ.peek(end).slice(start);
  }

  rQskip8(): void {
    this.#rQ.take(1);
  }

  rQskipBytes(len: number): void {
    this.#rQ.take(len);
  }

  rQshift8(): number {
    return this.#number(this.#rQ.take(1));
  }

  /** An unsigned number of two bytes, the high one first. */
  rQshift16(): number {
    return this.#number(this.#rQ.take(2));
  }

  /** An unsigned number of four bytes, the high one first. */
  rQshift32(): number {
    return this.#number(this.#rQ.take(4));
  }

  /** A string with a character for each byte. */
  rQshiftStr(len: number = this.#rQ.length): string {
    return toLatin1(this.#rQ.take(len));
  }

  rQshiftBytes(len: number = this.#rQ.length, copy: boolean = true): Uint8Array<ArrayBuffer> {
    const bytes = this.rQpeekBytes(len, copy);
    this.#rQ.take(len);
    return bytes;
  }

  /** Reads into the beginning of `target`. */
  rQshiftTo(target: Uint8Array, len: number = this.#rQ.length): void {
    target.set(this.#rQ.take(len));
  }

  /** Puts a byte back in front. */
  rQunshift8(num: number): void {
    this.#rQ.prepend(num);
  }

  /**
   * Whether fewer than `num` bytes are there; then the last `goback` read bytes are unread again.
   *
   * @param _what For whom one waits; the ancestors logged it.
   */
  rQwait(_what: string, num: number, goback: number = 0): boolean {
    if (this.#rQ.length >= num) return false;
    this.#rQ.position -= goback;
    return true;
  }

  /** The memory of the queue up to its end: what is unread begins at `rQi`. A view. */
  get rQ(): Uint8Array<ArrayBuffer> {
    return this.#rQ.written;
  }

  get rQi(): number {
    return this.#rQ.position;
  }

  set rQi(value: number) {
    this.#rQ.position = value;
  }

  rQwhole(): Uint8Array<ArrayBuffer> {
    return this.rQ;
  }

  get_rQ(): Uint8Array<ArrayBuffer> {
    return this.rQ;
  }

  get_rQi(): number {
    return this.rQi;
  }

  set_rQi(value: number): void {
    this.rQi = value;
  }

  // The send queue

  sQpush8(num: number): void {
    this.sQpushBytes([num]);
  }

  sQpush16(num: number): void {
    this.sQpushBytes([num >> 8, num]);
  }

  sQpush32(num: number): void {
    this.sQpushBytes([num >> 24, num >> 16, num >> 8, num]);
  }

  /** A byte for each character. */
  sQpushString(str: string): void {
    this.sQpushBytes(fromLatin1(str));
  }

  sQpushBytes(bytes: Octets): void {
    this.#gather(bytes);
    if (this.#sQ.length >= GATHERED) this.flush();
  }

  /** Sends what is gathered. False when it has to wait for `open`, or the channel holds a lot: time to pause. */
  flush(): boolean {
    const channel = this.#channel;
    if (!channel || this.readyState !== 'open') return false;
    const { length } = this.#sQ;
    if (length > 0) this.#post(this.#sQ.take(length));
    return (channel.bufferedAmount ?? 0) < this.maxBufferedAmount;
  }

  /** Gathers and sends; gives what `flush` gives. */
  send(bytes: Octets): boolean {
    this.#gather(bytes);
    return this.flush();
  }

  /** Sends a byte for each character. */
  sendString(str: string): boolean {
    return this.send(fromLatin1(str));
  }

  send_string(str: string): boolean {
    return this.sendString(str);
  }

  /** What is gathered; a view. */
  get sQ(): Uint8Array<ArrayBuffer> {
    return this.#sQ.peek(this.#sQ.length);
  }

  get_sQ(): Uint8Array<ArrayBuffer> {
    return this.sQ;
  }

  #clear(): void {
    this.#rQ.clear();
    this.#sQ.clear();
  }

  #gather(octets: Octets): void {
    const bytes = Array.isArray(octets) ? Uint8Array.from(octets) : toBytes(octets);
    if (this.readyState !== 'open' || this.#sQ.hasRoom(bytes.length)) return this.#sQ.append(bytes);
    // What an open channel takes at once does not have to fit in the queue.
    this.flush();
    for (let at = 0; at < bytes.length; at += PIECE) this.#post(bytes.subarray(at, at + PIECE));
  }

  /** Sends a message; a copy, as the channel may hold it longer than its memory stays the same. */
  #post(bytes: Uint8Array<ArrayBuffer>): void {
    this.#channel?.send(toMessage(bytes.slice(), this.#channel.protocol));
  }

  #receive(data: unknown): void {
    try {
      this.#rQ.append(fromMessage(data, this.#channel?.protocol ?? ''));
    } catch (error) {
      const code = error instanceof RangeError ? OVER_LIMIT : BAD_BASE64;
      this.#end(code, (error as Error).message);
      this.#handlers.error?.(error);
      return;
    }
    if (this.#rQ.length > 0) this.#handlers.message?.();
  }

  #end(code?: number, reason?: string): void {
    if (!this.#channel) return;
    Object.assign(this.#channel, { onmessage: null });
    this.#channel.close(code, reason);
  }

  #number(bytes: Uint8Array): number {
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }
}
