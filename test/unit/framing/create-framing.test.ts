import { describe, expect, it } from 'vitest';
import type { FramingConfig } from '../../../src/config/model.ts';
import { checkFraming, createFraming, type FramingOptions } from '../../../src/framing/create-framing.ts';
import { OPCODE } from '../../../src/websocket/opcode.ts';
import { framing, run, send, unframer } from './stream.ts';

const named = (framer: string | null, config: string | null = null): FramingConfig => ({
  framer: framer === null ? null : { name: framer, config },
  unframer: null,
});
const mirror = (name: string, config: string | null = null): FramingConfig => ({
  framer: null,
  unframer: { name, config },
});
const plugin = { kind: 'plugin', module: 'resp', source: null } as const;
const byPlugin = { name: 'plugin', config: null, plugin };

/** What is wrong with a framing; '' for nothing. */
function refusal(config: FramingConfig, target: FramingOptions['target'] = 'stream', limit: number = 0): string {
  try {
    checkFraming(config, { limit, target });
  } catch (error) {
    const { code, detail, remedy } = error as { code: string; detail: string; remedy: string };
    return code === 'FRAMING_INVALID' ? `${detail}; ${remedy}` : code;
  }
  return '';
}

describe('a framing', () => {
  it.each([
    [named(null)],
    [named('binary')],
    [named('passthrough')],
    [mirror('passthrough')],
    [{ framer: { name: 'binary', config: null }, unframer: { name: 'passthrough', config: '' } }],
  ])('is none where everything passes as it comes', (config) => {
    expect(createFraming(config, { limit: 0, target: 'stream' }, () => never())).toBeNull();
  });

  it('of one direction leaves the other as it is', () => {
    const { framer, unframer: up } = framing('newline');
    expect(send(up, [['a', 'b'], ['c']]).toString()).toBe('abc');
    const mirrored = createFraming(mirror('newline'), { limit: 0, target: 'stream' }, () => never())!;
    expect(run(mirrored.framer, [Buffer.from('a\nb'), Buffer.from('c')]).messages).toEqual(['ba\nb', 'bc']);
    framer.dispose();
    up.dispose();
  });

  it.each([
    [named('newlin'), "there is no framing called 'newlin'; did you mean newline?"],
    [named('__proto__'), /no framing called '__proto__'; use auto, text, /],
    [named('json', 'x'), 'json takes no config; leave the config out'],
    [named('newline', 'crfl'), "the sequence of newline is 'crfl'; give lf, crlf, lfcr or cr"],
    [named('separator'), /separator has no separator; give it as its config, such as/],
    [
      named('separator', String.raw`\q`),
      String.raw`'\\q' in the separator stands for nothing; use \r \t \n \0 \f \\ or \xHH`,
    ],
    [named('separator', String.raw`\x4`), /in the separator stands for nothing/],
    [named('separator', '\\'), /in the separator stands for nothing/],
    [named('separator', 'x'.repeat(257)), 'the separator has 257 bytes; give at most 256'],
    [named('fixedlength'), "the length of fixedlength is ''; give a whole number from 1 to 16777216"],
    [named('fixedlength', '0'), /give a whole number from 1/],
    [named('fixedlength', '1.5'), /is '1.5'/],
    [named('fixedlength', '010'), /is '010'/],
    [named('dynamic32', 'ofset=1'), "dynamic32 has no setting 'ofset=1'; use offset=, static=, endian="],
    [named('dynamic32', 'offset'), /no setting 'offset'/],
    [named('dynamic32', 'offset=1,offset=2'), 'dynamic32 has offset twice; give it once'],
    [named('dynamic32', 'offset=-1'), /offset of dynamic32 is '-1'/],
    [named('dynamic32', 'static=x'), /static of dynamic32 is 'x'/],
    [named('dynamic32', 'endian=middle'), "endian of dynamic32 is 'middle'; give big or little"],
    [named('length16', 'endian=both'), /endian of length16/],
    [
      mirror('json'),
      'json is not for the messages of a client; use passthrough, separator, newline, dynamic32, length16, length32',
    ],
    [mirror('auto'), /auto is not for the messages of a client/],
  ])('refuses %j', (config, message) => {
    expect(refusal(config)).toMatch(message);
  });

  it('refuses a length beyond the limit of messages', () => {
    expect(refusal(named('fixedlength', '1025'), 'stream', 1024)).toContain('from 1 to 1024');
    expect(refusal(named('fixedlength', '1024'), 'stream', 1024)).toBe('');
  });

  it('leaves plugins out of a check', () => {
    expect(refusal({ framer: byPlugin, unframer: byPlugin })).toBe('');
    expect(refusal({ framer: byPlugin, unframer: { name: 'none', config: null } })).toContain("called 'none'");
  });
});

function never(): never {
  throw new Error('there are no plugins here');
}

