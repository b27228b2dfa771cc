import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StreamReader, type ByteSink } from '../../../src/stream/byte-reader.ts';
import { duplexPair } from '../../support/duplex-pair.ts';

/** Remembers what it is given. */
class Log implements ByteSink {
  text = '';
  ends = 0;
  /** The terms on which it was given bytes. */
  readonly terms = new Set<string>();
  onBytes(buffer: Buffer, start: number, end: number, headroom: number, mayKeep: boolean): boolean {
    this.terms.add(`headroom ${headroom}, ${mayKeep ? 'to keep' : 'to copy'}`);
    this.text += buffer.toString('latin1', start, end);
    return true;
  }
  onEnd(): void {
    this.ends++;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a reader of streams', () => {
  it('reads nothing before it is started, then everything and the end', async () => {
    const [near, far] = duplexPair({ octets: true });
    const [reader, log] = [new StreamReader(near), new Log()];
    far.end('hello');
    await settle();
    expect(log.text).toBe('');
    reader.start(log);
    await settle();
    expect(log).toMatchObject({ text: 'hello', ends: 1 });
    expect([...log.terms]).toEqual(['headroom 0, to keep']);
  });

  it('delivers nothing after it was paused, also from inside the sink', async () => {
    const [near, far] = duplexPair({ octets: true });
    const [reader, log] = [new StreamReader(near), new Log()];
    reader.start({
      onBytes: (...args) => {
        reader.pause();
        return log.onBytes(...args);
      },
      onEnd: () => log.onEnd(),
    });
    far.end('abc');
    await settle();
    expect(log.text).toBe('a');
    reader.resume();
    await settle();
    expect(log.text).toBe('ab');
    reader.resume();
    await settle();
    reader.resume();
    await settle();
    expect(log).toMatchObject({ text: 'abc', ends: 1 });
  });

  it('hands everything to the latest sink, each byte to one only', async () => {
    const [near, far] = duplexPair();
    const [reader, one, two] = [new StreamReader(near), new Log(), new Log()];
    reader.start(one);
    far.write('one');
    await settle();
    reader.start(two);
    far.end('two');
    await settle();
    expect([one, two]).toMatchObject([
      { text: 'one', ends: 0 },
      { text: 'two', ends: 1 },
    ]);
    expect(near.listenerCount('data')).toBe(1);
  });

  it('tells the end of a stream that had ended before it was started', async () => {
    const stream = new PassThrough({ autoDestroy: false });
    const [reader, log] = [new StreamReader(stream), new Log()];
    stream.resume().end();
    await settle();
    expect(stream.readableEnded).toBe(true);
    reader.start(log);
    await settle();
    expect(log.ends).toBe(1);
  });
});
