import { describe, expect, test } from 'vitest';
import { TelnetParser } from '../../../../src/web/telnet/telnet-parser.ts';

/** What a parser found: text as strings, negotiations as 'WILL 1', parameters as 'SB 24: 1 2'. */
function parse(...chunks: (string | readonly number[])[]): string[] {
  const found: string[] = [];
  const parser = new TelnetParser({
    onData(bytes) {
      const text = Buffer.from(bytes).toString('latin1');
      // Text that comes in pieces is one text.
      if (found.at(-1)?.startsWith('"')) found.push(`${found.pop()!.slice(0, -1)}${text}"`);
      else found.push(`"${text}"`);
    },
    onNegotiation: (verb, option) => found.push(`${verb} ${option}`),
    onSubnegotiation: (option, parameters) => found.push(`SB ${option}: ${[...parameters].join(' ')}`),
  });
  for (const chunk of chunks)
    parser.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : Uint8Array.from(chunk));
  return found;
}

const CASES: readonly (readonly [name: string, bytes: string, found: string[]])[] = [
  ['text', 'login: ', ['"login: "']],
  ['a negotiation between texts', 'a\xff\xfb\x01b', ['"a"', 'WILL 1', '"b"']],
  ['all four words', '\xff\xfb\x01\xff\xfc\x02\xff\xfd\x03\xff\xfe\x04', ['WILL 1', 'WONT 2', 'DO 3', 'DONT 4']],
  ['an option whose number is IAC', '\xff\xfb\xffx', ['WILL 255', '"x"']],
  ['IAC doubled in text', 'a\xff\xffb', ['"a\xffb"']],
  ['parameters', '\xff\xfa\x18\x01\xff\xf0x', ['SB 24: 1', '"x"']],
  ['IAC doubled in parameters', '\xff\xfa\x1f\xff\xff\x00\xff\xf0', ['SB 31: 255 0']],
  ['parameters without any', '\xff\xfa\x18\xff\xf0', ['SB 24: ']],
  ['parameters that end without SE', '\xff\xfa\x18\x01\xff\xfb\x01x', ['WILL 1', '"x"']],
  ['a line end', 'a\r\nb', ['"a\r\nb"']],
  ['CR NUL, which is CR', 'a\r\0b', ['"a\rb"']],
  ['NUL elsewhere', 'a\0b', ['"a\0b"']],
  ['CR before a command', 'a\r\xff\xf1\0b', ['"a\r\0b"']],
  ['commands without an option', 'a\xff\xf9b\xff\xf1\xff\xf2c', ['"abc"']],
];

describe('a TELNET parser', () => {
  test.each(CASES)('takes %s', (_name, bytes, found) => {
    expect(parse(bytes)).toEqual(found);
  });

  test.each(CASES)('takes %s one byte at a time', (_name, bytes, found) => {
    expect(parse(...Array.from(bytes))).toEqual(found);
  });

  test('leaves out parameters that are too long, and goes on', () => {
    const long = 'x'.repeat(1025);
    expect(parse(`\xff\xfa\x18${long}\xff\xf0next`)).toEqual(['"next"']);
    expect(parse(`\xff\xfa\x18${long.slice(1)}\xff\xf0`)[0]).toHaveLength('SB 24: '.length + 1024 * 4 - 1);
  });
});
