import { expect, test } from 'vitest';
import * as fc from 'fast-check';
import { fromLatin1, fromMessage, toBytes, toLatin1, toMessage } from '../../../src/browser/payload.ts';

test('base64 comes back as it went, and is what others make of it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
      const bytes = new Uint8Array(data);
      const message = toMessage(bytes, 'base64');
      expect(message).toBe(Buffer.from(data).toString('base64'));
      expect(fromMessage(message, 'base64')).toEqual(bytes);
    }),
  );
});

test('base64 of much is one piece', () => {
  const bytes = Uint8Array.from({ length: 1_000_001 }, (_, at) => at % 251);
  expect(toMessage(bytes, 'base64')).toBe(Buffer.from(bytes).toString('base64'));
});

test('other subprotocols change nothing', () => {
  const bytes = Uint8Array.of(1, 2);
  expect(toMessage(bytes, 'binary')).toBe(bytes);
  expect(fromMessage('aGk=', 'binary')).toEqual(toBytes('aGk='));
  expect(fromMessage(bytes.buffer, 'base64')).toEqual(bytes);
});

test('bytes keep their place in a larger buffer', () => {
  expect(toBytes(new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2))).toEqual(Uint8Array.of(2, 3));
});

test('shared memory is copied', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(7);
  const bytes = toBytes(shared.subarray(1));
  expect(bytes).toEqual(Uint8Array.of(7, 7));
  expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
});

test.each([[null], [undefined], [7], [{}], [[1, 2]]])('%o is no payload', (value) => {
  expect(() => toBytes(value)).toThrow(TypeError);
});

test('a string with a character for each byte comes back as it went', () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at * 3);
  expect(fromLatin1(toLatin1(bytes))).toEqual(bytes);
});
