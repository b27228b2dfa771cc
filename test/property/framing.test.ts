import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framing, joined, pieces, run, send, unframer, type Outcome } from '../unit/framing/stream.ts';

const LIMIT = 64;

/** Streams that are full of what framers look for. */
const alphabet = fc.constantFrom(
  ...Array.from(Buffer.from('ab\r\n\0{}[]",:\\ u0019-.eE+truefalsn\x01\x04\x80\xc3\xe2\xff', 'latin1')),
);
const pieceOf = fc.oneof(
  fc.array(alphabet, { maxLength: 300, size: 'max' }).map((bytes) => Uint8Array.from(bytes)),
  fc.uint8Array({ maxLength: 300, size: 'max' }),
  fc.string({ unit: 'binary', maxLength: 80, size: 'max' }).map((text) => new Uint8Array(Buffer.from(text))),
  fc.array(fc.json({ maxDepth: 2 }), { maxLength: 4 }).map((texts) => new Uint8Array(Buffer.from(texts.join('\n')))),
);
/** Messages with lengths in front of them, most of which are right. */
const lengths = fc
  .array(
    fc.record({
      payload: fc.uint8Array({ maxLength: 30 }),
      more: fc.constantFrom(0, 0, 0, 0, 0, 1, -1, 60),
      width: fc.constantFrom(2, 4),
      big: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .chain((messages) =>
    fc.constantFrom(
      messages,
      messages.map((each) => ({ ...each, width: 2, big: true })),
      messages.map((each) => ({ ...each, width: 4, big: false })),
      messages.map((each) => ({ ...each, width: 4, big: true })),
    ),
  )
  .map((messages) => {
    const parts = messages.flatMap(({ payload, more, width, big }) => {
      const field = Buffer.alloc(width);
      const value = Math.max(0, payload.length + more);
      if (big) field.writeUIntBE(value, 0, width);
      else field.writeUIntLE(value, 0, width);
      return [field, payload];
    });
    return new Uint8Array(Buffer.concat(parts));
  });

const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 300, size: 'max' });

/** The framers whose messages do not depend on how the stream arrives. */
const CUTTING: readonly (readonly [name: string, config: string | null])[] = [
  ['separator', 'a'],
  ['separator', '\\r\\n'],
  ['separator', 'aab'],
  ['separator', 'abababc'],
  ['newline', null],
  ['newline', 'crlf'],
  ['newline', 'lfcr'],
  ['newline', 'cr'],
  ['fixedlength', '1'],
  ['fixedlength', '7'],
  ['fixedlength', String(LIMIT)],
  ['dynamic32', null],
  ['dynamic32', 'endian=big'],
  ['dynamic32', 'offset=2,static=3,endian=big'],
  ['dynamic32', 'static=-4'],
  ['length16', null],
  ['length16', 'endian=little'],
  ['length32', null],
  ['json', null],
];

const anything = fc.oneof(pieceOf, lengths);

describe.each(CUTTING)('%s %s', (name, config) => {
  /** Frames of the bounded framer, and the most that it held. */
  const cut = (stream: Uint8Array, ...at: readonly number[]): Outcome & { readonly most: number } => {
    let most = 0;
    const { framer } = framing(name, config, LIMIT);
    const outcome = run(framer, pieces(stream, at), (held) => {
      most = Math.max(most, held);
    });
    return { ...outcome, most };
  };

  it('gives the same messages for every way of cutting the stream, and is bounded', () => {
    fc.assert(
      fc.property(anything, sizes, (stream, at) => {
        const { most: _whole, ...whole } = cut(stream);
        const { most, ...cutUp } = cut(stream, ...at);
        expect(cutUp).toEqual(whole);
        const { most: mostOctets, ...octets } = cut(stream, ...Array.from(stream, () => 1));
        expect(octets).toEqual(whole);
        // A length prefix that is not passed on is not part of the message.
        expect(Math.max(most, mostOctets)).toBeLessThanOrEqual(LIMIT + 4);
      }),
      { numRuns: 300 },
    );
  });

  it('loses nothing and adds nothing', () => {
    fc.assert(
      fc.property(anything, sizes, (stream, at) => {
        const outcome = cut(stream, ...at);
        const text = Buffer.from(stream).toString('latin1');
        expect(isAllThere(name, config, outcome, text)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('gives text only where it is valid UTF-8', () => {
    fc.assert(
      fc.property(anything, sizes, (stream, at) => {
        const texts = cut(stream, ...at).messages.filter((message) => message.startsWith('t'));
        expect(texts.every((message) => isText(message.slice(1)))).toBe(true);
      }),
    );
  });
});

/** Whether the payloads are the stream, as far as it could be cut. */
function isAllThere(name: string, config: string | null, outcome: Outcome, stream: string): boolean {
  if (name.startsWith('length')) return rebuilt(name, config, outcome, stream);
  return outcome.error ? stream.startsWith(joined(outcome)) : joined(outcome) === stream;
}

function isJson(latin1: string): boolean {
  try {
    JSON.parse(Buffer.from(latin1, 'latin1').toString());
    return true;
  } catch {
    return false;
  }
}

/** Whether payloads with their prefixes are the stream, as far as it was whole. */
function rebuilt(name: string, config: string | null, { messages, error }: Outcome, stream: string): boolean {
  const prefix = unframer(name, config, LIMIT);
  const payloads = messages.map((message) => Buffer.from(message.slice(1), 'latin1'));
  const whole = send(
    prefix,
    payloads.map((payload) => [payload]),
  ).toString('latin1');
  if (error !== '' || stream.startsWith(whole)) return stream.startsWith(whole);
  // The stream ended inside the last message, which is what there was of it.
  const width = name === 'length16' ? 2 : 4;
  const before = send(
    prefix,
    payloads.slice(0, -1).map((payload) => [payload]),
  ).toString('latin1');
  return stream.startsWith(before) && stream.slice(before.length + width) === payloads.at(-1)!.toString('latin1');
}

function isText(latin1: string): boolean {
  const bytes = Buffer.from(latin1, 'latin1');
  return Buffer.from(bytes.toString()).equals(bytes);
}

describe('auto', () => {
  it('loses nothing, holds three bytes at most, and tells text from binary', () => {
    fc.assert(
      fc.property(anything, sizes, (stream, at) => {
        const outcome = run(framing('auto').framer, pieces(stream, at), (held) => {
          expect(held).toBeLessThanOrEqual(3);
        });
        expect(joined(outcome)).toBe(Buffer.from(stream).toString('latin1'));
        for (const message of outcome.messages) expect(isText(message.slice(1))).toBe(message.startsWith('t'));
      }),
    );
  });

  it('sends text as text, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60, size: 'max' }), sizes, (text, at) => {
        const outcome = run(framing('auto').framer, pieces(Buffer.from(text), at));
        expect(outcome.messages.every((message) => message.startsWith('t'))).toBe(true);
        expect(Buffer.from(joined(outcome), 'latin1').toString()).toBe(text);
      }),
    );
  });
});

describe('text', () => {
  it('is what a browser would read, wherever it is cut', () => {
    fc.assert(
      fc.property(anything, sizes, (stream, at) => {
        const outcome = run(framing('text').framer, pieces(stream, at));
        expect(outcome.messages.every((message) => message.startsWith('t'))).toBe(true);
        const expected = new TextDecoder('utf-8', { ignoreBOM: true }).decode(stream);
        expect(Buffer.from(joined(outcome), 'latin1').toString()).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('json', () => {
  const values = fc.array(
    fc.tuple(fc.json({ maxDepth: 3, stringUnit: 'binary' }), fc.constantFrom(' ', '\n', '\r\n', '\t ')),
    { minLength: 1, maxLength: 8 },
  );

  it('gives every value as one text, and understands it', () => {
    fc.assert(
      fc.property(values, sizes, (documents, at) => {
        const text = documents.flat().join('');
        const { messages } = run(framing('json').framer, pieces(Buffer.from(text), at));
        const told = messages.map((message) => Buffer.from(message, 'latin1').toString());
        // White space at the very end belongs to no value.
        expect(told.pop()).toBe(`b${documents.at(-1)![1]}`);
        expect(told.every((message) => message.startsWith('t'))).toBe(true);
        const texts = told.map((message) => message.slice(1));
        expect(texts.join('')).toBe(text.slice(0, text.length - documents.at(-1)![1].length));
        expect(texts.map((each) => JSON.parse(each) as unknown)).toEqual(
          documents.map(([each]) => JSON.parse(each) as unknown),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('gives as text only what JSON.parse understands, for any stream', () => {
    fc.assert(
      fc.property(anything, (stream) => {
        const { messages } = run(framing('json').framer, [Buffer.from(stream)]);
        const texts = messages.filter((message) => message.startsWith('t'));
        expect(texts.every((message) => isJson(message.slice(1)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('separator', () => {
  it('cuts where a search of the whole stream would', () => {
    const letters = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 6 }).map((each) => each.join(''));
    const text = fc.array(fc.constantFrom('a', 'b'), { maxLength: 200, size: 'max' }).map((each) => each.join(''));
    fc.assert(
      fc.property(letters, text, sizes, (separator, stream, at) => {
        const { messages } = run(framing('separator', separator).framer, pieces(Buffer.from(stream), at));
        const expected = stream.split(separator);
        const last = expected.pop()!;
        expect(messages).toEqual([...expected.map((each) => `b${each}${separator}`), ...(last ? [`b${last}`] : [])]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the mirror direction', () => {
  const messages = fc.array(fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 4 }), {
    maxLength: 6,
  });

  it.each([
    ['length16', null],
    ['length32', 'endian=little'],
  ])('%s %s is undone by the same framer', (name, config) => {
    fc.assert(
      fc.property(messages, sizes, (sent, at) => {
        const stream = send(unframer(name, config), sent);
        const outcome = run(framing(name, config).framer, pieces(stream, at));
        expect(outcome).toEqual({
          messages: sent.map((slices) => `b${Buffer.concat(slices).toString('latin1')}`),
          error: '',
        });
      }),
    );
  });

  it('dynamic32 makes messages that dynamic32 finds again', () => {
    const config = 'offset=2,static=1,endian=big';
    const long = fc.array(fc.uint8Array({ minLength: 3, maxLength: 30 }), { maxLength: 6 });
    fc.assert(
      fc.property(long, sizes, (sent, at) => {
        const stream = send(
          unframer('dynamic32', config),
          sent.map((message) => [message]),
        );
        const outcome = run(framing('dynamic32', config).framer, pieces(stream, at));
        const without = outcome.messages.map((message) => message.slice(1, 3) + message.slice(7));
        expect(without).toEqual(sent.map((message) => Buffer.from(message).toString('latin1')));
      }),
    );
  });
});
