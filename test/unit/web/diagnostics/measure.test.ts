import { Duplex, Transform } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { EchoStream } from '../../../../src/target/echo.ts';
import { LoadServer } from '../../../../src/target/load.ts';
import { Conversation, ConversationEnded } from '../../../../src/web/diagnostics/conversation.ts';
import { deferred } from '../../../../src/web/diagnostics/deferred.ts';
import type { TargetKind } from '../../../../src/web/diagnostics/identify.ts';
import { clockStep, measureLatency, WARM_UP } from '../../../../src/web/diagnostics/latency.ts';
import { type LoadCounts, type LoadOptions, noCounts, runLoadTest } from '../../../../src/web/diagnostics/load-test.ts';
import { type Arrived, type Direction, measureThroughput } from '../../../../src/web/diagnostics/throughput.ts';
import { type Pieces, socketOf } from './socket-of.ts';

const never = new AbortController().signal;

/** A conversation with a built-in server after it has been found out: the greeting has been read. */
async function talkTo(kind: TargetKind, pieces: Pieces = 'whole'): Promise<Conversation> {
  return greeted(kind === 'load' ? new LoadServer() : new EchoStream(), kind, pieces);
}

async function greeted(duplex: Duplex, kind: TargetKind, pieces: Pieces = 'whole'): Promise<Conversation> {
  const link = new Conversation(socketOf(duplex, pieces));
  if (kind === 'load')
    await new Promise<void>((resolve) => {
      link.listen((bytes) => {
        if (bytes.includes(10)) resolve();
      });
    });
  return link;
}

/** A target whose answers pass through `change`. */
function altered(kind: TargetKind, change: (chunk: Buffer) => Buffer): Duplex {
  const server = kind === 'load' ? new LoadServer() : new EchoStream();
  const answers = server.pipe(
    new Transform({ transform: (chunk: Buffer, _encoding, done) => done(null, change(Buffer.from(chunk))) }),
  );
  return Duplex.from({ readable: answers, writable: server });
}

describe.each(['load', 'echo'] as const)('with %s:', (kind) => {
  describe.each(['whole', 'octets'] as const)('when bytes arrive %s', (pieces) => {
    test('latency is told for each round trip', async () => {
      const link = await talkTo(kind, pieces);
      const samples: number[] = [];
      await measureLatency(link, kind, 100, (ms) => samples.push(ms), never);
      expect(samples.length).toBe(100);
      expect(Math.min(...samples)).toBeGreaterThan(0);
      await link.close();
    });

    test('a load test counts the same on both sides, and no error', async () => {
      const link = await talkTo(kind, pieces);
      const counts = noCounts();
      const options: LoadOptions = { least: 1, most: pieces === 'octets' ? 60 : 3000, rate: 200, seconds: 0.3 };
      await runLoadTest(link, kind, options, counts, never);
      expect(counts).toMatchObject({ errorsHere: 0, errorsThere: 0, errors: [] });
      for (const { messages } of [counts.sent, counts.received]) {
        expect(messages).toBeGreaterThan(0);
        expect(messages).toBeLessThanOrEqual(61);
      }
      expect(kind === 'load' ? counts.sent : counts.received).toEqual(counts.sent);
      await link.close();
    });
  });

  test('a load test without a rate, stopped early, is checked to its end', async () => {
    const link = await talkTo(kind);
    const counts = noCounts();
    const options: LoadOptions = { least: 10, most: 60_000, rate: 0, seconds: 60 };
    await runLoadTest(link, kind, options, counts, AbortSignal.timeout(300));
    expect(counts).toMatchObject({ errorsHere: 0, errorsThere: 0 });
    expect(counts.received.messages).toBeGreaterThan(10);
    await link.close();
  });

  test('a measurement of latency stops when it is told', async () => {
    const link = await talkTo(kind);
    const stop = new AbortController();
    const samples: number[] = [];
    await measureLatency(
      link,
      kind,
      1_000_000,
      (ms) => {
        if (samples.push(ms) === 5) stop.abort();
      },
      stop.signal,
    );
    expect(samples.length).toBe(5);
    await link.close();
  });

  test('the end of the connection ends it', async () => {
    const server = kind === 'load' ? new LoadServer() : new EchoStream();
    const link = await greeted(server, kind);
    setTimeout(() => server.destroy(new Error('The target broke the connection.')), 50);
    const options: LoadOptions = { least: 10, most: 10, rate: 50, seconds: 60 };
    const error = await runLoadTest(link, kind, options, noCounts(), never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConversationEnded);
    expect(error).toMatchObject({ closed: { code: 1011, reason: 'The target broke the connection.' } });
  });
});

