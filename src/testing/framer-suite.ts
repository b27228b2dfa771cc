import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import type { PluginFramer, PluginMessage } from '../plugin/api.ts';
import type { RegisterTest } from './register.ts';

/** A stream of a target, and the messages that it is. */
export interface FramedStream {
  readonly stream: Uint8Array | string;
  readonly messages: readonly PluginMessage[];
}

export interface FramerSetup {
  /** Registers a test with the runner that is used. */
  readonly test: RegisterTest;
  /** Makes the framer of one session. Every test makes its own, and disposes it. */
  create(): PluginFramer;
  /** Streams that end where a message does, and some that do not. */
  readonly streams: readonly FramedStream[];
  /** A long stream, of a megabyte or so; it is given byte by byte, which takes for ever where each byte costs a look at all. */
  readonly long?: FramedStream;
}

/** How long the long stream may take, in ms: many times what it should. */
const PATIENCE = 20_000;
/** Bytes that streams are cut into, in turn. */
const PIECES = [1, 2, 3, 5, 8, 13, 1000, 65_536];

/** Registers what holds for every framer whose messages do not depend on how its stream arrives. */
export function describeFramer(name: string, setup: FramerSetup): void {
  const { test, streams, long } = setup;

  const register = (title: string, body: (create: () => PluginFramer) => void): void => {
    test(`${name} ${title}`, async () => {
      const made: PluginFramer[] = [];
      try {
        body(() => {
          const framer = setup.create();
          made.push(framer);
          return framer;
        });
      } finally {
        for (const framer of made) framer.dispose?.();
      }
    });
  };

  register('gives the messages of a stream, again and again', (create) => {
    assert.ok(streams.length > 0, 'the suite needs a stream');
    for (const { stream, messages } of [...streams, ...streams])
      assert.deepEqual(cut(create(), bytesOf(stream), Infinity), messages.map(shown));
  });

  for (const size of PIECES)
    register(`gives the same messages in pieces of ${size}`, (create) => {
      for (const { stream, messages } of streams)
        assert.deepEqual(cut(create(), bytesOf(stream), size), messages.map(shown));
    });

  register('gives the same messages wherever the stream is cut in two', (create) => {
    for (const { stream, messages } of streams) {
      const bytes = bytesOf(stream);
      for (let at = 1; at < Math.min(bytes.length, 300); at++)
        assert.deepEqual(cutAt(create(), bytes, at), messages.map(shown), `cut behind ${at} bytes`);
    }
  });

  register('leaves the bytes as they are', (create) => {
    for (const { stream } of streams) {
      const chunk = bytesOf(stream);
      if (chunk.length > 0) create().push(chunk);
      assert.deepEqual(chunk, bytesOf(stream));
    }
  });

  register('keeps sessions apart', (create) => {
    for (const { stream, messages } of streams) {
      const [one, other] = [create(), create()];
      const [got, also]: [string[], string[]] = [[], []];
      for (const byte of bytesOf(stream)) {
        got.push(...one.push(Buffer.of(byte)).map(shown));
        also.push(...other.push(Buffer.of(byte)).map(shown));
      }
      got.push(...(one.end?.() ?? []).map(shown));
      also.push(...(other.end?.() ?? []).map(shown));
      assert.deepEqual(got, messages.map(shown));
      assert.deepEqual(also, got);
    }
  });

  register('gives messages or an Error for any bytes', (create) => {
    for (let seed = 1; seed <= 40; seed++) {
      const bytes = noise(seed, 2000);
      try {
        for (const message of cut(create(), bytes, 100)) assert.equal(typeof message, 'string');
      } catch (error) {
        assert.ok(error instanceof Error, 'what is thrown is an Error');
        if (error instanceof assert.AssertionError) throw error;
      }
    }
  });

  register('can be disposed in the middle of a message, and twice', (create) => {
    for (const { stream } of streams) {
      const framer = create();
      const bytes = bytesOf(stream);
      if (bytes.length > 1) framer.push(bytes.subarray(0, bytes.length >> 1));
      framer.dispose?.();
      framer.dispose?.();
    }
  });

  if (long)
    register('looks at each byte of a long message a few times only', (create) => {
      const framer = create();
      const start = performance.now();
      const got: string[] = [];
      for (const [at, byte] of bytesOf(long.stream).entries()) {
        got.push(...framer.push(Buffer.of(byte)).map(shown));
        if (at % 1000 === 0) assert.ok(performance.now() - start < PATIENCE, `it has come no further than byte ${at}`);
      }
      got.push(...(framer.end?.() ?? []).map(shown));
      assert.deepEqual(got, long.messages.map(shown));
    });
}

function bytesOf(stream: Uint8Array | string): Buffer {
  return Buffer.from(stream as Uint8Array);
}

/** Puts a stream through a framer in pieces of one size. */
function cut(framer: PluginFramer, bytes: Buffer, size: number): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length; at += size)
    messages.push(...framer.push(Buffer.from(bytes.subarray(at, at + size))).map(shown));
  return [...messages, ...(framer.end?.() ?? []).map(shown)];
}

/** Puts a stream through a framer in two pieces. */
function cutAt(framer: PluginFramer, bytes: Buffer, at: number): string[] {
  return [bytes.subarray(0, at), bytes.subarray(at)]
    .flatMap((piece) => framer.push(Buffer.from(piece)).map(shown))
    .concat((framer.end?.() ?? []).map(shown));
}

/** A message as text that says all of it. Fails for one that no client would take. */
function shown({ type, data }: PluginMessage): string {
  assert.ok(type === 'text' || type === 'binary', "a message is 'text' or 'binary'");
  assert.ok(typeof data === 'string' || data instanceof Uint8Array, 'data is a text or bytes');
  const bytes = bytesOf(data);
  if (type === 'text') assert.ok(isUtf8(bytes), 'a text is valid UTF-8');
  return `${type} ${bytes.toString('latin1')}`;
}

/** Bytes by chance, the same in every run. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed * 2_654_435_761;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
