import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { atTestEnd } from './cleanup.ts';
import { until } from './wait.ts';

/** A client on a bare socket, which keeps what comes until it is read, and does nothing by itself. */
export class ByteClient {
  readonly socket: Socket;
  readonly port: number;
  /** Nothing more can come. */
  ended: boolean = false;
  closed: boolean = false;
  #chunks: Buffer[] = [];
  #held = 0;

  constructor(port: number, host: string = '127.0.0.1', tls: boolean = false) {
    this.port = port;
    const where = { port, host, allowHalfOpen: true };
    this.socket = tls ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#held += chunk.length;
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('close', () => {
      this.ended = this.closed = true;
    });
    // A reset shows as `closed`.
    this.socket.on('error', () => undefined);
    atTestEnd(() => this.socket.destroy());
  }

  /** How many bytes have come and were not read. */
  get held(): number {
    return this.#held;
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes);
  }

  /** Sends byte by byte, each in a segment of its own as far as the kernel allows. */
  async dribble(bytes: Uint8Array): Promise<void> {
    for (const byte of bytes) {
      await new Promise((resolve) => {
        this.socket.write(Buffer.of(byte), resolve);
      });
    }
  }

  /** The head of an HTTP response; what follows it stays for the next reader. */
  async readHead(): Promise<string> {
    const end = await until('an HTTP response has come', () => {
      const at = this.peek().indexOf('\r\n\r\n');
      if (at === -1 && this.ended)
        throw new Error(`the connection ended after ${this.#held} bytes, without a response`);
      return at === -1 ? null : at + 4;
    });
    return this.take(end).toString('latin1');
  }

  async readBytes(length: number): Promise<Buffer> {
    await until(`${length} bytes have come`, () => this.#held >= length);
    return this.take(length);
  }

  async whenEnded(deadline?: number): Promise<void> {
    await until('the connection has ended', () => this.ended, deadline);
  }

  /** What has come and was not read; it stays. */
  protected peek(): Buffer {
    const [only] = this.#chunks;
    if (only && this.#chunks.length === 1) return only;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  /** Takes bytes from the front of what has come. */
  protected take(length: number): Buffer {
    const bytes = this.peek();
    this.#chunks = [bytes.subarray(length)];
    this.#held = bytes.length - length;
    return bytes.subarray(0, length);
  }
}
