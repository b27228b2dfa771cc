import { connect } from '../../browser/connect.ts';
import { ConnectError } from '../../browser/socket-error.ts';
import type { Socket } from '../../browser/socket.ts';
import { describeEnding, describeRefusal, type Ending } from './ending.ts';

/** Where a link stands. 'idle' is before the first connect. */
export type LinkState = 'idle' | 'connecting' | 'open' | 'closing' | 'closed';

/** What a page gets to hear of its link. */
export interface LinkHandlers {
  onState(state: LinkState): void;
  /** Bytes of the server. The next ones are read when the promise is settled. */
  onBytes(bytes: Uint8Array): Promise<void>;
}

/** What is sent: what the visitor writes, or what the page answers by itself because the server asks. */
export type SendingKind = 'input' | 'answer';

/** Most bytes of each kind that may wait to be sent. A text that was pasted may be long; answers are short. */
const MOST_UNSENT: Readonly<Record<SendingKind, number>> = { input: 8 * 1024 * 1024, answer: 64 * 1024 };
/** Where there is only WebSocket and no WebSocketStream, nothing slows the bridge down, and the page must not wait. */
const MOST_UNREAD = 4 * 1024 * 1024;
const RECEIVE_LIMIT = 64 * 1024 * 1024;

/** One connection to the bridge, which can be made again and again, and what passed over it. */
export class BridgeLink {
  readonly #handlers: LinkHandlers;
  #state: LinkState = 'idle';
  #socket: Socket | null = null;
  #writer: WritableStreamDefaultWriter<Uint8Array | string> | null = null;
  #opening: AbortController | null = null;
  #unsent: Record<SendingKind, number> = { input: 0, answer: 0 };
  #openedAt = 0;
  #closedAt = 0;
  #ending: Ending | null = null;

  constructor(handlers: LinkHandlers) {
    this.#handlers = handlers;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Payload bytes sent over the present or last connection. */
  get sent(): number {
    return this.#socket?.bytesSent ?? 0;
  }

  /** Payload bytes received over the present or last connection. */
  get received(): number {
    return this.#socket?.bytesReceived ?? 0;
  }

  /** How the last connection ended; null while there is one, and when it was given up before it was there. */
  get ending(): Ending | null {
    return this.#ending;
  }

  /** How long the present or last connection has been open, in ms. */
  get duration(): number {
    return this.#openedAt === 0 ? 0 : (this.#closedAt || performance.now()) - this.#openedAt;
  }

  /** Connects and stays until the end, unless there is a connection already. Never rejects. */
  async connect(address: URL): Promise<void> {
    if (this.#state !== 'idle' && this.#state !== 'closed') return;
    this.#socket = this.#ending = null;
    this.#unsent = { input: 0, answer: 0 };
    this.#openedAt = this.#closedAt = 0;
    this.#opening = new AbortController();
    this.#enter('connecting');
    try {
      const { signal } = this.#opening;
      // What is typed is little and the output may be endless: for once the stream's flow control is worth its risk.
      this.#socket = await connect(address, { signal, receiveLimit: RECEIVE_LIMIT, stream: true });
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      this.#ending = error.code === 'ABORTED' ? null : describeRefusal(error);
      this.#enter('closed');
      return;
    }
    this.#openedAt = performance.now();
    this.#writer = this.#socket.writable.getWriter();
    // How a connection ends is told by `closed`, and not by the writes that it fails.
    this.#writer.closed.catch(() => {});
    this.#enter('open');
    await this.#readAll(this.#socket);
    const closed = await this.#socket.closed;
    this.#closedAt = performance.now();
    this.#writer = null;
    this.#ending = describeEnding(closed, true);
    this.#enter('closed');
  }

  /** Sends bytes in one message; false when there is no open connection or too much of the kind waits already. */
  send(bytes: Uint8Array, kind: SendingKind = 'input'): boolean {
    const unsent = this.#unsent;
    if (this.#state !== 'open' || !this.#writer || unsent[kind] + bytes.length > MOST_UNSENT[kind]) return false;
    unsent[kind] += bytes.length;
    this.#writer.write(bytes).then(
      () => (unsent[kind] -= bytes.length),
      () => {},
    );
    return true;
  }

  /** Gives up connecting, or ends the connection with Close 1000. */
  close(): void {
    if (this.#state === 'connecting') this.#opening?.abort();
    if (this.#state !== 'open') return;
    this.#enter('closing');
    void this.#socket?.close();
  }

  async #readAll(socket: Socket): Promise<void> {
    const reader = socket.readable.getReader();
    let read = 0;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        read += value.length;
        const shown = this.#handlers.onBytes(value);
        if (socket.bytesReceived - read < MOST_UNREAD) await shown;
      }
    } catch {
      // The connection broke; `closed` says how.
    }
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#handlers.onState(state);
  }
}
