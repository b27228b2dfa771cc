import { createHash, randomBytes, randomInt } from 'node:crypto';
import { ByteClient } from './byte-client.ts';
import { until } from './wait.ts';

/** How a Hixie client asks. */
export interface HixieOptions {
  readonly draft?: 75 | 76;
  readonly path?: string;
  /** Further headers, or others; null leaves one out. */
  readonly headers?: Record<string, string | null>;
  readonly tls?: boolean;
  /** Frames that travel in the same packet as the handshake. */
  readonly extra?: Uint8Array;
  /** Sends the handshake byte by byte. */
  readonly dribble?: boolean;
}

/** A text frame of both drafts, around any text. */
export function textFrame(text: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x00), Buffer.from(text as Uint8Array), Buffer.of(0xff)]);
}

/** A frame with a piece of a stream in base64. */
export function dataFrame(data: Uint8Array | string): Buffer {
  return textFrame(Buffer.from(data as Uint8Array).toString('base64'));
}

/** The closing handshake of draft 76. */
export const CLOSING: Buffer = Buffer.of(0xff, 0x00);

/** A header that hides `number`, and its spaces, as draft-hixie-thewebsocketprotocol-76 §4.1 says. */
export function hideNumber(): { readonly number: number; readonly header: string } {
  const spaces = randomInt(1, 13);
  const number = randomInt(0, Math.floor(4_294_967_295 / spaces) + 1);
  const characters = String(number * spaces).split('');
  const insert = (character: string, from: number, to: number): void => {
    characters.splice(randomInt(from, to), 0, character);
  };
  for (let count = randomInt(1, 13); count > 0; count--)
    insert('!"#%/:;<=>?@AZaz{|}~'[randomInt(0, 20)]!, 0, characters.length + 1);
  // Neither in front nor at the end, where HTTP would drop them.
  if (characters.length < 2) characters.push('x');
  for (let count = 0; count < spaces; count++) insert(' ', 1, characters.length);
  return { number, header: characters.join('') };
}

/**
 * A WebSocket client by draft-hixie-thewebsocketprotocol-75 or -76 on a bare socket, written from the drafts without any
 * code of the product. It does nothing by itself: it closes and answers a close only when told to.
 */
export class HixieClient extends ByteClient {
  /** Status line and headers of the response. */
  head: string = '';
  /** The closing handshake has come. */
  closing: boolean = false;
  #frames: Buffer[] = [];

  /** Connects, shakes hands and checks every promise of the server. */
  static async open(port: number, options: HixieOptions = {}): Promise<HixieClient> {
    const { draft = 76, path = '/', tls = false, extra = Buffer.alloc(0) } = options;
    const client = new HixieClient(port, '127.0.0.1', tls);
    const origin = 'http://page.example';
    const [one, two] = [hideNumber(), hideNumber()];
    const key3 = draft === 76 ? randomBytes(8) : Buffer.alloc(0);
    const keys = draft === 76 ? { 'Sec-WebSocket-Key1': one.header, 'Sec-WebSocket-Key2': two.header } : {};
    const request = requestHead(path, { Host: `127.0.0.1:${port}`, Origin: origin, ...keys, ...options.headers });
    const bytes = Buffer.concat([Buffer.from(request, 'latin1'), key3]);
    if (options.dribble) {
      await client.dribble(bytes);
      client.socket.write(extra);
    } else client.socket.write(Buffer.concat([bytes, extra]));
    const head = (client.head = await client.readHead());
    const prefix = draft === 76 ? 'Sec-' : '';
    const start =
      draft === 76 ? 'HTTP/1.1 101 WebSocket Protocol Handshake' : 'HTTP/1.1 101 Web Socket Protocol Handshake';
    const wanted = [
      `${start}\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n`,
      `\r\n${prefix}WebSocket-Origin: ${origin}\r\n`,
      `\r\n${prefix}WebSocket-Location: ${tls ? 'wss' : 'ws'}://127.0.0.1:${port}${path}\r\n`,
    ];
    for (const piece of wanted) if (!head.includes(piece)) throw new Error(`there is no ${piece} in ${head}`);
    if (draft === 76) {
      const numbers = Buffer.alloc(8);
      numbers.writeUInt32BE(one.number, 0);
      numbers.writeUInt32BE(two.number, 4);
      const expected = createHash('md5')
        .update(Buffer.concat([numbers, key3]))
        .digest('hex');
      const answer = await client.readBytes(16);
      if (answer.toString('hex') !== expected) throw new Error('the answer to the keys is wrong');
    }
    return client;
  }

  /** The text of the next frame, as it stood on the wire; null for the closing handshake. */
  async readFrame(): Promise<string | null> {
    return (await this.#nextFrame())?.toString('latin1') ?? null;
  }

  /** The stream until that many bytes of it have come, each frame decoded by itself. */
  async readData(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let total = 0;
    while (total < length) {
      const frame = await this.#nextFrame();
      if (!frame) throw new Error(`closed after ${total} of ${length} bytes`);
      const data = decode(frame);
      parts.push(data);
      total += data.length;
    }
    return Buffer.concat(parts);
  }

  /** The rest of the stream until the server closes: by the closing handshake, or by its end. */
  async readRest(): Promise<{ readonly data: Buffer; readonly handshake: boolean }> {
    const parts: Buffer[] = [];
    for (;;) {
      const frame = await this.#nextFrame(true);
      if (!frame) return { data: Buffer.concat(parts), handshake: this.closing };
      parts.push(decode(frame));
    }
  }

  async #nextFrame(mayEnd: boolean = false): Promise<Buffer | null> {
    await until('a frame has come', () => {
      this.#parse();
      if (this.#frames.length > 0 || this.closing) return true;
      if (this.ended && !mayEnd) throw new Error('the connection ended before a whole frame had come');
      if (this.ended && this.held > 0) throw new Error('the connection ended within a frame');
      return this.ended;
    });
    return this.#frames.shift() ?? null;
  }

  #parse(): void {
    if (this.held === 0) return;
    const bytes = this.peek();
    let at = 0;
    while (at < bytes.length && !this.closing) {
      if (bytes[at] === 0xff) {
        if (at + 1 === bytes.length) break;
        if (bytes[at + 1] !== 0) throw new Error('0xFF was followed by something else than 0x00');
        this.closing = true;
        at += 2;
        if (at < bytes.length) throw new Error('something followed the closing handshake');
        break;
      }
      if (bytes[at] !== 0) throw new Error(`a frame began with ${bytes[at]}`);
      const end = bytes.indexOf(0xff, at);
      if (end === -1) break;
      this.#frames.push(bytes.subarray(at + 1, end));
      at = end + 1;
    }
    this.take(at);
  }
}

/** A request for an upgrade as before RFC 6455. */
export function requestHead(path: string, headers: Record<string, string | null>): string {
  const all = { Upgrade: 'WebSocket', Connection: 'Upgrade', ...headers };
  const lines = Object.entries(all).filter(([, value]) => value !== null);
  return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

function decode(frame: Buffer): Buffer {
  const text = frame.toString('latin1');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new Error(`a frame is not base64: ${text.slice(0, 40)}`);
  }
  return Buffer.from(text, 'base64');
}
