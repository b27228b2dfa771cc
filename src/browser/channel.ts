import { makeEvent, type ChannelCloseEvent, type ChannelMessageEvent } from './channel-event.ts';
import { CLOSE_CODE } from './close-code.ts';
import { Keepalive, type KeepaliveOptions, type WatchedLink } from './keepalive.ts';
import { absoluteUrl, offeredProtocols, webSocketConstructor } from './offer.ts';
import { fromMessage, toBytes, toMessage, type Payload } from './payload.ts';
import { Reconnector, type ChannelEnd, type ReconnectOptions } from './reconnect.ts';
import type { CloseFacts, MessageFacts, WebSocketConstructor, WebSocketLike } from './web-socket.ts';

/** Where a Channel connects to; a function is asked again for each attempt, such as for a fresh token. */
export type ChannelUrl = string | URL | (() => string | URL | Promise<string | URL>);

/** How a Channel behaves. */
export interface ChannelOptions {
  /** Subprotocols to offer, best first; default `['binary', 'base64']`. `[]` offers none. */
  readonly protocols?: string | readonly string[];
  /** Whether to connect again by itself; default false. `true` stands for all defaults. */
  readonly reconnect?: boolean | ReconnectOptions;
  /** How to find out that the connection is dead; default `{}`, false for never. */
  readonly keepalive?: false | KeepaliveOptions;
  /** How long an opening may take, in ms; default 15 000, 0 for ever. */
  readonly openTimeout?: number;
  /** How long `close()` waits for the peer's Close, in ms; default 5000, 0 for ever. */
  readonly closeTimeout?: number;
  /** Bytes that may wait for sending, default 64 MiB; beyond it the connection counts as lost. */
  readonly sendLimit?: number;
  /** Makes the connections, where the global WebSocket is missing or not wanted. */
  readonly WebSocket?: WebSocketConstructor;
}

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
const LOCAL = /^wss?:\/\/(localhost|127\.[\d.]+|\[::1\])[:/]/;
const LOST = 1006;

/**
 * A channel with the shape of a WebSocket, for consumers that want one, such as the `RFB` of noVNC.
 *
 * It can connect again after a loss: it then goes through `close`, CONNECTING and `open` once more. What was under way is
 * not sent again, and the server behind the bridge begins anew, so a consumer with a protocol has to begin anew as well.
 * A connection that turns out to be dead ends with 1006.
 *
 * Not for subclassing: noVNC looks for the members on the object and on its direct prototype only.
 */
export class Channel extends EventTarget {
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: ChannelMessageEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  onclose: ((event: ChannelCloseEvent) => void) | null = null;
  /** What `data` of a binary message is; 'arraybuffer' unless set. */
  binaryType: 'arraybuffer' | 'blob' = 'arraybuffer';
  readonly #options: ChannelOptions;
  readonly #give: ChannelUrl;
  readonly #reconnector: Reconnector | null;
  #url = '';
  #state = CONNECTING;
  #link: WebSocketLike | null = null;
  #keepalive: Keepalive | null = null;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #sent = 0;
  /** The user has closed the channel: there is no next attempt. */
  #done = false;

