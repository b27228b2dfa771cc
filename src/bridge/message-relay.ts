import { asBridgeError, BridgeError } from '../errors.ts';
import type { Framing } from '../framing/framing.ts';
import { MessageBuffer } from '../stream/message-buffer.ts';
import type { ClientConnection } from '../websocket/connection.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import type { MessageClient, MessageConnection } from './message-connection.ts';
import { BaseRelay, type RelayContext } from './base-relay.ts';
import { ABRUPT_LINGER } from './relay.ts';
import type { Message } from '../websocket/message.ts';

/** A target that sends without waiting may have this many high-water marks queued for a client; then the client is dropped. */
const MOST_MARKS = 16;

/** What a message that waits costs besides its bytes, about. */
const MESSAGE_COST = 256;

/** The greatest message, where the config has no limit or a higher one: no string can be longer. */
const GREATEST_MESSAGE = 512 * 1024 * 1024 - 64;

/** Relays between a WebSocket and code that takes messages: whole ones of the kind that the client sent, or a stream. */
export class MessageRelay extends BaseRelay implements MessageClient {
  readonly #target: MessageConnection;
  readonly #maxMessage: number;
  /** Nothing from the client reaches the target any more. */
  #discarding = false;
  #finishing: 'orderly' | 'abruptly' | null = null;
  #closed = false;
  /** Runs while the target is given time for what it has been given. */
  #linger: NodeJS.Timeout | null = null;
  /** Bytes that the target has sent although somebody who watches holds both sides, such as a recording on a slow disk. */
  #unheeded = 0;
  /** A message that is not complete yet. */
  readonly #message = new MessageBuffer();

  constructor(target: MessageConnection, context: RelayContext) {
    super(context);
    this.#target = target;
    this.#maxMessage = Math.min(context.config.maxMessage || GREATEST_MESSAGE, GREATEST_MESSAGE);
  }

  get queued(): number {
    return this.connection?.writer.queued ?? 0;
  }

  start(connection: ClientConnection): void {
    this.attach(connection, { pause() {}, resume: () => this.#target.onDrain() });
    // First, so that it is at work when a client that came and went at once is told of its end.
    if (!this.#closed) this.#target.start(this);
    // The limit is kept here: it is not for targets that read a stream.
    connection.start(this, 0);
  }

  override release(): void {
    this.#unheeded = 0;
    super.release();
  }

  finishTarget(abrupt: boolean): void {
    if (this.#closed || this.#finishing === 'abruptly' || (this.#finishing && !abrupt)) return;
    this.#finishing = abrupt ? 'abruptly' : 'orderly';
    this.#discard();
    this.#endTarget();
    if (!this.#target.busy) return this.destroyTarget();
    if (this.#linger) clearTimeout(this.#linger);
    const { linger } = this.config;
    this.#linger = setTimeout(() => this.destroyTarget(), abrupt ? Math.min(linger, ABRUPT_LINGER) : linger);
  }

  destroyTarget(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#linger) clearTimeout(this.#linger);
    this.#discard();
    this.#endTarget();
    this.#target.close();
    this.framing?.dispose();
    this.observer.onTargetClosed();
  }

  #endTarget(): void {
    this.#target.end(this.observer.end ?? { code: 1006, reason: '', by: 'bridge', error: null });
  }

  // From the client to the target.

  onData(buffer: Buffer, start: number, end: number, opcode: DataOpcode, last: boolean): void {
    if (this.#discarding) return;
    const slice = buffer.subarray(start, end);
    if (this.framing) this.#unframe(this.framing, slice, opcode, last);
    else this.#take(slice, opcode, last);
  }

  /** Takes a slice of a message that a framing has put into text: what it means is bytes. */
  #unframe({ unframer }: Framing, slice: Buffer, opcode: DataOpcode, last: boolean): void {
    try {
      this.#take(unframer.push(slice, opcode, last), OPCODE.binary, last);
    } catch (error) {
      this.#refuse(asBridgeError(error));
    }
  }

  #take(slice: Buffer, opcode: DataOpcode, last: boolean): void {
    if (this.#target.reads === 'stream') {
      if (slice.length > 0) this.#deliver(Buffer.from(slice), opcode);
      return;
    }
    const length = this.#message.length + slice.length;
    if (length > this.#maxMessage) {
      const detail = `${length} bytes or more, limit ${this.#maxMessage}`;
      return this.#refuse(new BridgeError('WS_MESSAGE_TOO_LARGE', { detail }));
    }
    if (last && this.#message.length === 0) return this.#deliver(Buffer.from(slice), opcode);
    this.#message.append(slice, 0, slice.length);
    if (last) this.#deliver(this.#message.take(), opcode);
  }

  #deliver(data: Buffer, opcode: DataOpcode): void {
    this.bytesIn += data.length;
    if (this.tap) this.tap('client', data);
    this.#target.onMessage(data, opcode);
  }

  /** Ends the session for what the client sent. */
  #refuse(error: BridgeError): void {
    this.#discard();
    this.observer.onClientError(error);
  }

  onChunk(_mayKeep: boolean): boolean {
    this.signsOfLife++;
    if (!this.#discarding && this.#waiting > this.config.highWaterMark) this.clientGate.wait();
    return false;
  }

  /** What waits for the target. A message in the making counts only where nobody waits for it to become whole. */
  get #waiting(): number {
    const { reads, queuedBytes } = this.#target;
    return queuedBytes + (reads === 'messages' ? 0 : this.#message.length);
  }

  /** Ignores what the client still sends; its Close message has to be read. */
  #discard(): void {
    this.#discarding = true;
    this.#message.take();
    this.clientGate.free();
  }

  // From the target to the client.

  send(opcode: DataOpcode, data: Buffer): boolean {
    const connection = this.connection;
    if (connection === null || this.#finishing || this.#closed) return false;
    const { highWaterMark } = this.config;
    if (this.targetGate.held) this.#unheeded += data.length + MESSAGE_COST;
    if (connection.writer.congested(MOST_MARKS * highWaterMark) || this.#unheeded > MOST_MARKS * highWaterMark) {
      this.#refuse(
        new BridgeError('CLIENT_TOO_SLOW', { detail: `${this.label}: ${this.queued + this.#unheeded} bytes wait` }),
      );
      return false;
    }
    this.bytesOut += data.length;
    if (this.tap) this.tap('target', data);
    const messages: readonly Message[] = this.framing?.framer.push(data) ?? [{ opcode, data }];
    for (const message of messages) connection.send(message.opcode, message.data, 0, message.data.length, 0, true);
    if (connection.writer.congested(highWaterMark)) this.targetGate.wait();
    return !this.targetGate.shut;
  }

  taken(): void {
    if (this.#target.reads === 'stream' && this.#message.length > 0) {
      this.#deliver(this.#message.take(), OPCODE.binary);
    }
    if (this.#waiting <= this.config.highWaterMark / 2) this.clientGate.goOn();
  }

  finish(code: number, reason: string): void {
    this.#discard();
    this.observer.onTargetEnd(code, reason);
  }

  fail(error: BridgeError): void {
    this.observer.onTargetError(error);
    this.destroyTarget();
  }

  settle(): void {
    if (this.#finishing) this.destroyTarget();
  }
}
