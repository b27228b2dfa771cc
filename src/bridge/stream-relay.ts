import type { Duplex } from 'node:stream';
import { asBridgeError, BridgeError } from '../errors.ts';
import type { Framing } from '../framing/framing.ts';
import type { ByteReader, ByteSink } from '../stream/byte-reader.ts';
import { ByteWriter } from '../stream/byte-writer.ts';
import { finishStream } from '../stream/finish-stream.ts';
import { isPlainSocket, isSocket } from '../stream/socket-reader.ts';
import type { ClientConnection } from '../websocket/connection.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import { BaseRelay, type RelayContext } from './base-relay.ts';
import { Moderation, REST } from './moderation.ts';
import { Pieces } from './pieces.ts';
import { ABRUPT_LINGER, stallTime, targetError } from './relay.ts';
import { sendMessages } from './send-messages.ts';

/** Relays between a WebSocket and a byte stream: payloads become the stream, and each read becomes one binary message. */
export class StreamRelay extends BaseRelay implements ByteSink {
  readonly #duplex: Duplex;
  readonly #reader: ByteReader;
  readonly #writer: ByteWriter;
  /** What the messages of the current chunk mean to the target, where there is a framing. */
  readonly #unframed: Pieces | null;
  /** null where bytes do not gather while they are not read. */
  readonly #moderation: Moderation | null;
  #targetEnded = false;
  /** The framer has given what it held. */
  #flushed = false;
  /** What the target still sends goes nowhere, because the client will not read it. */
  #discarding = false;
  /** As StreamConnection.keepAlive, until the socket has been told; 0 = nothing to tell. */
  #keepAlive: number;
  #finishing: 'orderly' | 'abruptly' | null = null;
  /** The payload of the current chunk as far as it was handed over: one write serves all frames of a chunk. */
  #chunk: Buffer | null = null;
  #chunkStart = 0;
  #chunkEnd = 0;

  constructor(
    target: {
      readonly duplex: Duplex;
      readonly reader: ByteReader;
      readonly keepAlive?: number;
    },
    context: RelayContext,
  ) {
    super(context);
    this.#unframed = context.framing ? new Pieces() : null;
    this.#duplex = target.duplex;
    this.#reader = target.reader;
    this.#writer = new ByteWriter(target.duplex, isSocket(target.duplex));
    this.#moderation = isPlainSocket(target.duplex) ? new Moderation() : null;
    this.#keepAlive = target.keepAlive ?? 0;
  }

  get queued(): number {
    const { framer, unframer } = this.framing ?? {};
    const held = (framer?.held ?? 0) + (unframer?.held ?? 0);
    return this.#writer.queued + (this.connection?.writer.queued ?? 0) + held;
  }

  start(connection: ClientConnection): void {
    this.attach(connection, this.#reader);
    this.#writer.onDrain = () => this.clientGate.goOn();
    this.#duplex.on('error', (error) => {
      this.#flush();
      this.observer.onTargetError(targetError(this.label, error));
    });
    this.#duplex.on('close', () => this.#onTargetClosed());
    if (this.#duplex.destroyed) this.#onTargetClosed();
    else this.#reader.start(this);
    // A message may be of any length: its bytes are passed on as they come.
    connection.start(this, 0);
  }