  /** Begins to connect; throws what the WebSocket constructor throws, such as a SyntaxError for a bad subprotocol. */
  constructor(url: ChannelUrl, options: ChannelOptions = {}) {
    super();
    this.#options = options;
    this.#give = url;
    const { reconnect = false } = options;
    this.#reconnector = reconnect
      ? new Reconnector(reconnect === true ? {} : reconnect, (attempt) => this.#again(attempt))
      : null;
    // Later, so that nothing ends before somebody listens.
    if (typeof url === 'function') queueMicrotask(() => void this.#connect());
    else this.#connectTo(url);
  }

  /** As of WebSocket: 0 CONNECTING, 1 OPEN, 2 CLOSING, 3 CLOSED; CLOSED also while it waits for the next attempt. */
  get readyState(): number {
    return this.#state;
  }

  /** The address of the present or last attempt, absolute; '' before there is one. */
  get url(): string {
    return this.#url;
  }

  /** The subprotocol that the server chose. 'base64' reads 'binary', as the channel does the coding. */
  get protocol(): string {
    const protocol = this.#link?.protocol ?? '';
    return protocol === 'base64' ? 'binary' : protocol;
  }

  /** Always ''. */
  get extensions(): string {
    return '';
  }

  /** Bytes that wait for sending. */
  get bufferedAmount(): number {
    return this.#link?.bufferedAmount ?? 0;
  }

  /** Sends a message; throws while CONNECTING, and drops it after the end, as WebSocket does. */
  send(payload: Payload): void {
    if (this.#state === CONNECTING) throw new Error('Not open yet');
    const link = this.#link;
    // Between the peer's Close and the event that tells of it, the browser would complain on its console.
    if (link?.readyState !== OPEN || this.#state !== OPEN) return;
    const { sendLimit = 64 * 1024 * 1024 } = this.#options;
    const message = toMessage(toBytes(payload), link.protocol);
    if (link.bufferedAmount + message.length > sendLimit) return this.#lose(link, 'Too much to send');
    this.#sent += message.length;
    const isText = typeof payload === 'string' && typeof message !== 'string';
    link.send(isText ? payload : message);
  }

  /** Closes for good, as WebSocket's does; also ends the waiting for another attempt, without an event. */
  close(code: number = CLOSE_CODE.normal, reason: string = ''): void {
    const link = this.#link;
    // First, as it throws where the arguments are wrong.
    if (this.#state < CLOSING) link?.close(code, reason);
    this.#done = true;
    this.#reconnector?.stop();
    if (this.#state > OPEN) return;
    this.#state = CLOSING;
    // Without a link the address is still to come; #connect() sees the state then.
    if (link) this.#setDeadline(link, this.#options.closeTimeout ?? 5000, 'No answer to the close');
  }

  #again(attempt: number): void {
    this.#state = CONNECTING;
    const { reconnect } = this.#options;
    if (typeof reconnect === 'object') reconnect.onReconnect?.(attempt);
    void this.#connect();
  }

  /** An attempt that can tell by events alone how it fares. */
  async #connect(): Promise<void> {
    try {
      const url = typeof this.#give === 'function' ? await this.#give() : this.#give;
      if (this.#state === CONNECTING) this.#connectTo(url);
      else this.#ended({ code: LOST, reason: '', wasClean: false });
    } catch (error) {
      this.#ended({ code: LOST, reason: String(error), wasClean: false });
    }
  }

  #connectTo(url: string | URL): void {
    const { openTimeout = 15_000, protocols } = this.#options;
    const WebSocket = webSocketConstructor(this.#options.WebSocket);
    this.#url = absoluteUrl(url);
    const link = new WebSocket(this.#url, offeredProtocols(protocols));
    this.#link = link;
    this.#sent = 0;
    link.binaryType = 'arraybuffer';
    const on = (type: string, listener: (facts: CloseFacts & MessageFacts) => void): void =>
      link.addEventListener(type, (facts: CloseFacts & MessageFacts) => {
        if (this.#link === link) listener(facts);
      });
    this.#setDeadline(link, openTimeout, 'No connection in time');
    on('open', () => this.#opened(link));
    on('message', ({ data }) => this.#receive(link, data));
    on('error', () => {
      this.#tell(new Event('error'), this.onerror);
      // Browsers would send close now, Node 22 does not.
      if (this.#state === CONNECTING) this.#ended({ code: LOST, reason: '', wasClean: false });
    });
    on('close', (facts) => this.#ended(facts));
  }

  #opened(link: WebSocketLike): void {
    clearTimeout(this.#deadline);
    this.#state = OPEN;
    this.#reconnector?.opened();
    const { keepalive = {} } = this.#options;
    if (keepalive) {
      const watched: WatchedLink = {
        sent: () => this.#sent,
        held: () => link.bufferedAmount,
        local: this.#isLocal,
        send: (payload) => this.send(payload),
        onDead: (reason) => this.#lose(link, reason),
      };
      this.#keepalive = new Keepalive(watched, keepalive);
    }
    this.#tell(new Event('open'), this.onopen);
  }

  get #isLocal(): boolean {
    return LOCAL.test(this.#url);
  }

  #receive(link: WebSocketLike, data: unknown): void {
    this.#keepalive?.heard();
    if (this.#state !== OPEN) return;
    let message: ArrayBuffer | string;
    try {
      message =
        typeof data === 'string' && link.protocol !== 'base64' ? data : toArrayBuffer(fromMessage(data, link.protocol));
    } catch {
      this.close(CLOSE_CODE.badBase64, 'Not base64');
      return;
    }
    const blob = this.binaryType === 'blob' && typeof message !== 'string';
    this.#tell(makeEvent('message', { data: blob ? new Blob([message]) : message }), this.onmessage);
  }

  /** Gives the connection up without waiting for anybody. */
  #lose(link: WebSocketLike, reason: string): void {
    this.#ended({ code: LOST, reason, wasClean: false });
    link.close();
  }

  #ended({ code, reason, wasClean }: ChannelEnd): void {
    const end = { code, reason, wasClean };
    clearTimeout(this.#deadline);
    this.#keepalive?.stop();
    this.#keepalive = null;
    this.#link = null;
    this.#state = CLOSED;
    const retryIn = this.#done ? null : (this.#reconnector?.next(end) ?? null);
    if (retryIn !== null) this.#reconnector?.wait(retryIn, this.#isLocal);
    this.#tell(makeEvent('close', { ...end, retryIn }), this.onclose);
  }

  #setDeadline(link: WebSocketLike, ms: number, reason: string): void {
    clearTimeout(this.#deadline);
    if (ms > 0) this.#deadline = setTimeout(() => this.#lose(link, reason), ms);
  }

  #tell<Told extends Event>(event: Told, handler: ((event: Told) => void) | null): void {
    handler?.call(this, event);
    this.dispatchEvent(event);
  }
}

function toArrayBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
}
