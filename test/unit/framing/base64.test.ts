import { array, assert, nat, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { createBase64 } from '../../../src/framing/base64.ts';
import { OPCODE } from '../../../src/websocket/opcode.ts';

/** Feeds one message in the given pieces and gives the bytes that it means. */
function decode(pieces: readonly string[]): Buffer {
  const { unframer } = createBase64();
  return Buffer.concat(
    pieces.map((piece, at) => unframer.push(Buffer.from(piece, 'latin1'), OPCODE.text, at === pieces.length - 1)),
  );
}

describe('base64 framing', () => {
  it('makes one padded text message of each piece of the stream', () => {
    const { framer } = createBase64();
    expect(framer.push(Buffer.from('a'))).toEqual([{ opcode: OPCODE.text, data: Buffer.from('YQ==') }]);
    expect(framer.push(Buffer.from([0, 255, 254]))).toEqual([{ opcode: OPCODE.text, data: Buffer.from('AP/+') }]);
    expect(framer.end()).toEqual([]);
  });

  it('gives the same bytes however a message is cut into fragments', () => {
    assert(
      property(uint8Array({ maxLength: 300 }), array(nat(400), { maxLength: 20 }), (bytes, cuts) => {
        const text = Buffer.from(bytes).toString('base64');
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((place, at) => text.slice(places[at], place));
        expect(decode(pieces)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('decodes every message by itself, padding and all', () => {
    const { unframer } = createBase64();
    const messages = ['YQ==', 'YmM=', ''].map((text) => unframer.push(Buffer.from(text), OPCODE.text, true).toString());
    expect(messages).toEqual(['a', 'bc', '']);
  });

  it.each([
    ['a character outside the alphabet', ['YW!j']],
    ['a line break', ['YWJj\n']],
    ['a message that ends inside a group', ['YWJ']],
    ['padding inside a message', ['YQ==', 'YQ==']],
    ['padding inside one piece', ['YQ==YQ==']],
  ])('refuses %s', (_what, pieces) => {
    expect(() => decode(pieces)).toThrow(BridgeError);
    expect(() => decode(pieces)).toThrow(expect.objectContaining({ code: 'WS_BASE64' }));
  });
});
