import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEADROOM, StreamReader, type ByteSink } from '../../src/stream/byte-reader.ts';
import { ByteWriter } from '../../src/stream/byte-writer.ts';
import { isSocket, SocketReader } from '../../src/stream/socket-reader.ts';
import { Connection } from '../../src/websocket/connection.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { makeCertificate } from '../support/certificates.ts';
import { suite } from '../support/packages.ts';
import { sleep, until } from '../support/wait.ts';
import { clientFrame } from '../unit/websocket/client-frames.ts';
import { noise, travel, type Behaviour, type Journey } from './relay-sockets.ts';

/** Sizes around what the reader treats differently: single bytes, small frames, the bulk limit, more than a buffer. */
const size = fc.oneof(
  fc.constantFrom(1, 2, 64, 1000, 12_287, 12_288, 65_535, 65_536, 65_537, 200_000),
  fc.integer({ min: 1, max: 20_000 }),
);
const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  writes: fc.array(size, { minLength: 1, maxLength: 12 }),
  pace: fc.constantFrom(0, 0, 1),
  rest: fc.constantFrom(0, 0, 1, 3),
});
const journeys = (most: number): fc.Arbitrary<Journey[]> =>
  fc.array(
    fc.record({ seed: fc.integer({ min: 1, max: 1e6 }), client: behaviour, target: behaviour, relax: fc.boolean() }),
    { minLength: 1, maxLength: most },
  );

