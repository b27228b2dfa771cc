import type { Duplex } from 'node:stream';
import type { BridgeSession } from '../bridge-session.ts';
import type { Stage } from '../errors.ts';
import type { ClientAddress, Handshake } from '../handshake.ts';
import type { SessionEnd, SessionView } from '../observe/events.ts';
import { isValidWireCode } from '../websocket/close-codes.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';

/** A code that only clients send: that an extension is missing (RFC 6455 §7.4.1). */
const MANDATORY_EXTENSION = 1010;

/** What a session needs of the connection behind it. */
interface Connection {
  readonly queued: number;
  readonly signal: AbortSignal;
  readonly closed: Promise<SessionEnd>;
  messages(): AsyncIterableIterator<string | Buffer, undefined>;
  stream(): Duplex;
  send(data: Buffer, opcode: DataOpcode): Promise<void>;
  finish(code: number, reason: string): void;
}

/** What a handler gets: its session, with nothing of the machinery behind it. */
export class HandlerSession implements BridgeSession {
  readonly id: number;
  readonly listener: string;
  readonly route: string;
  readonly target: string;
  readonly client: ClientAddress;
  readonly path: string;
  readonly subprotocol: string;
  readonly secure: boolean;
  readonly user: string;
  readonly startedAt: number;
  readonly handshake: Handshake;
  readonly #view: SessionView;
  readonly #connection: Connection;

  constructor(view: SessionView, handshake: Handshake, connection: Connection) {
    this.id = view.id;
    this.listener = view.listener;
    this.route = view.route;
    this.target = view.target;
    this.client = view.client;
    this.path = view.path;
    this.subprotocol = view.subprotocol;
    this.secure = view.secure;
    this.user = view.user;
    this.startedAt = view.startedAt;
    this.handshake = handshake;
    this.#view = view;
    this.#connection = connection;
  }

  get stage(): Stage {
    return this.#view.stage;
  }

  get bytesIn(): number {
    return this.#view.bytesIn;
  }

  get bytesOut(): number {
    return this.#view.bytesOut;
  }

  get messages(): AsyncIterableIterator<string | Buffer, undefined> {
    return this.#connection.messages();
  }

  get stream(): Duplex {
    return this.#connection.stream();
  }

  get queued(): number {
    return this.#connection.queued;
  }

  get signal(): AbortSignal {
    return this.#connection.signal;
  }

  get closed(): Promise<SessionEnd> {
    return this.#connection.closed;
  }

  send(message: string | Uint8Array): Promise<void> {
    if (typeof message === 'string') return this.#connection.send(Buffer.from(message), OPCODE.text);
    if (!(message instanceof Uint8Array))
      throw new TypeError(`a message is a string or a Uint8Array, not ${message === null ? 'null' : typeof message}`);
    const { buffer, byteOffset, byteLength } = message;
    return this.#connection.send(Buffer.from(buffer, byteOffset, byteLength), OPCODE.binary);
  }

  close(code: number = 1000, reason: string = ''): Promise<SessionEnd> {
    if (!isValidWireCode(code) || code === MANDATORY_EXTENSION)
      throw new RangeError(`a server may not send the close code ${code}: give 1000, or one from 3000 to 4999`);
    this.#connection.finish(code, reason);
    return this.closed;
  }
}
