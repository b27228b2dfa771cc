import { Abort } from '../abort.ts';
import type { SessionHandler } from '../bridge-session.ts';
import type { MessageClient, MessageConnection } from '../bridge/message-connection.ts';
import type { EndReason } from '../bridge/relay.ts';
import { BridgeError, messageOf } from '../errors.ts';
import type { SessionEnd } from '../observe/events.ts';
import type { DialContext } from './target.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import { HandlerSession } from './handler-session.ts';
import { MessageInbox } from './message-inbox.ts';
import { MessageIterator } from './message-iterator.ts';
import { MessageStream, type StreamSession } from './message-stream.ts';

const SENT: Promise<void> = Promise.resolve();

/** One run of a handler: what stands between it and the relay of its session. */
export class HandlerConnection implements MessageConnection, StreamSession {
  readonly kind = 'message';
  readonly closed: Promise<SessionEnd>;
  #tellClosed!: (end: SessionEnd) => void;
  readonly #context: DialContext;
  readonly #handler: SessionHandler;
  readonly #warn: (message: string) => void;
  readonly #inbox = new MessageInbox();
  readonly #abort = new Abort();
  #client: MessageClient | null = null;
  #reader: MessageIterator | MessageStream | null = null;
  /** The handler gave a promise that is not settled yet. */
  #running = false;
  /** Nothing can be sent any more: the handler has closed the session, or it has ended. */
  #over = false;
  #ended = false;
  /** What all sends wait for while too much is queued. */
  #drain: { readonly promise: Promise<void>; settle(error?: BridgeError): void } | null = null;

  /** `warn` gets what a handler throws when its session has ended already. */
  constructor(context: DialContext, handler: SessionHandler, warn: (message: string) => void) {
    this.#context = context;
    this.#handler = handler;
    this.#warn = warn;
    this.#inbox.onTaken = () => this.#onTaken();
    this.closed = new Promise((resolve) => (this.#tellClosed = resolve));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  // For the relay

  get reads(): 'messages' | 'stream' | null {
    if (this.#reader === null) return null;
    return this.#reader instanceof MessageStream ? 'stream' : 'messages';
  }

  get queuedBytes(): number {
    return this.#inbox.queuedBytes;
  }

  get busy(): boolean {
    if (this.#running) return true;
    if (this.#reader instanceof MessageStream) return this.#reader.busy;
    return this.#reader !== null && !this.#inbox.isEmpty;
  }

  start(client: MessageClient): void {
    this.#client = client;
    const { session, handshake } = this.#context;
    try {
      const given = this.#handler(new HandlerSession(session, handshake, this));
      if (!isThenable(given)) return;
      this.#running = true;
      given.then(
        () => this.#onReturn(),
        (error: unknown) => this.#onThrow(error),
      );
    } catch (error) {
      this.#onThrow(error);
    }
  }

  onMessage(data: Buffer, opcode: DataOpcode): void {
    this.#inbox.push(data, opcode);
  }

  onDrain(): void {
    this.#drain?.settle();
    this.#drain = null;
  }

  end(reason: EndReason): void {
    if (this.#ended) return;
    this.#ended = this.#over = true;
    this.#inbox.end();
    const error = this.#sessionEnded(reason);
    this.#drain?.settle(error);
    this.#drain = null;
    this.#tellClosed({ ...reason, duration: Date.now() - this.#context.session.startedAt });
    this.#abort.abort(error);
  }

  close(): void {
    this.#inbox.end();
    this.#inbox.clear();
    if (this.#reader instanceof MessageStream) this.#reader.destroy();
  }

  // For the handler's view of the session

  get queued(): number {
    return this.#client?.queued ?? 0;
  }

  /** The reader of whole messages; throws when the session is read as a stream. */
  messages(): MessageIterator {
    return this.#readBy(MessageIterator, () => new MessageIterator(this.#inbox));
  }

  /** The session as a stream; throws when it is read by messages. */
  stream(): MessageStream {
    return this.#readBy(MessageStream, () => new MessageStream(this.#inbox, this));
  }

  send(data: Buffer, opcode: DataOpcode = OPCODE.binary): Promise<void> {
    if (!this.#over && this.#client) {
      if (this.#client.send(opcode, data)) return SENT;
      // The send itself may have ended the session, of a client that is too slow.
      if (!this.#over) return (this.#drain ??= pending()).promise;
    }
    const refused = pending();
    refused.settle(this.#sessionEnded());
    return refused.promise;
  }

  /** Ends the session behind what was sent; the first call counts. */
  finish(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#inbox.end();
    this.#inbox.clear();
    this.#client?.finish(code, reason);
  }

  onStreamEnd(): void {
    this.finish(1000, '');
  }

  onStreamClosed(error: Error | null): void {
    if (!this.#over) this.#onThrow(error ?? new Error('its stream was destroyed before its end'));
    else this.#settle();
  }

  #readBy<Reader extends MessageIterator | MessageStream>(
    kind: abstract new (...args: never[]) => Reader,
    make: () => Reader,
  ): Reader {
    if (this.#reader instanceof kind) return this.#reader;
    if (this.#reader !== null) throw new Error(`the session is read by its ${this.reads} already`);
    const reader = make();
    this.#reader = reader;
    this.#client?.taken();
    return reader;
  }

  #onTaken(): void {
    this.#client?.taken();
    if (this.#inbox.isEmpty) this.#settle();
  }

  #onReturn(): void {
    this.#running = false;
    this.finish(1000, '');
    this.#settle();
  }

  #onThrow(error: unknown): void {
    this.#running = false;
    if (!this.#over) {
      this.#client?.fail(handlerFailed(error));
      return;
    }
    if (!this.#isOfTheEnd(error)) {
      this.#warn(`the handler of session ${this.#context.session.id} failed after its end: ${messageOf(error)}`);
    }
    this.#settle();
  }

  /** Whether a handler throws this because its session has ended: a send that came too late, or what its signal aborted. */
  #isOfTheEnd(error: unknown): boolean {
    if (error instanceof BridgeError && error.code === 'SESSION_ENDED') return true;
    const { cause, code } = (error ?? {}) as { readonly cause?: unknown; readonly code?: unknown };
    return (cause !== undefined && cause === this.#abort.reason) || code === 'ERR_STREAM_PREMATURE_CLOSE';
  }

  #settle(): void {
    if (this.#ended && !this.busy) this.#client?.settle();
  }

  #sessionEnded(reason?: EndReason): BridgeError {
    const cause = reason?.error ?? undefined;
    return new BridgeError('SESSION_ENDED', { detail: `session ${this.#context.session.id}`, cause });
  }
}

/** A promise that may be rejected without anybody listening. */
function pending(): { readonly promise: Promise<void>; settle(error?: BridgeError): void } {
  let settle!: (error?: BridgeError) => void;
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve());
  });
  promise.catch(() => {});
  return { promise, settle };
}

/** What a handler throws, in the table's terms. The end of another session says nothing about this one. */
function handlerFailed(error: unknown): BridgeError {
  if (error instanceof BridgeError && error.code !== 'SESSION_ENDED') return error;
  return new BridgeError('HANDLER_FAILED', { detail: messageOf(error), cause: error });
}

function isThenable(given: unknown): given is PromiseLike<unknown> {
  return typeof (given as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
