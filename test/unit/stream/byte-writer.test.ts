import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { ByteWriter } from '../../../src/stream/byte-writer.ts';

/** A sink that takes writes one by one, when it is told to. */
class Gate extends Writable {
  readonly taken: Buffer[] = [];
  open = false;
  #done: (() => void) | null = null;
  constructor(highWaterMark = 16_384) {
    super({ highWaterMark });
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.taken.push(chunk);
    if (this.open) done();
    else this.#done = done;
  }
  /** Takes everything that waits and all that follows. */
  release(): void {
    this.open = true;
    const done = this.#done;
    this.#done = null;
    done?.();
  }
  get bytes(): Buffer {
    return Buffer.concat(this.taken);
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const memoryOf = (chunks: readonly Buffer[]): number =>
  [...new Set(chunks.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);

describe('a writer', () => {
  it('copies memory that it may not keep', () => {
    const gate = new Gate();
    const source = Buffer.from('..abc..');
    expect(new ByteWriter(gate, true).write(source, 2, 5, false)).toBe(false);
    source.fill('x');
    expect(gate.bytes.toString()).toBe('abc');
  });

  it('gives memory back at once when a socket has taken it', () => {
    const gate = new Gate();
    gate.open = true;
    const source = Buffer.alloc(65_536, 'a');
    expect(new ByteWriter(gate, true).write(source, 0, source.length, true)).toBe(false);
    expect(gate.taken[0]!.buffer).toBe(source.buffer);
  });

  it('keeps memory that waits, and memory of a stream that may still hold it', () => {
    const source = Buffer.alloc(65_536, 'a');
    expect(new ByteWriter(new Gate(), true).write(source, 16, source.length, true)).toBe(true);
    const gate = new Gate();
    gate.open = true;
    expect(new ByteWriter(gate, false).write(source, 16, source.length, true)).toBe(true);
  });

  it.each([
    ['a socket', true],
    ['another stream', false],
  ])('holds no large buffers for small pieces that wait for %s', (_name, releases) => {
    const gate = new Gate();
    const writer = new ByteWriter(gate, releases);
    const pieces: Buffer[] = [];
    for (let i = 0; i < 100; i++) {
      // As a reader does: a buffer that was kept is replaced.
      const buffer = Buffer.allocUnsafeSlow(65_552).fill(i);
      pieces.push(Buffer.alloc(10, i));
      if (!writer.write(buffer, 16, 26, true)) buffer.fill('x');
    }
    const waiting = [...gate.taken];
    gate.release();
    waiting.push(...gate.taken);
    expect(gate.bytes.equals(Buffer.concat(pieces))).toBe(true);
    expect(memoryOf(waiting)).toBeLessThan(3 * 65_552);
  });

  it('writes two pieces behind each other', () => {
    const gate = new Gate();
    gate.open = true;
    new ByteWriter(gate, true).writePair(Buffer.from('head'), Buffer.from('body'));
    expect(gate.bytes.toString()).toBe('headbody');
  });

  it('drops what is written after the end', () => {
    const gate = new Gate();
    const writer = new ByteWriter(gate, true);
    gate.end();
    expect(writer.open).toBe(false);
    expect(writer.write(Buffer.from('late'), 0, 4, true)).toBe(false);
    writer.writePair(Buffer.from('a'), Buffer.from('b'));
    expect(writer.queued).toBe(0);
  });
});

describe('congestion', () => {
  it('is more than the mark in the queue, and ends with a drain', async () => {
    const gate = new Gate(1000);
    const writer = new ByteWriter(gate, true);
    let drains = 0;
    writer.onDrain = () => drains++;
    writer.write(Buffer.alloc(5000), 0, 5000, true);
    expect(writer.congested(6000)).toBe(false);
    writer.write(Buffer.alloc(1001), 0, 1001, true);
    expect(writer.congested(6000)).toBe(true);
    gate.release();
    await settle();
    expect(writer.congested(6000)).toBe(false);
    expect(drains).toBe(1);
  });

  it('also obeys a mark below that of the stream', async () => {
    const gate = new Gate(65_536);
    const writer = new ByteWriter(gate, true);
    let drains = 0;
    writer.onDrain = () => drains++;
    writer.write(Buffer.alloc(2000), 0, 2000, true);
    expect(writer.congested(1000)).toBe(true);
    expect(writer.congested(1000)).toBe(true);
    gate.release();
    await settle();
    expect(drains).toBe(1);
    expect(writer.congested(1000)).toBe(false);
    expect(gate.bytes).toHaveLength(2000);
  });

  it('counts what each small write costs, not only its byte', async () => {
    const gate = new Gate(16_384);
    const writer = new ByteWriter(gate, true);
    let drains = 0;
    writer.onDrain = () => drains++;
    let writes = 0;
    while (!writer.congested(256 * 1024) && writes < 100_000) {
      writer.write(Buffer.alloc(1), 0, 1, true);
      writes++;
    }
    expect(writes).toBeGreaterThan(100);
    expect(writes).toBeLessThan(3000);
    gate.release();
    await settle();
    expect(drains).toBe(1);
    expect(gate.bytes).toHaveLength(writes);
    expect(writer.congested(256 * 1024)).toBe(false);
  });

  it('asks nothing of a stream that may give each write a meaning', () => {
    const gate = new Gate(16_384);
    const writer = new ByteWriter(gate, false);
    writer.write(Buffer.alloc(2000), 0, 2000, true);
    writer.congested(1000);
    gate.release();
    expect(gate.taken.every((chunk) => chunk.length > 0)).toBe(true);
  });

  it('probes a socket by an empty write, and only when nothing waits', () => {
    const socket = new Socket();
    const written = vi.spyOn(socket, 'write').mockReturnValue(true);
    const waiting = vi.spyOn(socket, 'writableLength', 'get').mockReturnValue(5);
    const writer = new ByteWriter(socket, true);
    expect(writer.probe()).toBe(true);
    expect(written).not.toHaveBeenCalled();
    waiting.mockReturnValue(0);
    expect(writer.probe()).toBe(true);
    expect(written.mock.calls).toEqual([[Buffer.alloc(0)]]);
    socket.destroy();
  });

  it('cannot probe what is not a socket', () => {
    const gate = new Gate();
    expect(new ByteWriter(gate, false).probe()).toBe(false);
    expect(gate.taken).toEqual([]);
  });
});
