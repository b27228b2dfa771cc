import type { BridgeError } from '../errors.ts';
import { HEADROOM, type ByteReader } from '../stream/byte-reader.ts';
import type { ByteWriter } from '../stream/byte-writer.ts';
import { BaseConnection } from './base-connection.ts';
import { encodeClose } from './close-codes.ts';
import type { EarlyObserver } from './early-input.ts';
import type { Message } from './message.ts';
import { OPCODE, type DataOpcode } from './opcode.ts';
import { Parser, type FrameHandler } from './parser.ts';
import { Scout } from './scout.ts';
import { frame, headerSize, writeHeader } from './writer.ts';

/** A payload up to this size is copied behind its header when there is no room in front of it. */
const COPY_LIMIT = 4096;

/** What a connection tells its owner. */
export interface ConnectionHandler {
  /** A slice of a data message, valid during the call. Within one chunk every slice starts where the one before ended. */
  onData(buffer: Buffer, start: number, end: number, opcode: DataOpcode, last: boolean): void;
  /** All slices of a chunk were handed over. Returns whether their memory is still needed, as ByteSink.onBytes does. */
  onChunk(mayKeep: boolean): boolean;
  onPong(): void;
  /** The peer sent a Close frame; 1005 stands for no code. */
  onClose(code: number, reason: string): void;
  /** The peer ended its stream; after a Close frame that is the ordinary end. */
  onPeerEnd(): void;
  /** The peer broke the protocol. Nothing more is delivered. */
  onError(error: BridgeError): void;
}

/** The server side of one client's connection as relays and sessions use it, whichever wire format it speaks. */
export interface ClientConnection {
  readonly writer: ByteWriter;
  /** Whether the wire format has pings. Without, a silent client may well be alive. */
  readonly pings: boolean;
  /** Whether the client has closed as its wire format says. */
  readonly closeReceived: boolean;
  /** Watches the client while nobody takes its data yet, so that one that leaves is noticed. */
  watch(observer: EarlyObserver): void;
  /** Begins delivery. `maxMessage` is the greatest message in bytes, 0 for no limit. */
  start(handler: ConnectionHandler, maxMessage: number): void;
  pause(): void;
  resume(): void;
  /** Gives back memory that a quiet connection does not need. */
  relax(): void;
  /** Sends buffer[start, end) as one message. `headroom` and `mayKeep` as in ByteSink.onBytes, and so the result. */
  send(opcode: DataOpcode, buffer: Buffer, start: number, end: number, headroom: number, mayKeep: boolean): boolean;
  /** Sends short messages, which are copied, with one write for all of them. */
  sendMany(messages: readonly Message[]): void;
  ping(): void;
  /**
   * Looks whether a client that is not read has reset its connection: its stream fails then. Where only a ping can tell,
   * it is sent if it may be.
   */
  probe(mayPing: boolean): void;
  /** Tells the client, once and behind everything that is queued, that this is the end. Code 1005 stands for no code. */
  sendClose(code: number, reason: string): void;
  /** Called by the owner when the writer has drained. */
  onDrain(): void;
}

/**
 * The server side of one WebSocket (RFC 6455) on any byte stream.
 *
 * It decides nothing: closing, deadlines and backpressure are up to its owner. Until `start`, what the client sends
 * waits: a little here, the rest in the kernel.
 */
export class Connection extends BaseConnection implements ClientConnection, FrameHandler {
  readonly pings: boolean = true;
  /** Pongs stop waiting for each other above this many queued bytes. */
  readonly #highWaterMark: number;
  #parser: Parser | null = null;
  #handler: ConnectionHandler | null = null;
  /** The peer's error has been told. */
  #failed = false;
  #closeSent = false;
  /** The latest ping that was not answered yet (RFC 6455 §5.5.3 lets older ones go unanswered). */
  #ping: Buffer | null = null;
  /** A Close frame of the current chunk, told only after the data in front of it has been handed over. */
  #peerClose: { readonly code: number; readonly reason: string } | null = null;

  /** `head` holds bytes that came together with the handshake. */
  constructor(reader: ByteReader, writer: ByteWriter, head: Buffer, highWaterMark: number) {
    super(reader, writer, head);
    this.#highWaterMark = highWaterMark;
  }

