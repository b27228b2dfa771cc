/** Where a link stands. 'idle' is before the first connect. */
export type LinkState = 'idle' | 'connecting' | 'open' | 'closing' | 'closed';

/** How a link ended. */
export interface LinkEnd {
  readonly code: number;
  readonly reason: string;
  /** Whether it had been open before. A browser does not tell a page why an upgrade was refused. */
  readonly wasOpen: boolean;
}

/** What a page gets to hear of its link. */
export interface LinkHandlers {
  onState(state: LinkState): void;
  onBytes(bytes: Uint8Array): void;
}

const encoder = new TextEncoder();

/** One WebSocket connection to the bridge, which can be made again and again, and what passed over it. */
export class BridgeLink {
  readonly address: string;
  readonly #handlers: LinkHandlers;
  #socket: WebSocket | null = null;
  #state: LinkState = 'idle';
  #sent = 0;
  #received = 0;
  #openedAt = 0;
  #closedAt = 0;
  #end: LinkEnd | null = null;

  constructor(address: string, handlers: LinkHandlers) {
    this.address = address;
    this.#handlers = handlers;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Payload bytes sent over the present or last connection. */
  get sent(): number {
    return this.#sent;
  }

  /** Payload bytes received over the present or last connection. */
  get received(): number {
    return this.#received;
  }

  /** How the last connection ended; null while there is one. */
  get end(): LinkEnd | null {
    return this.#end;
  }

  /** How long the present or last connection has been open, in ms. */
  get duration(): number {
    if (this.#openedAt === 0) return 0;
    return (this.#closedAt || performance.now()) - this.#openedAt;
  }

  /** Connects, unless there is a connection already. */
  connect(): void {
    if (this.#socket) return;
    this.#sent = this.#received = this.#openedAt = this.#closedAt = 0;
    this.#end = null;
    const socket = new WebSocket(this.address);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#openedAt = performance.now();
      this.#enter('open');
    });
    socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer | string>) => {
      const bytes = typeof data === 'string' ? encoder.encode(data) : new Uint8Array(data);
      this.#received += bytes.length;
      this.#handlers.onBytes(bytes);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      this.#closedAt = performance.now();
      this.#socket = null;
      this.#end = { code, reason, wasOpen: this.#openedAt !== 0 };
      this.#enter('closed');
    });
    this.#enter('connecting');
  }

  /** Sends text as UTF-8 in a binary message; without an open connection nothing happens. */
  send(text: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    const bytes = encoder.encode(text);
    this.#sent += bytes.length;
    this.#socket.send(bytes);
    return true;
  }

  /** Ends the connection with Close 1000. */
  close(): void {
    if (!this.#socket || this.#state === 'closing') return;
    this.#enter('closing');
    this.#socket.close(1000);
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#handlers.onState(state);
  }
}
