import { isUtf8 } from 'node:buffer';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeClose, isValidWireCode } from '../../src/websocket/close-codes.ts';
import { unmask, useNativeMask } from '../../src/websocket/mask.ts';
import { Utf8Validator } from '../../src/websocket/utf8.ts';
import { clientFrame, parse } from '../unit/websocket/client-frames.ts';

/** How many bytes of the data one push can take. */
function takenAtOnce(data: Buffer): number {
  let taken = 0;
  while (taken < data.length && new Utf8Validator().push(data, 0, taken + 1)) taken++;
  return taken;
}

/** How many bytes of the data can be taken one by one. */
function takenStepwise(data: Buffer): number {
  const validator = new Utf8Validator();
  let taken = 0;
  while (taken < data.length && validator.push(data, taken, taken + 1)) taken++;
  return taken;
}

describe('unmask', () => {
  afterAll(() => {
    useNativeMask(true);
  });

  it('XORs with the turned key and moves, touching nothing else', () => {
    const place = fc.record({
      to: fc.nat(30),
      shift: fc.nat(40),
      length: fc.oneof(fc.nat(100), fc.nat(3000)),
      behind: fc.nat(20),
      key: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      phase: fc.nat(3),
      native: fc.boolean(),
    });
    fc.assert(
      fc.property(place, fc.nat(255), ({ to, shift, length, behind, key, phase, native }, seed) => {
        useNativeMask(native);
        const start = to + shift;
        const before = Uint8Array.from({ length: start + length + behind }, (_, at) => seed + at * 11 + (at >> 4));
        const expected = Buffer.from(before);
        for (let at = 0; at < length; at++) expected[to + at] = before[start + at]! ^ key[(at + phase) % 4]!;
        const buffer = Buffer.from(before);
        unmask(buffer, start, start + length, to, Buffer.from(key).readInt32LE(), phase);
        expect(buffer.equals(expected)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Utf8Validator', () => {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Buffer.from(text)) },
    { weight: 2, arbitrary: fc.string({ maxLength: 100 }).map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)) },
  );
  const bytes = fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.concat(pieces));
  const cuts = fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 10 });

  it('agrees with the decoder of the platform, however the text is cut', () => {
    fc.assert(
      fc.property(bytes, cuts, (data, sizes) => {
        const validator = new Utf8Validator();
        let isValid = true;
        for (let at = 0, turn = 0; at < data.length && isValid; turn++) {
          const end = Math.min(data.length, at + (sizes[turn % sizes.length]! || turn % 2));
          isValid = validator.push(data, at, end);
          at = end;
        }
        expect(isValid && validator.end()).toBe(isUtf8(data));
      }),
      { numRuns: 3000 },
    );
  });

  it('finds the fault in the same byte whether it sees one byte or many', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(takenAtOnce(data)).toBe(takenStepwise(data));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a close payload', () => {
  it('comes back from the parser as it was, cut to whole characters', () => {
    const code = fc.integer({ min: 1000, max: 4999 }).filter(isValidWireCode);
    fc.assert(
      fc.property(code, fc.string({ unit: 'binary', maxLength: 200 }), (sent, text) => {
        const outcome = parse(clientFrame({ opcode: 8, payload: encodeClose(sent, text) }));
        expect(outcome).toMatchObject({ error: null, closed: true });
        const [event] = outcome.events;
        if (event?.type !== 'close') throw new Error('no close event');
        expect(event.code).toBe(sent);
        const whole = Buffer.from(text).toString();
        expect(whole.startsWith(event.reason)).toBe(true);
        // What was cut off begins with a character that had no room.
        const next = whole.codePointAt(event.reason.length);
        const room = next === undefined ? Infinity : Buffer.byteLength(event.reason + String.fromCodePoint(next));
        expect(room).toBeGreaterThan(123);
      }),
      { numRuns: 500 },
    );
  });
});
