import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket, type SecureContext } from 'node:tls';
import type { ByteReader, ByteSink } from '../../src/stream/byte-reader.ts';
import { ByteWriter } from '../../src/stream/byte-writer.ts';
import { isSocket, SocketReader } from '../../src/stream/socket-reader.ts';

/** What one side of a connection does. */
export interface Behaviour {
  /** The sizes of its writes. */
  readonly writes: readonly number[];
  /** Rest after each write, in ms; 0 writes in one go. */
  readonly pace: number;
  /** Rest after each 64 KiB read, in ms; 0 reads as fast as it can. */
  readonly rest: number;
}

export interface Journey {
  readonly seed: number;
  readonly client: Behaviour;
  readonly target: Behaviour;
  /** Whether the readers are told to give memory back every few ms. */
  readonly relax: boolean;
}

/** What arrived at one side, and what should have. */
export interface Arrival {
  readonly expected: string;
  readonly arrived: string;
}

const MARK = 256 * 1024;
/** A sink may change bytes in place, and ours does. */
const FLIP = 0x5a;

/** Bytes that look random and differ for every seed. */
export function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed * 2_654_435_761) | 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** The bytes as a forwarder makes them. */
const flip = (bytes: Buffer): Uint8Array => bytes.map((byte) => byte ^ FLIP);
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Passes what one socket reads on to another, as a relay does: in place, with a header in the room in front. */
class Forwarder implements ByteSink {
  readonly #reader: ByteReader;
  readonly #writer: ByteWriter;
  readonly #to: Socket;
  #inside = false;

  constructor(reader: ByteReader, to: Socket) {
    this.#reader = reader;
    this.#to = to;
    this.#writer = new ByteWriter(to, isSocket(to));
    this.#writer.onDrain = () => reader.resume();
  }

  onBytes(buffer: Buffer, start: number, end: number, headroom: number, mayKeep: boolean): boolean {
    if (this.#inside) throw new Error('a sink was called from within itself');
    this.#inside = true;
    for (let i = start; i < end; i++) buffer[i]! ^= FLIP;
    buffer.fill(0xee, start - headroom, start);
    const kept = this.#writer.write(buffer, start, end, mayKeep);
    if (kept && !mayKeep) throw new Error('memory that may not be kept was kept');
    if (this.#writer.congested(MARK)) this.#reader.pause();
    this.#inside = false;
    return kept;
  }

  onEnd(): void {
    this.#to.end();
  }
}

/** Writes what a behaviour says and collects what comes; gives the hash of that at its end. */
async function act(socket: Socket, { writes, pace, rest: nap }: Behaviour, bytes: Buffer): Promise<string> {
  const hash = createHash('sha256');
  let unrested = 0;
  socket.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    unrested += chunk.length;
    if (nap === 0 || unrested < 65_536) return;
    unrested = 0;
    socket.pause();
    setTimeout(() => socket.resume(), nap);
  });
  const end = once(socket, 'end');
  let at = 0;
  for (const size of writes) {
    if (!socket.write(bytes.subarray(at, at + size))) await once(socket, 'drain');
    at += size;
    if (pace > 0) await rest(pace);
  }
  socket.end();
  await end;
  return hash.digest('hex');
}

/** Listens on loopback for one thing only: to give its sockets to `serve`. */
async function listen(serve: (socket: Socket) => void): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * Sends noise both ways through one forwarder per journey, all at once: client, accepted socket, dialled socket, target.
 * With a TLS context the accepted side speaks TLS.
 */
export async function travel(journeys: readonly Journey[], tls: SecureContext | null = null): Promise<Arrival[]> {
  const sockets = new Set<Socket>();
  const track = <S extends Socket>(socket: S): S => {
    sockets.add(socket);
    return socket;
  };
  let fail!: (error: Error) => void;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const guard = (socket: Socket): Socket => track(socket.on('error', fail));
  const accepted: ((socket: Socket) => void)[] = [];
  const targets = await listen((socket) => accepted.shift()!(socket));
  const bridges: ((socket: Socket) => void)[] = [];
  const front = await listen((socket) => bridges.shift()!(socket));
  const timers: NodeJS.Timeout[] = [];

  const one = async (journey: Journey): Promise<Arrival[]> => {
    const { seed, client, target, relax } = journey;
    const up = noise(seed, sum(client.writes));
    const down = noise(seed + 1, sum(target.writes));
    const atBridge = new Promise<Socket>((resolve) => bridges.push(resolve));
    const plain = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const near = guard(tls ? connectTls({ socket: track(plain), rejectUnauthorized: false }) : plain);
    const raw = await atBridge;
    const inside = guard(tls ? new TLSSocket(track(raw), { isServer: true, secureContext: tls }) : raw);
    if (tls) await Promise.all([once(near, 'secureConnect'), once(inside, 'secure')]);
    const atTarget = new Promise<Socket>((resolve) => accepted.push(resolve));
    const dialled = SocketReader.forDial();
    const outside = guard(
      connect({ port: targets.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true, onread: dialled.onread }),
    );
    outside.pause();
    dialled.attach(outside);
    await once(outside, 'connect');
    const far = guard(await atTarget);

    const reader = SocketReader.forAccepted(inside);
    if (!(reader instanceof SocketReader)) throw new Error('this Node has no shared read buffers');
    reader.start(new Forwarder(reader, outside));
    dialled.start(new Forwarder(dialled, inside));
    if (relax) {
      timers.push(
        setInterval(() => {
          reader.relax();
          dialled.relax();
        }, 3),
      );
    }
    const [atNear, atFar] = await Promise.all([act(near, client, up), act(far, target, down)]);
    return [
      { expected: sha256(flip(up)), arrived: atFar },
      { expected: sha256(flip(down)), arrived: atNear },
    ];
  };

  try {
    // One after the other connects, so that each finds its partner; all of them talk at the same time.
    const running: Promise<Arrival[]>[] = [];
    for (const journey of journeys) {
      running.push(one(journey));
      await rest(2);
    }
    return (await Promise.race([Promise.all(running), failed])).flat();
  } finally {
    for (const timer of timers) clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    await Promise.all([targets.close(), front.close()]);
  }
}
