import type { ChannelCloseEvent, ChannelMessageEvent } from './channel-event.ts';
import { BAD_BASE64, NORMAL, demandClose } from './close-code.ts';
import { deadline } from './deadline.ts';
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
  /** How long an opening may take, the wait for its address included, in ms; default 15 000, 0 for ever. */
  readonly openTimeout?: number;
  /** How long `close()` waits for the peer's Close, in ms; default 5000, 0 for ever. */
  readonly closeTimeout?: number;
  /** Bytes that may wait for sending, default 64 MiB; beyond it the connection counts as lost. */
  readonly sendLimit?: number;
  /** Makes the connections, where the global WebSocket is missing or not wanted. */
  readonly WebSocket?: WebSocketConstructor;
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const LOCAL = /^wss?:\/\/(localhost|127\.[\d.]+|\[::1\])[:/]/;

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
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSING = CLOSING;
  static readonly CLOSED = CLOSED;
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSING = CLOSING;
  readonly CLOSED = CLOSED;
  /** Always ''. */
  readonly extensions: string = '';
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: ChannelMessageEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  onclose: ((event: ChannelCloseEvent) => void) | null = null;
  /** What `data` of a binary message is; 'arraybuffer' unless set. */
  binaryType: 'arraybuffer' | 'blob' = 'arraybuffer';
  readonly #options: ChannelOptions;
  readonly #give: ChannelUrl;
  readonly #reconnector: Reconnector;
  #url = '';
  #state = CONNECTING;
  /** Counts attempts and their ends: who waited for an address sees whether it still matters. */
  #turn = 0;
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
    this.#reconnector = new Reconnector(reconnect === true ? {} : reconnect || { attempts: 0 }, () => this.#connect());
    for (const type of ['open', 'message', 'error', 'close'])
      // Listeners as others are: what one throws is reported, and keeps nothing from the next, nor from the channel.
      this.addEventListener(type, (event) => this[`on${type}` as 'onopen']?.(event));
    if (typeof url === 'function') void this.#connect();
    else {
      this.#connectTo(url);
      this.#setDeadline();
    }
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
    if (link.bufferedAmount + message.length > sendLimit) return this.#lose('Too much to send');
    this.#sent += message.length;
    const isText = typeof payload === 'string' && typeof message !== 'string';
    link.send(isText ? payload : message);
  }

  /** Closes for good, as WebSocket's does; also ends the waiting for another attempt, without an event. */
  close(code: number = NORMAL, reason: string = ''): void {
    demandClose(code, reason);
    this.#done = true;
    this.#reconnector.stop();
    if (this.#state >= CLOSING) return;
    this.#state = CLOSING;
    if (this.#link) {
      this.#link.close(code, reason);
      this.#setDeadline(this.#options.closeTimeout ?? 5000, 'No answer to the close');
    } else {
      // The address is still to come. Events come after the call, as those of WebSocket.
      this.#turn += 1;
      queueMicrotask(() => this.#lose(''));
    }
  }

  /** An attempt that can tell by events alone how it fares. */
  async #connect(): Promise<void> {
    this.#state = CONNECTING;
    const turn = (this.#turn += 1);
    this.#setDeadline();
    try {
      // Later, so that nothing ends before somebody listens.
      await Promise.resolve();
      if (turn !== this.#turn) return;
      const url = typeof this.#give === 'function' ? await this.#give() : this.#give;
      if (turn === this.#turn) this.#connectTo(url);
    } catch (error) {
      if (turn === this.#turn) this.#lose(String(error));
    }
  }

  #connectTo(url: string | URL): void {
    const WebSocket = webSocketConstructor(this.#options.WebSocket);
    this.#url = absoluteUrl(url);
    const link = new WebSocket(this.#url, offeredProtocols(this.#options.protocols));
    this.#link = link;
    this.#sent = 0;
    link.binaryType = 'arraybuffer';
    const on = (type: string, listener: (facts: CloseFacts & MessageFacts) => void): void =>
      link.addEventListener(type, (facts: CloseFacts & MessageFacts) => {
        if (this.#link === link) listener(facts);
      });
    on('open', () => this.#opened(link));
    on('message', ({ data }) => this.#receive(link, data));
    on('error', () => {
      this.#tell('error');
      // Browsers would send close now, Node 22 does not.
      if (this.#link && this.#state !== OPEN) this.#lose('');
    });
    on('close', (facts) => this.#ended(facts));
  }

  #opened(link: WebSocketLike): void {
    clearTimeout(this.#deadline);
    this.#state = OPEN;
    this.#reconnector.opened();
    const { keepalive = {} } = this.#options;
    if (keepalive) {
      const watched: WatchedLink = {
        sent: () => this.#sent,
        held: () => link.bufferedAmount,
        local: this.#isLocal,
        send: (payload) => this.send(payload),
        onDead: (reason) => this.#lose(reason),
      };
      this.#keepalive = new Keepalive(watched, keepalive);
    }
    this.#tell('open');
  }

  get #isLocal(): boolean {
    return LOCAL.test(this.#url);
  }

  #receive(link: WebSocketLike, data: unknown): void {
    this.#keepalive?.heard();
    if (this.#state !== OPEN) return;
    let message = data as ArrayBuffer | string;
    try {
      if (typeof message === 'string' && link.protocol === 'base64')
        message = fromMessage(message, link.protocol).buffer;
    } catch {
      this.close(BAD_BASE64, 'Not base64');
      return;
    }
    const blob = this.binaryType === 'blob' && typeof message !== 'string';
    this.#tell('message', { data: blob ? new Blob([message]) : message });
  }

  /** Gives the connection up without waiting for anybody. */
  #lose(reason: string): void {
    const link = this.#link;
    // Before it is closed: what it tells from here on is not heard.
    this.#link = null;
    link?.close();
    this.#ended({ code: 1006, reason, wasClean: false });
  }

  #ended({ code, reason, wasClean }: ChannelEnd): void {
    const end = { code, reason, wasClean };
    clearTimeout(this.#deadline);
    this.#keepalive?.stop();
    this.#keepalive = null;
    this.#link = null;
    this.#turn += 1;
    this.#state = CLOSED;
    let retryIn: number | null = null;
    try {
      if (!this.#done) retryIn = this.#reconnector.next(end);
      if (retryIn !== null) this.#reconnector.wait(retryIn, this.#isLocal);
    } finally {
      this.#tell('close', { ...end, retryIn });
    }
  }

  /** Gives the connection up after so many ms; after those for the opening unless told otherwise. */
  #setDeadline(ms: number = this.#options.openTimeout ?? 15_000, reason: string = 'No connection in time'): void {
    clearTimeout(this.#deadline);
    this.#deadline = deadline(ms, () => this.#lose(reason));
  }

  /** MessageEvent and CloseEvent are not everywhere, and have no room for more. */
  #tell(type: string, facts: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), facts));
  }
}
