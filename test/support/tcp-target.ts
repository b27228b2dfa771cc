import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { atTestEnd } from './cleanup.ts';
import { until } from './wait.ts';

/** A server behind the bridge, and what became of its connections. */
export class TcpTarget {
  readonly server: Server;
  readonly sockets: Socket[] = [];

  constructor(serve: (socket: Socket) => void) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      serve(socket);
    });
  }

  /** Listens on a free port of the loopback interface, or where told to, until the test ends. */
  static async listen(serve: (socket: Socket) => void, where: ListenOptions = {}): Promise<TcpTarget> {
    const target = new TcpTarget(serve);
    target.server.listen(where.path === undefined ? { port: 0, host: '127.0.0.1', ...where } : where);
    await once(target.server, 'listening');
    atTestEnd(() => target.close());
    return target;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the target has no port');
    return address.port;
  }

  /** 'host:port', as it is given to the bridge. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The socket of the n-th connection, counted from 0. */
  connection(index: number = 0): Promise<Socket> {
    return until(`the target has ${index + 1} connections`, () => this.sockets[index]);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Counts and hashes bytes. */
export class Digest {
  length: number = 0;
  readonly #hash: Hash = createHash('sha256');

  add(chunk: Uint8Array): void {
    this.length += chunk.length;
    this.#hash.update(chunk);
  }

  /** The hash of everything so far, in hex. */
  get hex(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** The SHA-256 of a buffer, in hex. */
export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Sends everything back, and ends when the client does. */
export function echo(socket: Socket): void {
  socket.pipe(socket);
}

/** Says something first, then echoes. */
export function greeter(greeting: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(greeting);
    echo(socket);
  };
}

/** Reads nothing, ever. */
export function neverReader(socket: Socket): void {
  socket.pause();
}

/** Reads about `bytesPerTurn` bytes, then rests, and so on; `digest` gets what it read. */
export function slowReader(digest: Digest, bytesPerTurn: number, rest: number = 5): (socket: Socket) => void {
  return (socket) => {
    let turn = 0;
    socket.on('data', (chunk: Buffer) => {
      digest.add(chunk);
      turn += chunk.length;
      if (turn < bytesPerTurn) return;
      turn = 0;
      socket.pause();
      setTimeout(() => socket.resume(), rest);
    });
    socket.on('end', () => socket.end());
  };
}

/** Counts and hashes what comes; answers the end of the stream with the hash in hex, then ends. */
export function sink(digest: Digest = new Digest()): (socket: Socket) => void {
  return (socket) => {
    socket.on('data', (chunk: Buffer) => digest.add(chunk));
    socket.on('end', () => socket.end(digest.hex));
  };
}

/** Sends that many bytes of a repeated block, then ends; `sent` tells how many the kernel and the queue have taken. */
export function source(
  total: number,
  block: Buffer,
): {
  readonly serve: (socket: Socket) => void;
  readonly sent: () => number;
} {
  let sent = 0;
  const serve = (socket: Socket): void => {
    const fill = (): void => {
      while (sent < total) {
        const part = block.subarray(0, Math.min(block.length, total - sent));
        sent += part.length;
        if (!socket.write(part)) return;
      }
      socket.end();
    };
    socket.on('drain', fill);
    socket.resume();
    fill();
  };
  return { serve, sent: () => sent };
}