  override relax(): void {
    super.relax();
    this.#reader.relax();
    if (this.#keepAlive > 0 && isSocket(this.#duplex)) this.#duplex.setKeepAlive(true, this.#keepAlive);
    this.#keepAlive = 0;
  }

  finishTarget(abrupt: boolean): void {
    if (this.#finishing === 'abruptly' || (this.#finishing && !abrupt)) return;
    this.#finishing = abrupt ? 'abruptly' : 'orderly';
    this.#discard();
    const { linger, closeTimeout } = this.config;
    finishStream(
      this.#duplex,
      abrupt
        ? { stall: Math.min(closeTimeout, ABRUPT_LINGER), linger: Math.min(linger, ABRUPT_LINGER) }
        : { stall: stallTime(this.config), linger },
    );
  }

  destroyTarget(): void {
    this.#discard();
    this.#duplex.destroy();
  }

  /** What either side still sends goes nowhere, and nothing keeps it from being read: a Close frame may be among it. */
  #discard(): void {
    this.#discarding = true;
    this.targetGate.free();
    this.clientGate.free();
  }

  // From the client to the target.

  onData(buffer: Buffer, start: number, end: number, opcode: DataOpcode, last: boolean): void {
    if (this.framing) {
      this.#unframe(this.framing, buffer.subarray(start, end), opcode, last);
      return;
    }
    if (this.#chunk === null) {
      this.#chunk = buffer;
      this.#chunkStart = start;
    }
    this.#chunkEnd = end;
  }

  onChunk(mayKeep: boolean): boolean {
    this.signsOfLife++;
    if (this.framing) return this.#writeUnframed(mayKeep);
    const chunk = this.#chunk;
    this.#chunk = null;
    if (chunk === null || this.#chunkEnd === this.#chunkStart) return false;
    return this.#toTarget(chunk, this.#chunkStart, this.#chunkEnd, mayKeep);
  }

  #toTarget(buffer: Buffer, start: number, end: number, mayKeep: boolean): boolean {
    if (this.#discarding) return false;
    this.bytesIn += end - start;
    this.#moderation?.reset();
    if (this.tap) this.tap('client', buffer.subarray(start, end));
    const kept = this.#writer.write(buffer, start, end, mayKeep);
    if (this.#writer.congested(this.config.highWaterMark)) this.clientGate.wait();
    return kept;
  }

  /** Takes what a slice of a message means. A message without meaning ends the session, behind those before it. */
  #unframe({ unframer }: Framing, slice: Buffer, opcode: DataOpcode, last: boolean): void {
    if (this.#discarding) return;
    try {
      this.#unframed?.add(unframer.push(slice, opcode, last), slice);
    } catch (error) {
      this.#writeUnframed(false);
      this.#discard();
      this.observer.onClientError(asBridgeError(error, 'FRAMING_FAILED'));
    }
  }

  /** Writes what the messages of a chunk meant. */
  #writeUnframed(mayKeep: boolean): boolean {
    const unframed = this.#unframed?.take();
    if (!unframed) return false;
    const { bytes, borrowed } = unframed;
    const kept = this.#toTarget(bytes, 0, bytes.length, mayKeep || !borrowed);
    return borrowed && kept;
  }

  // From the target to the client.

  onBytes(buffer: Buffer, start: number, end: number, headroom: number, mayKeep: boolean): boolean {
    const connection = this.connection;
    if (this.#discarding || connection === null) return false;
    this.bytesOut += end - start;
    if (this.tap) this.tap('target', buffer.subarray(start, end));
    const framer = this.framing?.framer;
    const kept = framer
      ? sendMessages(connection, framer.push(buffer.subarray(start, end)), { buffer, start, headroom, mayKeep })
      : connection.send(OPCODE.binary, buffer, start, end, headroom, mayKeep);
    if (framer?.error) {
      this.observer.onTargetError(framer.error);
      return kept;
    }
    if (connection.writer.congested(this.config.highWaterMark)) this.targetGate.wait();
    if (this.#moderation?.isTooFast(end - start, steadyNow)) this.targetGate.rest(REST);
    return kept;
  }

  onEnd(): void {
    this.#targetEnded = true;
    if (this.#discarding) return;
    this.#flush();
    const error = this.framing?.framer.error;
    if (error) this.observer.onTargetError(error);
    else this.observer.onTargetEnd();
  }

  /** Nothing more comes from the target: what the framer still holds of it goes to the client. */
  #flush(): void {
    const framer = this.framing?.framer;
    if (!framer || framer.error || this.#flushed || this.#discarding || !this.connection) return;
    this.#flushed = true;
    sendMessages(this.connection, framer.end(), null);
  }

  #onTargetClosed(): void {
    if (!this.#targetEnded && !this.#discarding) {
      this.#flush();
      this.observer.onTargetError(new BridgeError('TARGET_RESET', { detail: `${this.label}: closed without an end` }));
    }
    this.framing?.dispose();
    this.#discard();
    this.observer.onTargetClosed();
  }
}

/** The time in ms on a steady clock. */
function steadyNow(): number {
  return performance.now();
}
