import type { Duplex } from 'node:stream';
import type { Handshake } from './handshake.ts';
import type { SessionEnd, SessionView } from './observe/events.ts';

/**
 * One client as the handler of a library user sees it: the messages, or the byte stream, that it talks over.
 *
 * Take either `messages` or `stream`; the first that is asked for is what the session is read by.
 */
export interface BridgeSession extends SessionView {
  /** What the client asked for: query, headers, cookies, offered subprotocols. */
  readonly handshake: Handshake;

  /**
   * The client's messages, whole and in order: a string for a text message, a Buffer for a binary one. The Buffer is the
   * handler's own.
   *
   * While more than `relay.highWaterMark` bytes wait here, the client is not read. A message that is greater than
   * `relay.maxMessage` (1 MiB for handlers, unless the config says otherwise) ends the session with 1009.
   *
   * Ends, without an error, when the session does and what came before has been taken; `closed` says how it ended.
   * Leaving a loop with `break` ends nothing: a second loop goes on where the first one stopped.
   */
  readonly messages: AsyncIterableIterator<string | Buffer, undefined>;

  /**
   * The session as a stream of bytes, for code that knows no messages: payload of either kind comes in as it arrives,
   * however long the message, and each write goes out as one binary message.
   *
   * Ending it ends the session with 1000. It ends when the client has closed; it never fails for what the client does.
   * An error that it is destroyed with ends the session with 1011.
   */
  readonly stream: Duplex;

  /** Bytes that were sent and that the client has not taken yet. */
  readonly queued: number;

  /** Aborts when the session ends; for what a handler asks others on behalf of its client. */
  readonly signal: AbortSignal;

  /** Resolves, and never rejects, when the session has ended: how and by whom. */
  readonly closed: Promise<SessionEnd>;

  /**
   * Sends one message: a string as text, bytes as binary. The bytes must not be changed afterwards, as with any stream.
   *
   * Resolves when there is room for more: at once, or when no more than `relay.highWaterMark` bytes wait. Rejects with
   * SESSION_ENDED when the session has ended, or ends while it waits; nobody has to listen to that. A handler that does
   * not wait, while 16 times the mark are waiting already, ends the session with 1008 (CLIENT_TOO_SLOW).
   */
  send(message: string | Uint8Array): Promise<void>;

  /**
   * Ends the session behind everything that was sent. Resolves, as `closed` does, when the client has answered or its
   * deadline (`relay.closeTimeout`) has passed. Only the first call counts; what the client still sends is ignored.
   *
   * `code` is 1000, one of 3000 to 4999 for meanings of your own, or another that a server may send (RFC 6455 §7.4.1);
   * anything else is a RangeError. A reason longer than 123 bytes of UTF-8 is cut between two characters.
   */
  close(code?: number, reason?: string): Promise<SessionEnd>;
}

/**
 * Serves one session. One that gives a promise ends the session when that resolves (Close 1000) or rejects (Close 1011);
 * one that gives nothing leaves it open. What it throws ends its own session, with 1011, and no other.
 */
export type SessionHandler = (session: BridgeSession) => unknown;