describe('throughput', () => {
  test.each<[TargetKind, Direction]>([
    ['load', 'up'],
    ['load', 'down'],
    ['echo', 'both'],
  ])('of %s: %s counts what has arrived', async (kind, direction) => {
    const link = await talkTo(kind);
    const arrived: Arrived = { up: 0, down: 0 };
    const time = await measureThroughput(link, direction, 0.3, arrived, never);
    expect(time).toBeGreaterThanOrEqual(299);
    expect(arrived.up > 0).toBe(direction !== 'down');
    expect(arrived.down > 0).toBe(direction !== 'up');
    expect((arrived.up + arrived.down) % 65_536).toBe(0);
    await link.close();
  });

  test.each<[TargetKind, Direction]>([
    ['load', 'up'],
    ['load', 'down'],
    ['echo', 'both'],
  ])('of %s: %s stops when it is told', async (kind, direction) => {
    const link = await talkTo(kind);
    const time = await measureThroughput(link, direction, 60, { up: 0, down: 0 }, AbortSignal.timeout(100));
    expect(time).toBeLessThan(5000);
    await link.close();
  });

  test.each<[TargetKind, Direction]>([
    ['load', 'up'],
    ['echo', 'both'],
  ])('of %s: %s has something to tell however short it is', async (kind, direction) => {
    const link = await talkTo(kind);
    const arrived: Arrived = { up: 0, down: 0 };
    await measureThroughput(link, direction, 0, arrived, never);
    expect(arrived.up).toBe(65_536);
    await link.close();
  });

  test('that loses bytes is no result', async () => {
    const lossy = altered('load', (chunk) =>
      Buffer.from(chunk.toString('latin1').replace(/counted (\d)/g, 'counted 9$1'), 'latin1'),
    );
    const link = await greeted(lossy, 'load');
    await expect(measureThroughput(link, 'up', 0.1, { up: 0, down: 0 }, never)).rejects.toThrow(/bytes were sent, and/);
  });
});

/** Changes the first byte of the payload of message `number`. */
function damage(number: number): (chunk: Buffer) => Buffer {
  return (chunk) => {
    const line = chunk.indexOf(`data ${number} `);
    const payload = line === -1 ? -1 : chunk.indexOf(10, line) + 1;
    if (payload > 0 && payload < chunk.length) chunk[payload] = chunk[payload]! ^ 1;
    return chunk;
  };
}

