import { asBridgeError, BridgeError } from '../errors.ts';
import type { Framing } from '../framing/framing.ts';
import type { DatagramConnection } from '../stream/datagram.ts';
import type { ClientConnection } from '../websocket/connection.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import { MessageBuffer } from '../stream/message-buffer.ts';
import { BaseRelay, type RelayContext } from './base-relay.ts';
import { targetError } from './relay.ts';

/** Relays between a WebSocket and a datagram socket: one message is one datagram, both ways. */
export class DatagramRelay extends BaseRelay {
  readonly #target: DatagramConnection;
  #closed = false;
  /** Runs while the target is given time to take what is queued for it. */
  #finishing: NodeJS.Timeout | null = null;
  /** A message that is not complete yet; the parser keeps it within the greatest datagram. */
  readonly #message = new MessageBuffer();

  constructor(target: DatagramConnection, context: RelayContext) {
    super(context);
    this.#target = target;
  }

  get queued(): number {
    return this.#target.queuedBytes + (this.connection?.writer.queued ?? 0);
  }

  start(connection: ClientConnection): void {
    this.attach(connection, this.#target);
    this.#target.onDrain = () => {
      if (this.#finishing) this.destroyTarget();
      else this.clientGate.goOn();
    };
    this.#target.start({
      onMessage: (data) => this.#toClient(data),
      onError: (error) => {
        if (!this.#closed) this.observer.onTargetError(targetError(this.label, error));
        this.destroyTarget();
      },
    });
    const { maxMessage } = this.config;
    const { maxDatagram } = this.#target;
    // Put into base64 a message is a third longer than its datagram, which is measured again.
    const most = this.framing ? Math.ceil(maxDatagram / 3) * 4 : maxDatagram;
    connection.start(this, maxMessage > 0 ? Math.min(maxMessage, most) : most);
  }

  finishTarget(abrupt: boolean): void {
    if (this.#closed) return;
    // A datagram socket has no end to wait for: what has left this process is on its way.
    if (abrupt || this.#target.queuedBytes === 0) this.destroyTarget();
    else this.#finishing ??= setTimeout(() => this.destroyTarget(), this.config.linger);
    this.clientGate.free();
  }

  destroyTarget(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#finishing) clearTimeout(this.#finishing);
    this.#message.take();
    this.framing?.dispose();
    this.targetGate.free();
    this.#target.close();
    this.clientGate.free();
    this.observer.onTargetClosed();
  }

  onData(buffer: Buffer, start: number, end: number, opcode: DataOpcode, last: boolean): void {
    if (this.#closed || this.#finishing) return;
    if (!last || this.#message.length > 0) this.#message.append(buffer, start, end);
    if (!last) return;
    const whole = this.#message.length > 0 ? this.#message.take() : buffer.subarray(start, end);
    const message = this.framing ? this.#unframe(this.framing, whole, opcode) : whole;
    if (message === null) return;
    this.bytesIn += message.length;
    if (this.tap) this.tap('client', message);
    this.#target.send(message);
  }

  /** The datagram that a message means; null for one without meaning or too large, which ends the session. */
  #unframe({ unframer }: Framing, message: Buffer, opcode: DataOpcode): Buffer | null {
    try {
      const datagram = unframer.push(message, opcode, true);
      if (datagram.length > this.#target.maxDatagram) throw new BridgeError('TARGET_DATAGRAM_TOO_LARGE');
      return datagram;
    } catch (error) {
      this.observer.onClientError(asBridgeError(error));
      return null;
    }
  }

  onChunk(_mayKeep: boolean): boolean {
    this.signsOfLife++;
    if (!this.#finishing && this.#target.queuedBytes > this.config.highWaterMark) this.clientGate.wait();
    return false;
  }

  override onError(error: BridgeError): void {
    const tooLarge = error.code === 'WS_MESSAGE_TOO_LARGE';
    this.observer.onClientError(tooLarge ? new BridgeError('TARGET_DATAGRAM_TOO_LARGE', { cause: error }) : error);
  }

  #toClient(data: Buffer): void {
    const connection = this.connection;
    if (this.#closed || this.#finishing || connection === null) return;
    this.bytesOut += data.length;
    if (this.tap) this.tap('target', data);
    const frames = this.framing?.framer.push(data) ?? [{ opcode: OPCODE.binary, data }];
    for (const frame of frames) connection.send(frame.opcode, frame.data, 0, frame.data.length, 0, true);
    if (connection.writer.congested(this.config.highWaterMark)) this.targetGate.wait();
  }
}