describe('sockets read through shared memory', () => {
  it('deliver every byte of every connection to its own sink and nobody else', async () => {
    await fc.assert(
      fc.asyncProperty(journeys(8), async (all) => {
        for (const { arrived, expected } of await travel(all)) expect(arrived).toBe(expected);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  }, 60_000);

  it('do so with thirty busy connections at once and readers that rest', async () => {
    const all = Array.from({ length: 30 }, (_, index): Journey => {
      const writes = index % 3 === 0 ? Array.from({ length: 200 }, () => 7) : [300_000, 1, 50_000, 10, 400_000];
      return {
        seed: 2 * index + 1,
        client: { writes, pace: 0, rest: index % 2 },
        target: { writes: [100_000, 3, 3, 3, 200_000], pace: index % 4 === 0 ? 1 : 0, rest: index % 5 },
        relax: index % 2 === 0,
      };
    });
    for (const { arrived, expected } of await travel(all)) expect(arrived).toBe(expected);
  }, 60_000);
});

suite('TLS sockets read through shared memory', { needs: ['openssl'] }, () => {
  it('deliver every byte of every connection to its own sink and nobody else', async () => {
    const context = createSecureContext(makeCertificate());
    await fc.assert(
      fc.asyncProperty(journeys(5), async (all) => {
        for (const { arrived, expected } of await travel(all, context)) expect(arrived).toBe(expected);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  }, 60_000);

  it('lose nothing of what is decrypted already when the reading stops for the dial', async () => {
    const context = createSecureContext(makeCertificate());
    const [near, raw] = await pair();
    const inside = new TLSSocket(raw, { isServer: true, secureContext: context });
    const client = connectTls({ socket: near, rejectUnauthorized: false });
    atTestEnd(() => client.destroy());
    await Promise.all([once(client, 'secureConnect'), once(inside, 'secure')]);
    const connection = new Connection(
      SocketReader.forAccepted(inside),
      new ByteWriter(inside, true),
      Buffer.alloc(0),
      65_536,
    );
    connection.watch({ onClose: () => {}, onPeerEnd: () => {} });
    const sent = noise(1, 300_000);
    client.write(clientFrame({ opcode: 2, payload: sent }));
    await sleep(50);
    const got: Buffer[] = [];
    connection.start(
      {
        onData: (buffer, start, end) => got.push(Buffer.from(buffer.subarray(start, end))),
        onChunk: () => false,
        onPong: () => {},
        onClose: () => {},
        onPeerEnd: () => {},
        onError: (error) => got.push(Buffer.from(error.message)),
      },
      0,
    );
    await until('everything has come', () => Buffer.concat(got).length >= sent.length);
    expect(Buffer.concat(got).equals(sent)).toBe(true);
  });
});

/** Two connected sockets of loopback: one dialled, one accepted. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', allowHalfOpen: true });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  server.close();
  for (const socket of [near, accepted]) {
    socket.on('error', () => {});
    atTestEnd(() => socket.destroy());
  }
  return [near, accepted];
}

interface Handle {
  useUserBuffer(memory: Buffer): void;
}

/** Node's own object behind a socket. */
function handleOf(socket: Socket): Handle {
  return Reflect.get(socket, '_handle') as Handle;
}

/** Collects what it is given, and in which memory it lay. */
class Log implements ByteSink {
  readonly chunks: Buffer[] = [];
  readonly memories: Buffer[] = [];
  ends = 0;
  keep = false;
  headroom = -1;
  onBytes(buffer: Buffer, start: number, end: number, headroom: number, mayKeep: boolean): boolean {
    this.headroom = headroom;
    this.memories.push(buffer);
    this.chunks.push(Buffer.from(buffer.subarray(start, end)));
    return this.keep && mayKeep;
  }
  onEnd(): void {
    this.ends++;
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** Lets the event loop turn until something holds, without a pause that would add up. */
async function turnsUntil(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('nothing more came');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Reads what `near` sends: bulk, which makes the reader take memory of its own. */
async function bulk(near: Socket, log: Log): Promise<void> {
  const before = log.bytes.length;
  near.write(Buffer.alloc(500_000, 'b'));
  await until('it has come', () => log.bytes.length === before + 500_000);
}

async function small(near: Socket, log: Log, text: string): Promise<void> {
  const before = log.bytes.length;
  near.write(text);
  await until('it has come', () => log.bytes.length === before + text.length);
  expect(log.bytes.subarray(before).toString()).toBe(text);
}

describe('a reader of accepted sockets', () => {
  it('shares its memory with others while it is quiet, and has its own while it is busy', async () => {
    const [[near1, far1], [near2, far2]] = [await pair(), await pair()];
    const [log1, log2] = [new Log(), new Log()];
    const [reader1, reader2] = [SocketReader.forAccepted(far1), SocketReader.forAccepted(far2)];
    reader1.start(log1);
    reader2.start(log2);
    await small(near1, log1, 'one');
    await small(near2, log2, 'two');
    expect([log1.headroom, log2.headroom]).toEqual([HEADROOM, HEADROOM]);
    expect(log1.memories[0]).toBe(log2.memories[0]);
    const shared = log1.memories[0];
    await bulk(near1, log1);
    expect(log1.memories.at(-1)).not.toBe(shared);
    const own = log1.memories.at(-1);
    await small(near1, log1, 'still its own');
    expect(log1.memories.at(-1)).toBe(own);
    await small(near2, log2, 'still shared');
    expect(log2.memories.at(-1)).toBe(shared);
    // The first look finds it busy, the second one quiet.
    reader1.relax();
    await small(near1, log1, 'busy a moment ago');
    expect(log1.memories.at(-1)).toBe(own);
    reader1.relax();
    await small(near1, log1, 'quiet');
    expect(log1.memories.at(-1)).toBe(shared);
    await bulk(near1, log1);
    expect(log1.memories.at(-1)).not.toBe(shared);
  });

  it('takes fresh memory for every read that its sink keeps', async () => {
    const [near, far] = await pair();
    const log = new Log();
    const reader = SocketReader.forAccepted(far);
    reader.start(log);
    await bulk(near, log);
    log.keep = true;
    const from = log.memories.length;
    await small(near, log, 'a');
    await small(near, log, 'b');
    await small(near, log, 'c');
    const kept = log.memories.slice(from);
    expect(new Set(kept).size).toBe(kept.length);
    log.keep = false;
    await small(near, log, 'd');
    expect(kept).not.toContain(log.memories.at(-1));
  });

  it('gives memory back for a reader that comes later when its socket closes', async () => {
    const [near, far] = await pair();
    const log = new Log();
    SocketReader.forAccepted(far).start(log);
    await bulk(near, log);
    const own = log.memories.at(-1);
    far.destroy();
    await once(far, 'close');
    const [near2, far2] = await pair();
    const log2 = new Log();
    SocketReader.forAccepted(far2).start(log2);
    await bulk(near2, log2);
    expect(log2.memories).toContain(own);
  });

  it('delivers nothing between pause and resume, also from inside the sink', async () => {
    const [near, far] = await pair();
    const reader = SocketReader.forAccepted(far);
    const log = new Log();
    reader.start({
      onBytes: (...args) => {
        reader.pause();
        return log.onBytes(...args);
      },
      onEnd: () => log.onEnd(),
    });
    near.end(Buffer.alloc(300_000, 'x'));
    await until('a chunk has come', () => log.chunks.length > 0);
    await sleep(30);
    expect(log.chunks).toHaveLength(1);
    expect(log.ends).toBe(0);
    while (log.bytes.length < 300_000) {
      const before = log.chunks.length;
      reader.resume();
      await until('the next has come', () => log.chunks.length > before);
    }
    reader.resume();
    await until('the end has come', () => log.ends === 1);
    expect(log.bytes.equals(Buffer.alloc(300_000, 'x'))).toBe(true);
  });

  it('reads nothing before its start when it was paused at once', async () => {
    const [near, far] = await pair();
    const reader = SocketReader.forAccepted(far);
    reader.pause();
    near.end('early');
    await sleep(30);
    const log = new Log();
    reader.start(log);
    await until('the end has come', () => log.ends === 1);
    expect(log.bytes.toString()).toBe('early');
  });

  it('tells an end that had come before its start', async () => {
    const [near, far] = await pair();
    near.end();
    far.resume();
    await once(far, 'end');
    const log = new Log();
    SocketReader.forAccepted(far).start(log);
    await until('the end has come', () => log.ends === 1);
    expect(log.ends).toBe(1);
  });

  it("falls back to 'data' events where the socket cannot read into given memory", async () => {
    const [near, far] = await pair();
    Object.defineProperty(handleOf(far), 'useUserBuffer', { value: undefined });
    const reader = SocketReader.forAccepted(far);
    expect(reader).toBeInstanceOf(StreamReader);
    const log = new Log();
    reader.start(log);
    await bulk(near, log);
    await small(near, log, 'and on');
    reader.relax();
    near.end();
    await until('the end has come', () => log.ends === 1);
  });

  it('falls back for a socket that is closed already', async () => {
    const [, far] = await pair();
    far.destroy();
    await once(far, 'close');
    expect(SocketReader.forAccepted(far)).toBeInstanceOf(StreamReader);
  });

  it('costs the handle a bounded number of buffers, however often it is told to relax', async () => {
    const [near, far] = await pair();
    const reader = SocketReader.forAccepted(far);
    const handle = handleOf(far);
    const use = handle.useUserBuffer.bind(handle);
    let told = 0;
    handle.useUserBuffer = (memory) => {
      told++;
      use(memory);
    };
    const log = new Log();
    let total = 0;
    reader.start({
      onBytes: (_buffer, start, end) => {
        total += end - start;
        return false;
      },
      onEnd: () => log.onEnd(),
    });
    const block = Buffer.alloc(40_000, 'x');
    for (let i = 1; i <= 600; i++) {
      near.write(block);
      await turnsUntil(() => total >= i * block.length);
      reader.relax();
      reader.relax();
    }
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThanOrEqual(200);
  });
});

describe('a slow sink', () => {
  it('does not pin a read buffer for every byte that waits', async () => {
    const [near, far] = await pair();
    const [slow, out] = await pair();
    slow.pause();
    const reader = SocketReader.forAccepted(far);
    const writer = new ByteWriter(out, isSocket(out));
    const chunks = new Set<Buffer>();
    let total = 0;
    let pinned = 0;
    reader.start({
      onBytes: (buffer, start, end, _headroom, mayKeep) => {
        total += end - start;
        const kept = writer.write(buffer, start, end, mayKeep);
        if (kept) {
          chunks.add(buffer);
          pinned += buffer.length;
        }
        return kept;
      },
      onEnd: () => {},
    });
    // Bulk first: fills the kernel's buffers and gives the reader memory of its own.
    const first = 8_000_000;
    near.write(Buffer.alloc(first));
    await until('the bulk has come', () => total === first);
    expect(writer.queued).toBeGreaterThan(0);
    const before = { queued: writer.queued, pinned };
    for (let i = 1; i <= 300; i++) {
      near.write('x');
      await turnsUntil(() => total >= first + i);
    }
    expect(writer.queued).toBe(before.queued + 300);
    expect(pinned - before.pinned).toBeLessThan(3 * 65_552);
    expect(writer.congested(before.queued + 400)).toBe(true);
  });
});
