import type { BridgeError } from '../errors.ts';
import { HEADROOM, type ByteReader, type ByteSink } from '../stream/byte-reader.ts';
import type { ByteWriter } from '../stream/byte-writer.ts';
import { MessageBuffer } from '../stream/message-buffer.ts';
import { encodeClose } from './close-codes.ts';
import { OPCODE, type DataOpcode } from './opcode.ts';
import { Parser, type FrameHandler } from './parser.ts';
import { Scout } from './scout.ts';
import { frame, headerSize, writeHeader } from './writer.ts';

/** A payload up to this size is copied behind its header when there is no room in front of it. */
const COPY_LIMIT = 4096;

/** As much is read ahead while nobody takes data yet, about, in bytes. */
const EARLY_LIMIT = 64 * 1024;

const OPCODE_BITS = 0x0f;

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

/**
 * The server side of one WebSocket (RFC 6455) on any byte stream.
 *
 * It decides nothing: closing, deadlines and backpressure are up to its owner. Until `start`, what the client sends
 * waits: a little here, the rest in the kernel.
 */
export class Connection implements ByteSink, FrameHandler {
  readonly writer: ByteWriter;
  readonly #reader: ByteReader;
  /** Pongs stop waiting for each other above this many queued bytes. */
  readonly #highWaterMark: number;
  #parser: Parser | null = null;
  #handler: ConnectionHandler | null = null;
  /** What came together with the handshake, until `start`. */
  #head: Buffer | null;
  /** What came between the handshake and `start`. */
  readonly #early = new MessageBuffer();
  #ended = false;
  /** The peer's error has been told. */
  #failed = false;
  #closeSent = false;
  /** The latest ping that was not answered yet (RFC 6455 §5.5.3 lets older ones go unanswered). */
  #ping: Buffer | null = null;
  /** A Close frame of the current chunk, told only after the data in front of it has been handed over. */
  #peerClose: { readonly code: number; readonly reason: string } | null = null;

  /** `head` holds bytes that came together with the handshake. */
  constructor(reader: ByteReader, writer: ByteWriter, head: Buffer, highWaterMark: number) {
    this.#reader = reader;
    this.writer = writer;
    this.#highWaterMark = highWaterMark;
    this.#head = head.length > 0 ? Buffer.from(head) : null;
  }

  /** Whether a Close frame has been sent. */
  get closeSent(): boolean {
    return this.#closeSent;
  }

  /** Whether a Close frame has come. */
  get closeReceived(): boolean {
    return this.#parser?.closed ?? false;
  }

  /**
   * Watches the client while nobody takes its data yet, so that one that leaves is noticed. A client that has sent data
   * and then left in an orderly way still wants it delivered: that end is told behind the data, at the start.
   */
  watch(observer: Pick<ConnectionHandler, 'onClose' | 'onPeerEnd'>): void {
    let scout: Scout | null = null;
    let sawData = false;
    const take = (bytes: Buffer): void => {
      if (this.#early.length >= EARLY_LIMIT) this.#reader.pause();
      // Most clients begin with data. Only what begins with a control frame needs a closer look.
      sawData ||= scout === null && (bytes[0]! & OPCODE_BITS) < OPCODE.close;
      if (sawData) return;
      scout ??= new Scout();
      scout.look(bytes);
      sawData = scout.sawData;
      if (scout.close && !sawData) observer.onClose(scout.close.code, scout.close.reason);
    };
    this.#reader.start({
      onBytes: (buffer, start, end) => {
        this.#early.append(buffer, start, end);
        take(buffer.subarray(start, end));
        return false;
      },
      onEnd: () => {
        this.#ended = true;
        if (!sawData) observer.onPeerEnd();
      },
    });
    if (this.#head) take(this.#head);
  }

  /** Begins delivery. `maxMessage` is the greatest message in bytes, 0 for no limit. */
  start(handler: ConnectionHandler, maxMessage: number): void {
    this.#handler = handler;
    this.#parser = new Parser(this, { maxMessage });
    const head = this.#head;
    this.#head = null;
    const early = this.#early.take();
    this.#reader.start(this);
    if (head) this.onBytes(head, 0, head.length, 0, true);
    if (early.length > 0) this.onBytes(early, 0, early.length, 0, true);
    if (this.#ended) handler.onPeerEnd();
  }

  pause(): void {
    this.#reader.pause();
  }

  resume(): void {
    this.#reader.resume();
  }

  /** Gives back memory that a quiet connection does not need. */
  relax(): void {
    this.#reader.relax();
  }

  /** Sends buffer[start, end) as one message. `headroom` and `mayKeep` as in ByteSink.onBytes, and so the result. */
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

  ping(): void {
    if (!this.#closeSent) this.#sendControl(OPCODE.ping, Buffer.alloc(0));
  }

  /** Sends a Close frame behind everything that is queued, once. Code 1005 sends an empty one (RFC 6455 §7.1.5). */
  sendClose(code: number, reason: string): void {
    if (this.#closeSent) return;
    this.#answerPing();
    this.#sendControl(OPCODE.close, code === 1005 ? Buffer.alloc(0) : encodeClose(code, reason));
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
    this.#ended = true;
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
