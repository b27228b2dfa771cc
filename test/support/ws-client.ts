import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import { atTestEnd } from './cleanup.ts';
import { until, within } from './wait.ts';

/** How the bridge ended a connection. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** The `ws` package as a client, with everything it received. */
export class WsClient {
  readonly ws: WebSocket;
  readonly messages: { readonly data: Buffer; readonly binary: boolean }[] = [];
  received: number = 0;
  /** Resolves when the connection is over; never rejects. */
  readonly closed: Promise<Closed>;

  constructor(url: string, options: ClientOptions & { protocols?: string[] } = {}) {
    const { protocols, ...rest } = options;
    this.ws = new WebSocket(url, protocols ?? [], { perMessageDeflate: false, ...rest });
    this.ws.on('message', (data: Buffer, binary) => {
      this.messages.push({ data, binary });
      this.received += data.length;
    });
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.ws.on('error', () => undefined);
    atTestEnd(() => this.ws.terminate());
  }

  /** Connects; fails when the handshake is refused. */
  static async open(url: string, options: ClientOptions & { protocols?: string[] } = {}): Promise<WsClient> {
    const client = new WsClient(url, options);
    await within(`the handshake with ${url}`, once(client.ws, 'open'));
    return client;
  }

  send(data: Buffer | string): void {
    this.ws.send(data);
  }

  /** Waits until that many payload bytes have come. */
  async receive(bytes: number, deadline?: number): Promise<Buffer> {
    await until(
      `${bytes} bytes have come`,
      () => {
        if (this.received < bytes && this.ws.readyState === WebSocket.CLOSED)
          throw new Error(`the connection closed after ${this.received} of ${bytes} bytes`);
        return this.received >= bytes;
      },
      deadline,
    );
    return this.data;
  }

  /** Everything received so far. */
  get data(): Buffer {
    return Buffer.concat(this.messages.map(({ data }) => data));
  }

  /** Starts the close handshake and waits for its end. */
  close(code: number = 1000, reason: string = ''): Promise<Closed> {
    this.ws.close(code, reason);
    return this.whenClosed();
  }

  whenClosed(deadline?: number): Promise<Closed> {
    return within('the end of the WebSocket', this.closed, deadline);
  }
}