describe('a framing of datagrams', () => {
  const made = (name: string): ReturnType<typeof framing> | null =>
    createFraming(named(name), { limit: 0, target: 'datagram' }, () => never());

  it('makes one message of each, and tells text from binary', () => {
    const { framer } = made('auto')!;
    // A datagram is whole: what it ends with is not the beginning of the next one.
    const datagrams = [Buffer.from('é'), Buffer.of(0xc3), Buffer.of(0xa9), Buffer.alloc(0)];
    expect(run(framer, datagrams).messages).toEqual(['tÃ©', 'bÃ', 'b©', 't']);
    expect(run(made('text')!.framer, [Buffer.of(0xc3)]).messages).toEqual([`t${Buffer.from('�').toString('latin1')}`]);
    expect(made('binary')).toBeNull();
    expect(made('passthrough')).toBeNull();
  });

  it.each([
    [
      named('newline'),
      /^newline is for streams: one message is one datagram, so there is nothing to cut; use auto, text, binary, passthrough, or leave it out$/,
    ],
    [named('json'), /json is for streams/],
    [{ framer: byPlugin, unframer: null }, /plugin resp is for streams/],
    [mirror('newline'), /newline is for streams: .*; leave it out/],
    [{ framer: null, unframer: byPlugin }, /plugin resp is for streams/],
    [named('none'), /no framing called 'none'/],
  ])('refuses what cuts a stream: %j', (config, message) => {
    expect(refusal(config, 'datagram')).toMatch(message);
  });

  it('refuses any framing of a target that takes messages', () => {
    expect(refusal(named('newline'), 'message')).toMatch(
      /^newline is for streams, and this target takes messages; leave/,
    );
    expect(refusal(mirror('newline'), 'message')).toMatch(/^newline is for streams/);
    expect(refusal(named('binary'), 'message')).toBe('');
  });
});

describe('the mirror direction', () => {
  it.each([
    ['separator', String.raw`;\x00\\\t`, 'a;\0\\\t;\0\\\tbc;\0\\\t'],
    ['newline', null, 'a\n\nbc\n'],
    ['newline', 'crlf', 'a\r\n\r\nbc\r\n'],
    ['length16', null, '\0\x01a\0\0\0\x02bc'],
    ['length16', 'endian=little', '\x01\0a\0\0\x02\0bc'],
    ['length32', null, '\0\0\0\x01a\0\0\0\0\0\0\0\x02bc'],
    ['dynamic32', null, '\x01\0\0\0a\0\0\0\0\x02\0\0\0bc'],
    // The length counts its own four bytes.
    ['dynamic32', 'endian=big,static=-4', '\0\0\0\x05a\0\0\0\x04\0\0\0\x06bc'],
  ])('%s %s', (name, config, stream) => {
    expect(send(unframer(name, config), [['a'], [''], ['b', 'c']]).toString('latin1')).toBe(stream);
    expect(send(unframer(name, config), [['', 'a', ''], [''], ['b', '', 'c']]).toString('latin1')).toBe(stream);
  });

  it('dynamic32 puts the field where it belongs', () => {
    const stream = send(unframer('dynamic32', 'offset=2,static=1,endian=big'), [['h', 'e!rest'], ['he!']]);
    expect(stream.toString('latin1')).toBe('he\0\0\0\x04!resthe\0\0\0\0!');
  });

  it('dynamic32 refuses a message without room for what is in front of the length', () => {
    const up = unframer('dynamic32', 'offset=2,static=1');
    expect(() => up.push(Buffer.from('he'), OPCODE.binary, true)).toThrow(
      expect.objectContaining({ code: 'FRAMING_MESSAGE', detail: 'dynamic32 (2 bytes, at least 3 needed)' }),
    );
  });

  it.each([
    ['length16', 0, 65_535],
    ['length32', 100, 100],
    ['dynamic32', 100, 100],
  ])('%s with limit %i takes messages of %i bytes and no more', (name, limit, most) => {
    const whole = Buffer.alloc(most);
    const endian = name === 'length16' ? null : 'endian=big';
    expect(send(unframer(name, endian, limit), [[whole]]).length).toBeGreaterThan(most);
    expect(send(unframer(name, endian, limit), [[whole.subarray(1), 'x']]).length).toBeGreaterThan(most);
    for (const slices of [[Buffer.alloc(most + 1)], [whole, 'x']])
      expect(() => send(unframer(name, endian, limit), [slices])).toThrow(
        expect.objectContaining({ code: 'WS_MESSAGE_TOO_LARGE' }),
      );
  });

  it('tells what it holds, and drops it', () => {
    const up = unframer('length32');
    up.push(Buffer.from('abc'), OPCODE.binary, false);
    expect(up.held).toBe(3);
    up.dispose();
    expect(up.held).toBe(0);
  });
});