describe('what is wrong is found', () => {
  const options: LoadOptions = { least: 500, most: 500, rate: 0, seconds: 0.1 };
  /** A machine that stands still for a while must still get to the message that is changed: hence the time. */
  const run = async (
    kind: TargetKind,
    change: (chunk: Buffer) => Buffer,
    seconds: number = 0.5,
  ): Promise<LoadCounts> => {
    const link = await greeted(altered(kind, change), kind);
    const counts = noCounts();
    await runLoadTest(link, kind, { ...options, seconds }, counts, never);
    await link.close();
    return counts;
  };
  test.each(['load', 'echo'] as const)('by the page: a damaged message of %s:', async (kind) => {
    const counts = await run(kind, damage(3));
    expect(counts).toMatchObject({ errorsHere: 1, errorsThere: 0, errors: ['here: message 3 is damaged'] });
  });

  test('by the page: a message with the wrong number', async () => {
    const counts = await run('load', (chunk) =>
      Buffer.from(chunk.toString('latin1').replace('data 4 ', 'data 7 '), 'latin1'),
    );
    expect(counts.errors).toEqual(['here: message 7 came where 4 was due', 'here: message 5 came where 8 was due']);
  });

  test.each([0, 501, 1e12])('by the page: a message of %d bytes that nobody asked for', async (length) => {
    const change = (chunk: Buffer): Buffer =>
      Buffer.from(chunk.toString('latin1').replace('data 4 500 ', `data 4 ${length} `), 'latin1');
    // That ends it at once.
    await expect(run('load', change, 10)).rejects.toThrow(`A message of ${length} bytes came, where 500 is the most`);
  });

  test('by the page: a message that is cut short counts with what has come of it', async () => {
    const server = new LoadServer();
    let over = false;
    const cut = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const payload = chunk.indexOf(10, Math.max(0, chunk.indexOf('data 0 '))) + 1;
        if (over || !chunk.includes('data 0 ')) return done(null, over ? null : chunk);
        over = true;
        done(null, chunk.subarray(0, payload + 100));
        this.end();
      },
    });
    const link = await greeted(Duplex.from({ readable: server.pipe(cut), writable: server }), 'load');
    const counts = noCounts();
    await expect(runLoadTest(link, 'load', { ...options, rate: 1 }, counts, never)).rejects.toThrow(ConversationEnded);
    expect(counts.received).toEqual({ messages: 0, bytes: 100 });
  });

  test('by the page: a stream of other messages than were asked for', async () => {
    const other = altered('load', (chunk) =>
      Buffer.from(chunk.toString('latin1').replace('bytes 65536\n', 'bytes 99999\n'), 'latin1'),
    );
    const link = await greeted(other, 'load');
    await expect(measureThroughput(link, 'down', 0.2, { up: 0, down: 0 }, never)).rejects.toThrow(
      'A message of 99999 bytes came, where 65536 were wanted',
    );
  });

  test('by the target: a damaged message, and one that is missing', async () => {
    const server = new LoadServer();
    let dropped = false;
    const sieve = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const text = chunk.toString('latin1');
        if (text.startsWith('data 2 ')) {
          dropped = true;
          done();
          return;
        }
        done(null, damage(5)(Buffer.from(chunk)));
      },
    });
    sieve.pipe(server);
    const link = await greeted(Duplex.from({ readable: server, writable: sieve }), 'load');
    const counts = noCounts();
    await runLoadTest(link, 'load', { ...options, rate: 100, seconds: 0.2 }, counts, never);
    expect(dropped).toBe(true);
    expect(counts.errorsHere).toBe(0);
    expect(counts.errors.slice(0, 2)).toEqual(['there: record 3 came where 2 was due', 'there: record 5 was damaged']);
    expect(counts.errors[2]).toMatch(/^there: \d+ messages were sent, \d+ arrived there$/);
    await link.close();
  });

  test('what is neither an answer nor an echo ends the measurement', async () => {
    const link = await greeted(
      altered('echo', () => Buffer.from('who are you?\n')),
      'echo',
    );
    await expect(measureLatency(link, 'echo', 10, () => undefined, never)).rejects.toThrow(
      'Something else came back: who are you?',
    );
  });

  test('more than was sent is no echo', async () => {
    const link = await greeted(
      altered('echo', (chunk) => Buffer.concat([chunk, chunk])),
      'echo',
    );
    await expect(measureThroughput(link, 'both', 5, { up: 0, down: 0 }, never)).rejects.toThrow('More comes back');
  });
});

test('a silence of the target is noticed', async () => {
  const deaf = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const link = new Conversation(socketOf(deaf));
  await expect(link.wait(new Promise(() => undefined), 30)).rejects.toThrow('Nothing came back within 0.03 s');
});

test('a target that is still sending is not silent', async () => {
  const slow = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const link = new Conversation(socketOf(slow));
  let arrived = deferred();
  link.listen(() => arrived.resolve());
  vi.useFakeTimers();
  try {
    const answer = deferred();
    const waiting = link.wait(answer.promise, 1000);
    for (let piece = 0; piece < 4; piece++) {
      await vi.advanceTimersByTimeAsync(900);
      arrived = deferred();
      slow.push('.');
      await arrived.promise;
    }
    answer.resolve();
    expect(await waiting).toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});

test('the warm-up and the clock are told in small numbers', () => {
  expect(WARM_UP).toBeGreaterThan(0);
  expect(clockStep()).toBeGreaterThan(0);
  expect(clockStep()).toBeLessThan(10);
});
