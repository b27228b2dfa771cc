import { expect, test } from 'vitest';
import { RecordParser } from '../../../../src/web/diagnostics/record-parser.ts';

function parse(chunks: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  let payload = '';
  const parser = new RecordParser({
    onLine(line) {
      seen.push(line);
      return Number(/^bytes (\d+)$/.exec(line)?.[1] ?? 0);
    },
    onPayload(bytes, last) {
      payload += String.fromCodePoint(...bytes);
      if (last) seen.push(`<${payload}>`);
      if (last) payload = '';
    },
  });
  for (const chunk of chunks) parser.push(chunk);
  return seen;
}

const text = new TextEncoder().encode('hello\nbytes 4\na\n\nbdone é\n\nbytes 1\nxy\n');
const expected = ['hello', 'bytes 4', '<a\n\nb>', 'done é', '', 'bytes 1', '<x>', 'y'];

test('records are parted wherever the bytes are', () => {
  expect(parse([text])).toEqual(expected);
  expect(parse([...text].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  for (let at = 1; at < text.length; at++) expect(parse([text.subarray(0, at), text.subarray(at)])).toEqual(expected);
});

test('a line that does not end is refused, in one piece or many', () => {
  expect(() => parse([new Uint8Array(100_000)])).toThrow('does not end');
  expect(() => parse(Array.from({ length: 2000 }, () => Uint8Array.of(65)))).toThrow('does not end');
});