  /** Whether a Close frame has been sent. */
  get closeSent(): boolean {
    return this.#closeSent;
  }

  /** Whether a Close frame has come. */
  get closeReceived(): boolean {
    return this.#parser?.closed ?? false;
  }

  watch(observer: EarlyObserver): void {
    this.watchEarly(
      () => new Scout(),
      observer,
      () => this.ping(),
    );
  }

  start(handler: ConnectionHandler, maxMessage: number): void {
    this.#parser = new Parser(this, { maxMessage });
    this.#handler = handler;
    this.begin();
  }

  send(opcode: DataOpcode, buffer: Buffer, start: number, end: number, headroom: number, mayKeep: boolean): boolean {
    if (this.#closeSent) return false;
    const length = end - start;
    const header = headerSize(length);
    if (header <= headroom) {
      writeHeader(buffer, start - header, opcode, length);
      return this.writer.write(buffer, start - header, end, mayKeep);
    }
    const payload = buffer.subarray(start, end);
    if (length <= COPY_LIMIT || !mayKeep) {
      const whole = frame(opcode, payload);
      this.writer.write(whole, 0, whole.length, true);
      return false;
    }
    const head = Buffer.allocUnsafe(HEADROOM);
    const size = writeHeader(head, 0, opcode, length);
    this.writer.writePair(head.subarray(0, size), payload);
    return true;
  }

  sendMany(messages: readonly Message[]): void {
    if (this.#closeSent) return;
    let size = 0;
    for (const { data } of messages) size += headerSize(data.length) + data.length;
    const whole = Buffer.allocUnsafe(size);
    let at = 0;
    for (const { opcode, data } of messages) {
      at += writeHeader(whole, at, opcode, data.length);
      at += data.copy(whole, at);
    }
    this.writer.write(whole, 0, size, true);
  }

  ping(): void {
    if (!this.#closeSent) this.#sendControl(OPCODE.ping, Buffer.alloc(0));
  }

  probe(mayPing: boolean): void {
    if (!this.writer.probe() && mayPing) this.ping();
  }

  /** Sends a Close frame behind everything that is queued, once. Code 1005 sends an empty one (RFC 6455 §7.1.5). */
  sendClose(code: number, reason: string): void {
    if (this.#closeSent) return;
    this.#answerPing();
    this.#sendControl(OPCODE.close, encodeClose(code, reason));
    this.#closeSent = true;
  }

  /** Called by the owner when the writer has drained: answers the ping that waited for it. */
  onDrain(): void {
    this.#answerPing();
  }

  onBytes(buffer: Buffer, start: number, end: number, _headroom: number, mayKeep: boolean): boolean {
    const error = this.#parser?.push(buffer, start, end) ?? null;
    const kept = this.#handler?.onChunk(mayKeep) ?? false;
    if (this.#ping && !this.writer.congested(this.#highWaterMark)) this.#answerPing();
    if (this.#peerClose) {
      const { code, reason } = this.#peerClose;
      this.#peerClose = null;
      this.#handler?.onClose(code, reason);
    } else if (error && !this.#failed) {
      this.#failed = true;
      this.#handler?.onError(error);
    }
    return kept;
  }

  onEnd(): void {
    this.#handler?.onPeerEnd();
  }

  onData(buffer: Buffer, start: number, end: number, opcode: DataOpcode, last: boolean): void {
    this.#handler?.onData(buffer, start, end, opcode, last);
  }

  onPing(payload: Buffer): void {
    this.#ping = payload;
  }

  onPong(): void {
    this.#handler?.onPong();
  }

  onClose(code: number, reason: string): void {
    this.#peerClose = { code, reason };
  }

  #answerPing(): void {
    const payload = this.#ping;
    this.#ping = null;
    if (payload && !this.#closeSent) this.#sendControl(OPCODE.pong, payload);
  }

  #sendControl(opcode: number, payload: Buffer): void {
    const whole = frame(opcode, payload);
    this.writer.write(whole, 0, whole.length, true);
  }
}
