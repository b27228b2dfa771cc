import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { finishStream } from '../../../src/stream/finish-stream.ts';
import { duplexPair } from '../../support/duplex-pair.ts';

const TIMES = { stall: 1000, linger: 300 };

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Lets streams do what they have queued with process.nextTick. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('finishing a stream', () => {
  it('writes what is queued, sends FIN, and closes when the other side ends', async () => {
    const [near, far] = duplexPair();
    const got: Buffer[] = [];
    near.write('last words');
    finishStream(near, TIMES);
    far.on('data', (chunk: Buffer) => got.push(chunk));
    far.on('end', () => far.end());
    near.resume();
    await settle();
    expect(Buffer.concat(got).toString()).toBe('last words');
    expect(near.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('destroys it when the other side does not end within the linger time', async () => {
    const [near, far] = duplexPair();
    let fin = false;
    far.resume().on('end', () => (fin = true));
    near.resume();
    finishStream(near, TIMES);
    await settle();
    expect(fin).toBe(true);
    vi.advanceTimersByTime(299);
    expect(near.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(near.destroyed).toBe(true);
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lingers from the moment when everything is written, however slow the reader', async () => {
    const [near, far] = duplexPair({ highWaterMark: 10 });
    for (let i = 0; i < 8; i++) near.write(Buffer.alloc(10));
    near.resume();
    finishStream(near, TIMES);
    let reads = 0;
    while (!near.writableFinished) {
      vi.advanceTimersByTime(900);
      expect(near.destroyed).toBe(false);
      far.read(10);
      reads++;
      await settle();
    }
    expect(reads).toBeGreaterThan(4);
    vi.advanceTimersByTime(299);
    expect(near.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(near.destroyed).toBe(true);
  });

  it('destroys it when nothing is taken for the stall time', async () => {
    const [near] = duplexPair({ highWaterMark: 10 });
    near.write(Buffer.alloc(100));
    finishStream(near, TIMES);
    await settle();
    vi.advanceTimersByTime(999);
    expect(near.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(near.destroyed).toBe(true);
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait for ever when everything was written before', async () => {
    const [near, far] = duplexPair();
    far.resume();
    near.resume();
    near.end();
    await settle();
    finishStream(near, TIMES);
    vi.advanceTimersByTime(300);
    expect(near.destroyed).toBe(true);
  });

  it('leaves no timer and no trouble when it is told twice, or too late', async () => {
    const [near, far] = duplexPair();
    far.resume().on('end', () => far.end());
    near.resume();
    finishStream(near, TIMES);
    finishStream(near, { stall: 10, linger: 10 });
    await settle();
    expect(near.destroyed).toBe(true);
    finishStream(near, TIMES);
    expect(vi.getTimerCount()).toBe(0);
  });
});
