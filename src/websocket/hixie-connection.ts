import type { ByteReader } from '../stream/byte-reader.ts';
import type { ByteWriter } from '../stream/byte-writer.ts';
import { BaseConnection } from './base-connection.ts';
import type { ClientConnection, ConnectionHandler } from './connection.ts';
import type { Message } from './message.ts';
import type { EarlyObserver, EarlyScout } from './early-input.ts';
import { HixieParser, type HixieHandler } from './hixie-parser.ts';
import type { DataOpcode } from './opcode.ts';

/** The drafts of draft-hixie-thewebsocketprotocol that were in use. */
export type HixieDraft = 75 | 76;

/** The drafts know no close codes; this one of RFC 6455 §7.4.1 says so. */
const NO_CODE = 1005;

/**
 * The server side of one connection by draft-hixie-thewebsocketprotocol-75 or -76 on any byte stream.
 *
 * Every message is text, whatever opcode it is sent with, and must not hold the byte 0xFF: the owner sees to that with
 * base64. There are no pings. Draft 75 has no closing handshake either: there the end of the stream is the orderly end.
 */
export class HixieConnection extends BaseConnection implements ClientConnection, HixieHandler {
  readonly pings: boolean = false;
  readonly #draft: HixieDraft;
  #parser: HixieParser | null = null;
  #handler: ConnectionHandler | null = null;
  #closeSent = false;
  #closeReceived = false;
  /** The closing handshake came in the current chunk; it is told after the data in front of it. */
  #closing = false;
  /** The client's error has been told. */
  #failed = false;

  /** `head` holds bytes that came together with the handshake. */
  constructor(draft: HixieDraft, reader: ByteReader, writer: ByteWriter, head: Buffer) {
    super(reader, writer, head);
    this.#draft = draft;
  }

  get closeReceived(): boolean {
    return this.#closeReceived;
  }

  watch(observer: EarlyObserver): void {
    const onPeerEnd = (): void => (this.#draft === 75 ? observer.onClose(NO_CODE, '') : observer.onPeerEnd());
    const late: EarlyObserver = { onClose: (code, reason) => observer.onClose(code, reason), onPeerEnd };
    // This wire format has nothing to probe a client with.
    this.watchEarly(
      () => new HixieScout(),
      late,
      () => {},
    );
  }

  start(handler: ConnectionHandler, maxMessage: number): void {
    this.#parser = new HixieParser(this, maxMessage);
    this.#handler = handler;
    this.begin();
  }

  /** Sends buffer[start, end) as one text frame. What is sent is a copy, so the memory is never kept. */
  send(_opcode: DataOpcode, buffer: Buffer, start: number, end: number): boolean {
    if (this.#closeSent) return false;
    const frame = Buffer.allocUnsafe(end - start + 2);
    frame[0] = 0x00;
    buffer.copy(frame, 1, start, end);
    frame[frame.length - 1] = 0xff;
    this.writer.write(frame, 0, frame.length, true);
    return false;
  }

  sendMany(messages: readonly Message[]): void {
    for (const { opcode, data } of messages) this.send(opcode, data, 0, data.length);
  }

  ping(): void {}

  probe(): void {
    this.writer.probe();
  }

  /** Begins or answers the closing handshake of draft 76. With draft 75 no answer can come, and none is waited for. */
  sendClose(): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    if (this.#draft === 76) this.writer.write(Buffer.of(0xff, 0x00), 0, 2, true);
    // The owner is in the middle of closing, and may not have started this connection yet.
    else process.nextTick(() => this.#tellClose());
  }

  onDrain(): void {}

  onBytes(buffer: Buffer, start: number, end: number, _headroom: number, mayKeep: boolean): boolean {
    const error = this.#parser?.push(buffer, start, end) ?? null;
    const kept = this.#handler?.onChunk(mayKeep) ?? false;
    if (this.#closing) {
      this.#closing = false;
      this.#tellClose();
    } else if (error && !this.#failed) {
      this.#failed = true;
      this.#handler?.onError(error);
    }
    return kept;
  }

  onEnd(): void {
    if (this.#draft === 75) this.#tellClose();
    else this.#handler?.onPeerEnd();
  }

  onData(buffer: Buffer, start: number, end: number, opcode: DataOpcode, last: boolean): void {
    this.#handler?.onData(buffer, start, end, opcode, last);
  }

  onClose(): void {
    this.#closing = true;
  }

  #tellClose(): void {
    if (this.#closeReceived) return;
    this.#closeReceived = true;
    this.#handler?.onClose(NO_CODE, '');
  }
}

/** Looks through what a client sends while nobody takes it yet: whether there is data, and whether the client has closed. */
class HixieScout implements EarlyScout, HixieHandler {
  sawData = false;
  close: { readonly code: number; readonly reason: string } | null = null;
  readonly #parser = new HixieParser(this);

  look(bytes: Buffer): void {
    this.#parser.push(Buffer.from(bytes), 0, bytes.length);
  }

  onData(): void {
    this.sawData = true;
  }

  onClose(): void {
    this.close = { code: NO_CODE, reason: '' };
  }
}
