import type { CloseFacts } from '../../../src/browser/web-socket.ts';

/** A close event as browsers make it. */
class FakeCloseEvent extends Event implements CloseFacts {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor({ code, reason, wasClean }: CloseFacts) {
    super('close');
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

/** A WebSocket whose other side is the test. */
export class FakeWebSocket extends EventTarget {
  readonly url: string;
  readonly offered: string[];
  binaryType: string = 'blob';
  bufferedAmount: number = 0;
  protocol: string = '';
  readyState: number = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: Event & { readonly data: unknown }) => void) | null = null;
  onclose: ((event: FakeCloseEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  /** What was sent, as it was given. */
  readonly sent: (string | Uint8Array)[] = [];
  /** What close() was called with. */
  readonly closes: { readonly code: number | undefined; readonly reason: string | undefined }[] = [];
  /** Whether what is sent stays in `bufferedAmount`. */
  stuck: boolean = false;

  constructor(url: string, protocols: string[] = []) {
    super();
    if (protocols.some((name, at) => !/^[\w.-]+$/.test(name) || protocols.indexOf(name) !== at))
      throw new DOMException('A subprotocol is wrong', 'SyntaxError');
    this.url = url;
    this.offered = protocols;
  }

  send(data: string | Uint8Array): void {
    this.sent.push(typeof data === 'string' ? data : data.slice());
    if (this.stuck) this.bufferedAmount += typeof data === 'string' ? data.length : data.byteLength;
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999))
      throw new DOMException('A page may not close with this code', 'InvalidAccessError');
    this.closes.push({ code, reason });
    if (this.readyState < 2) this.readyState = 2;
  }

  /** The server accepts. */
  accept(protocol: string = 'binary'): this {
    this.protocol = protocol;
    this.readyState = 1;
    const event = new Event('open');
    this.onopen?.(event);
    this.dispatchEvent(event);
    return this;
  }

  /** The server sends one message. */
  deliver(data: string | Uint8Array): void {
    const event = Object.assign(new Event('message'), { data: typeof data === 'string' ? data : data.slice().buffer });
    this.onmessage?.(event);
    this.dispatchEvent(event);
  }

  /** The server sends a message for each byte, as no code may expect its data neatly packaged. */
  deliverOctets(data: Uint8Array): void {
    for (const byte of data) this.deliver(Uint8Array.of(byte));
  }

  /** The connection ends: the answer to close(), the server's Close, or a loss (1006). */
  end(code: number, reason: string = '', wasClean: boolean = code !== 1006): void {
    this.readyState = 3;
    if (!wasClean) {
      const error = new Event('error');
      this.onerror?.(error);
      this.dispatchEvent(error);
    }
    const event = new FakeCloseEvent({ code, reason, wasClean });
    this.onclose?.(event);
    this.dispatchEvent(event);
  }
}

/** A constructor that keeps what it made. */
export function fakeWebSockets(): {
  readonly WebSocket: new (url: string, protocols?: string[]) => FakeWebSocket;
  readonly made: FakeWebSocket[];
} {
  const made: FakeWebSocket[] = [];
  class WebSocket extends FakeWebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      made.push(this);
    }
  }
  return { WebSocket, made };
}
