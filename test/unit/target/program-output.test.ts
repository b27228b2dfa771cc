import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ProgramOutput } from '../../../src/target/program-output.ts';

/** Reads a stream to its end and gives the lines. */
async function linesOf(stream: Readable): Promise<string[]> {
  const lines: string[] = [];
  await new ProgramOutput(stream, (line) => lines.push(line)).ended;
  return lines;
}

/** A stream that gives pieces as a pipe would. */
function pieces(...texts: readonly (string | Buffer)[]): Readable {
  return Readable.from(
    texts.map((text) => Buffer.from(text)),
    { objectMode: false },
  );
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the output of a program', () => {
  test.each([
    ['whole lines', ['one\ntwo\n'], ['one', 'two']],
    ['lines in pieces', ['on', 'e\nt', 'wo\n'], ['one', 'two']],
    ['a last line without an end', ['one\ntwo'], ['one', 'two']],
    ['an end split between pieces', ['one\r', '\ntwo\r'], ['one', 'two']],
    ['empty lines', ['\n\none\n'], ['', '', 'one']],
    ['nothing', [], []],
  ])('is cut into lines: %s', async (_what, texts, expected) => {
    expect(await linesOf(pieces(...texts))).toEqual(expected);
  });

  test('keeps characters whole, byte by byte', async () => {
    const bytes = Buffer.from('grüße\n日本');
    expect(await linesOf(pieces(...Array.from(bytes, (byte) => Buffer.from([byte]))))).toEqual(['grüße', '日本']);
  });

  test('has long lines cut', async () => {
    expect(await linesOf(pieces('x'.repeat(2000), 'y\n', 'z'.repeat(2000), '\n'))).toEqual([
      `${'x'.repeat(2000)}…`,
      'z'.repeat(2000),
    ]);
  });

  test('is all handed on, however much there is when the stream ends', async () => {
    const text = Array.from({ length: 500 }, (_, index) => `${index}\n`).join('');
    const lines = await linesOf(pieces(text));
    expect(lines).toHaveLength(500);
    expect(lines.at(-1)).toBe('499');
  });

  test('waits in the stream while it comes too fast', async () => {
    const stream = new PassThrough({ highWaterMark: 1024 });
    let lines = 0;
    const output = new ProgramOutput(stream, () => (lines += 1));
    stream.write('x\n'.repeat(2000));
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toBeLessThanOrEqual(100);
    expect(lines).toBeGreaterThan(0);
    output.hurry();
    stream.end();
    await output.ended;
    expect(lines).toBe(2000);
  });

  test.each([1, 7, 50, 99])('is no faster in pieces of %d lines', async (size) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stream = new PassThrough();
    let lines = 0;
    const output = new ProgramOutput(stream, () => (lines += 1));
    const feed = async (): Promise<void> => {
      for (let piece = 0; piece < 300; piece += 1) {
        stream.write('x\n'.repeat(size));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await feed();
    const first = lines;
    expect(first).toBeGreaterThan(size === 1 ? 90 : 95);
    expect(first).toBeLessThanOrEqual(100);
    vi.advanceTimersByTime(10);
    await feed();
    expect(lines).toBeGreaterThan(first);
    expect(lines).toBeLessThanOrEqual(200);
    output.close();
  });

  test('pauses for the whole time after a batch that filled slowly', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stream = new PassThrough();
    let lines = 0;
    const output = new ProgramOutput(stream, () => (lines += 1));
    const write = async (count: number): Promise<void> => {
      stream.write('x\n'.repeat(count));
      await new Promise((resolve) => setImmediate(resolve));
    };
    await write(1);
    vi.advanceTimersByTime(9);
    await write(500);
    const full = lines;
    expect(full).toBeLessThanOrEqual(100);
    vi.advanceTimersByTime(9);
    expect(lines).toBe(full);
    vi.advanceTimersByTime(1);
    expect(lines).toBeGreaterThan(full);
    output.close();
  });

  test('leaves no timer behind once it is quiet', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stream = new PassThrough();
    const output = new ProgramOutput(stream, () => {});
    stream.write('one\n');
    await new Promise((resolve) => setImmediate(resolve));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10);
    expect(vi.getTimerCount()).toBe(0);
    output.close();
  });

  test('is let go of at once, with nothing handed on later', async () => {
    const stream = new PassThrough();
    const lines: string[] = [];
    const output = new ProgramOutput(stream, (line) => lines.push(line));
    stream.write('x\n'.repeat(500));
    await new Promise((resolve) => setImmediate(resolve));
    const before = lines.length;
    output.close();
    await output.ended;
    expect(stream.destroyed).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(lines).toHaveLength(before);
  });

  test('ends with a stream that breaks', async () => {
    const stream = new PassThrough();
    const lines: string[] = [];
    const output = new ProgramOutput(stream, (line) => lines.push(line));
    stream.write('before\n');
    await new Promise((resolve) => setImmediate(resolve));
    stream.destroy(new Error('broken'));
    await output.ended;
    expect(lines).toEqual(['before']);
  });
});
