import { describe, expect, test } from 'vitest';
import { LoadReader, MAX_LINE } from '../../../src/target/load-reader.ts';

/** Reads as the server does: a line that is a number announces a payload of that length. */
function read(chunks: readonly Buffer[]): string[] {
  const reader = new LoadReader();
  const seen: string[] = [];
  let payload = '';
  for (const chunk of chunks) {
    for (const input of reader.read(chunk)) {
      if (input.kind === 'line') {
        seen.push(input.text);
        if (/^\d+$/.test(input.text)) reader.expect(Number(input.text));
      } else if (input.kind === 'payload') {
        payload += input.bytes.toString('latin1');
        if (input.last) seen.push(`<${payload}>`);
        if (input.last) payload = '';
      } else {
        seen.push('overlong');
      }
    }
  }
  return seen;
}

describe('the reader of a load server', () => {
  const text = Buffer.from('hello\r\n5\na\nb\r\nlast \xff\n\n3\nxyz', 'latin1');
  const expected = ['hello', '5', '<a\nb\r\n>', 'last \xff', '', '3', '<xyz>'];

  test('tells lines from payloads, whatever the payload holds', () => {
    expect(read([text])).toEqual(expected);
  });

  test('does so one byte at a time', () => {
    expect(read([...text].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  test('does so wherever the bytes are parted', () => {
    for (let at = 1; at < text.length; at++) expect(read([text.subarray(0, at), text.subarray(at)])).toEqual(expected);
  });

  test('takes lines of the greatest length and no longer ones, in one piece or many', () => {
    const line = 'x'.repeat(MAX_LINE);
    expect(read([Buffer.from(`${line}\n`)])).toEqual([line]);
    expect(read([Buffer.from(`${line}x\n`)])).toEqual(['overlong']);
    expect(read([Buffer.from(line), Buffer.from('x')])).toEqual(['overlong']);
    expect(read([Buffer.alloc(1_000_000)])).toEqual(['overlong']);
  });
});
