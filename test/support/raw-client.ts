import { createHash, randomBytes } from 'node:crypto';
import { ByteClient } from './byte-client.ts';
import { clientFrame as anyFrame } from './client-frame.ts';
import { until } from './wait.ts';

/** One frame as it stood on the wire. */
export interface RawFrame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** What to put on the wire; the defaults make one valid binary message. */
export interface FrameOptions {
  fin?: boolean;
  opcode?: number;
  masked?: boolean;
  /** The three reserved bits, 0 to 7. */
  reserved?: number;
}

export const TEXT = 1;
export const BINARY = 2;
export const CONTINUATION = 0;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Builds a client frame with a mask of its own, or one that breaks the rules. */
export function clientFrame(data: Uint8Array | string, options: FrameOptions = {}): Buffer {
  const { fin = true, opcode = BINARY, masked = true, reserved = 0 } = options;
  const [a = 0, b = 0, c = 0, d = 0] = randomBytes(4);
  return anyFrame({ opcode, payload: data, fin, rsv: reserved, key: masked ? [a, b, c, d] : null });
}

/** A Close frame with its code and reason. */
export function closeFrame(code: number, reason: string = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2);
  return clientFrame(payload, { opcode: CLOSE });
}

/** The opening handshake of a client, as bytes. */
export function handshakeRequest(port: number, path: string = '/', headers: Record<string, string> = {}): string {
  const all: Record<string, string> = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** A WebSocket client that does nothing by itself: no pongs, no close answers, and only reads when told to. */
export class RawClient extends ByteClient {
  /** Connects and shakes hands; `extra` travels in the same packet as the request. */
  static async open(
    port: number,
    options: { path?: string; headers?: Record<string, string>; extra?: Uint8Array } = {},
  ): Promise<RawClient> {
    const client = new RawClient(port);
    const request = Buffer.from(handshakeRequest(port, options.path, options.headers));
    client.write(options.extra ? Buffer.concat([request, options.extra]) : request);
    const head = await client.readHead();
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`the handshake was refused: ${head}`);
    return client;
  }

  /** The next frame of the server, control frames included. */
  readFrame(deadline?: number): Promise<RawFrame> {
    return until(
      'a frame has come',
      () => {
        const frame = this.#takeFrame();
        if (!frame && this.ended) throw new Error('the connection ended before a whole frame had come');
        return frame;
      },
      deadline,
    );
  }

  /** Payload of data frames until that many bytes have come; control frames are passed over. */
  async readPayload(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let total = 0;
    while (total < length) {
      const { opcode, payload } = await this.readFrame();
      if (opcode === CLOSE) throw new Error(`closed after ${total} of ${length} bytes: ${payload.toString('latin1')}`);
      if (opcode & 8) continue;
      parts.push(payload);
      total += payload.length;
    }
    return Buffer.concat(parts);
  }

  /** The Close frame of the server, past everything before it. */
  async readClose(deadline?: number): Promise<{ readonly code: number; readonly reason: string }> {
    for (;;) {
      const { opcode, payload } = await this.readFrame(deadline);
      if (opcode !== CLOSE) continue;
      return payload.length === 0
        ? { code: 1005, reason: '' }
        : { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
    }
  }

  #takeFrame(): RawFrame | null {
    const bytes = this.peek();
    if (bytes.length < 2) return null;
    if (bytes[1]! & 0x80) throw new Error('the server masked a frame');
    const code = bytes[1]! & 127;
    const header = code === 126 ? 4 : code === 127 ? 10 : 2;
    if (bytes.length < header) return null;
    const length = code === 126 ? bytes.readUInt16BE(2) : code === 127 ? Number(bytes.readBigUInt64BE(2)) : code;
    if (bytes.length < header + length) return null;
    this.take(header + length);
    return { fin: (bytes[0]! & 0x80) !== 0, opcode: bytes[0]! & 15, payload: bytes.subarray(header, header + length) };
  }
}

/** The answer to a key (RFC 6455 §4.2.2). */
export function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}
