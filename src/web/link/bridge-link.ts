import { connect } from '../../browser/connect.ts';
import { ConnectError } from '../../browser/socket-error.ts';
import type { Socket } from '../../browser/socket.ts';
import { describeEnding, type Ending } from './ending.ts';

/** Where a link stands. 'idle' is before the first connect. */
export type LinkState = 'idle' | 'connecting' | 'open' | 'closing' | 'closed';

/** What a page gets to hear of its link. */
export interface LinkHandlers {
  onState(state: LinkState): void;
  /** Bytes of the server. The next ones are read when the promise is settled. */
  onBytes(bytes: Uint8Array): Promise<void>;
}

/** Most bytes that may wait to be sent, such as a long text that was pasted. */
const MOST_UNSENT = 8 * 1024 * 1024;
/** Where only WebSocket is there and not WebSocketStream, nothing slows the bridge down: then the page must not wait. */
const MOST_UNREAD = 4 * 1024 * 1024;
const RECEIVE_LIMIT = 64 * 1024 * 1024;

/** One connection to the bridge, which can be made again and again, and what passed over it. */
export class BridgeLink {
  readonly #handlers: LinkHandlers;
  #state: LinkState = 'idle';
  #socket: Socket | null = null;
  #writer: WritableStreamDefaultWriter<Uint8Array | string> | null = null;
  #opening: AbortController | null = null;
  #unsent = 0;
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
    this.#unsent = this.#openedAt = this.#closedAt = 0;
    this.#opening = new AbortController();
    this.#enter('connecting');
    try {
      const { signal } = this.#opening;
      // What is typed is little and the output may be endless: for once the stream's flow control is worth its risk.
      this.#socket = await connect(address, { signal, receiveLimit: RECEIVE_LIMIT, stream: true });
    } catch (error) {
      this.#ending = endingOfOpening(error);
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

  /** Sends bytes in one message; false when there is no open connection or too much waits already. */
  send(bytes: Uint8Array): boolean {
    if (this.#state !== 'open' || !this.#writer || this.#unsent + bytes.length > MOST_UNSENT) return false;
    this.#unsent += bytes.length;
    this.#writer.write(bytes).then(
      () => (this.#unsent -= bytes.length),
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

function endingOfOpening(error: unknown): Ending | null {
  if (!(error instanceof ConnectError)) throw error;
  if (error.code === 'ABORTED') return null;
  const reason = error.code === 'REFUSED' ? (error.closed?.reason ?? '') : error.message;
  return describeEnding({ code: error.closed?.code ?? 1006, reason }, false);
}
