import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { type FrameHandler, Parser } from '../../../src/websocket/parser.ts';
import { clientFrame, OCTETS, parse } from './client-frames.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const text = (data: string) => ({ type: 'message', opcode: 1, data: Buffer.from(data) });
const binary = (data: Uint8Array | string) => ({ type: 'message', opcode: 2, data: Buffer.from(data) });
const ignore = (): FrameHandler => ({ onData() {}, onPing() {}, onPong() {}, onClose() {} });

describe('the examples of RFC 6455 §5.7', () => {
  it('reads the masked text message "Hello"', () => {
    expect(parse(bytes('81 85 37fa213d 7f9f4d5158')).events).toEqual([text('Hello')]);
  });

  it('refuses the unmasked text message "Hello", which only a server may send', () => {
    expect(parse(bytes('81 05 48656c6c6f'))).toMatchObject({ events: [], error: 'WS_UNMASKED' });
  });

  it('reads "Hel" and "lo" as one fragmented message', () => {
    const first = clientFrame({ opcode: 1, fin: false, payload: 'Hel' });
    const second = clientFrame({ opcode: 0, payload: 'lo' });
    expect(first[0]).toBe(0x01);
    expect(second[0]).toBe(0x80);
    expect(parse(Buffer.concat([first, second])).events).toEqual([text('Hello')]);
  });

  it('reads the masked answer to a ping', () => {
    expect(parse(bytes('8a 85 37fa213d 7f9f4d5158')).events).toEqual([{ type: 'pong', payload: Buffer.from('Hello') }]);
  });

  it('reads a ping', () => {
    expect(parse(clientFrame({ opcode: 9, payload: 'Hello' })).events).toEqual([
      { type: 'ping', payload: Buffer.from('Hello') },
    ]);
  });

  it('reads 256 bytes with a 16-bit length', () => {
    const payload = Buffer.alloc(256, 0x5a);
    const frame = clientFrame({ opcode: 2, payload });
    expect(frame.subarray(0, 4)).toEqual(bytes('82 fe 0100'));
    expect(parse(frame).events).toEqual([binary(payload)]);
  });

  it('reads 64 KiB with a 64-bit length', () => {
    const payload = Buffer.alloc(65536, 0x5a);
    const frame = clientFrame({ opcode: 2, payload });
    expect(frame.subarray(0, 10)).toEqual(bytes('82 ff 0000000000010000'));
    expect(parse(frame).events).toEqual([binary(payload)]);
  });
});

describe('lengths', () => {
  it.each([
    ['125 in 16 bits', clientFrame({ opcode: 2, payload: Buffer.alloc(125), lengthForm: 16 })],
    ['0 in 16 bits', clientFrame({ opcode: 2, lengthForm: 16 })],
    ['65535 in 64 bits', clientFrame({ opcode: 2, payload: Buffer.alloc(65535), lengthForm: 64 })],
    ['0 in 64 bits', clientFrame({ opcode: 2, lengthForm: 64 })],
    ['2^53', clientFrame({ opcode: 2, length: 2n ** 53n })],
    ['2^63, the forbidden top bit', clientFrame({ opcode: 2, length: 2n ** 63n })],
    ['2^64 - 1', clientFrame({ opcode: 2, length: 2n ** 64n - 1n })],
  ])('refuses %s', (_name, frame) => {
    expect(parse(frame)).toMatchObject({ events: [], error: 'WS_LENGTH' });
    expect(parse(frame, OCTETS)).toMatchObject({ events: [], error: 'WS_LENGTH' });
  });

  it('takes the greatest length it can count, 2^53 - 1, and streams the payload', () => {
    const frame = clientFrame({ opcode: 2, length: 2n ** 53n - 1n, payload: 'the beginning' });
    expect(parse(frame)).toEqual({
      events: [{ type: 'unfinished', opcode: 2, data: Buffer.from('the beginning') }],
      error: null,
      closed: false,
      idle: false,
      breaches: [],
    });
  });
});

describe('a length beyond 32 bits', () => {
  const length = 2n ** 32n + 65536n;

  it('is not taken for its low half', () => {
    const frame = clientFrame({ opcode: 2, length, payload: Buffer.alloc(65536) });
    expect(parse(frame).events).toEqual([{ type: 'unfinished', opcode: 2, data: Buffer.alloc(65536) }]);
  });

  it('is held against the limit', () => {
    const header = clientFrame({ opcode: 2, length });
    expect(parse(header, undefined, { maxMessage: Number(length) - 1 }).error).toBe('WS_MESSAGE_TOO_LARGE');
    expect(parse(header, undefined, { maxMessage: Number(length) }).error).toBeNull();
  });
});

describe('a header', () => {
  it.each([1, 125, 126, 65535, 65536])('may be cut anywhere, in front of a payload of %i bytes', (length) => {
    const payload = Buffer.alloc(length, 'payload ');
    const frame = clientFrame({ opcode: 2, payload });
    for (let cut = 1; cut < Math.min(16, frame.length); cut++) {
      const expected = { events: [binary(payload)], error: null, closed: false, idle: true, breaches: [] };
      expect(parse(frame, [cut, frame.length])).toEqual(expected);
      expect(parse(frame, [cut, 1, frame.length])).toEqual(expected);
    }
  });

  it('is refused at its second byte when that is enough to see that it is wrong', () => {
    expect(parse(clientFrame({ opcode: 2, rsv: 4 }).subarray(0, 2)).error).toBe('WS_RESERVED_BITS');
    expect(parse(clientFrame({ opcode: 7, payload: Buffer.alloc(300) }).subarray(0, 2)).error).toBe('WS_OPCODE');
  });
});

describe('the message limit', () => {
  const limit = { maxMessage: 1000 };

  it('lets a message of exactly the limit pass, whole or in fragments', () => {
    const whole = clientFrame({ opcode: 2, payload: Buffer.alloc(1000) });
    const fragments = Buffer.concat([
      clientFrame({ opcode: 2, fin: false, payload: Buffer.alloc(400) }),
      clientFrame({ opcode: 0, fin: false, payload: Buffer.alloc(599) }),
      clientFrame({ opcode: 0, payload: Buffer.alloc(1) }),
    ]);
    const stream = Buffer.concat([whole, fragments, whole]);
    const outcome = parse(stream, [777], limit);
    expect(outcome.error).toBeNull();
    expect(outcome.events).toEqual([
      binary(Buffer.alloc(1000)),
      binary(Buffer.alloc(1000)),
      binary(Buffer.alloc(1000)),
    ]);
  });

  it('refuses a longer message at its header, before any payload has come', () => {
    const header = clientFrame({ opcode: 2, length: 1001 });
    expect(parse(header, undefined, limit)).toMatchObject({ events: [], error: 'WS_MESSAGE_TOO_LARGE' });
  });

  it('refuses the fragment that goes over the limit, at its header', () => {
    const stream = Buffer.concat([
      clientFrame({ opcode: 2, fin: false, payload: Buffer.alloc(1000) }),
      clientFrame({ opcode: 0, length: 1 }),
    ]);
    const outcome = parse(stream, undefined, limit);
    expect(outcome.error).toBe('WS_MESSAGE_TOO_LARGE');
    expect(outcome.events).toEqual([{ type: 'unfinished', opcode: 2, data: Buffer.alloc(1000) }]);
  });

  it('does not count control frames', () => {
    const stream = Buffer.concat([
      clientFrame({ opcode: 2, fin: false, payload: Buffer.alloc(999) }),
      clientFrame({ opcode: 9, payload: Buffer.alloc(125) }),
      clientFrame({ opcode: 0, payload: Buffer.alloc(1) }),
    ]);
    expect(parse(stream, undefined, limit).error).toBeNull();
  });
});

describe('pieces of one chunk', () => {
  it('stand side by side, whatever lies between the payloads', () => {
    const stream = Buffer.concat([
      clientFrame({ opcode: 2, payload: 'first ' }),
      clientFrame({ opcode: 9, payload: 'a ping' }),
      clientFrame({ opcode: 2, payload: '' }),
      clientFrame({ opcode: 1, fin: false, payload: 'second ' }),
      clientFrame({ opcode: 10, payload: 'a pong' }),
      clientFrame({ opcode: 0, payload: Buffer.alloc(300, 'third ') }),
      clientFrame({ opcode: 2, length: 1000, payload: 'cut' }),
    ]);
    const seen: [number, number][] = [];
    const parser = new Parser({ ...ignore(), onData: (_buffer, start, end) => void seen.push([start, end]) });
    expect(parser.push(stream, 0, stream.length)).toBeNull();
    expect(seen).toEqual([
      [6, 12],
      [12, 12],
      [12, 19],
      [19, 319],
      [319, 322],
    ]);
    expect(stream.toString('latin1', 6, 322)).toBe(`first second ${'third '.repeat(50)}cut`);
  });

  it('start at the first payload byte of the chunk, in place', () => {
    const frame = clientFrame({ opcode: 2, payload: 'abcdefgh' });
    const starts: number[] = [];
    const parser = new Parser({ ...ignore(), onData: (_buffer, start) => void starts.push(start) });
    parser.push(Buffer.from(frame), 0, 9);
    parser.push(Buffer.from(frame), 9, 14);
    expect(starts).toEqual([6, 9]);
  });

  it('that came before an error in the same chunk have been handed on', () => {
    const stream = Buffer.concat([
      clientFrame({ opcode: 2, payload: 'good' }),
      clientFrame({ opcode: 9, payload: 'ping' }),
      clientFrame({ opcode: 3 }),
      clientFrame({ opcode: 2, payload: 'never read' }),
    ]);
    const outcome = parse(stream);
    expect(outcome.error).toBe('WS_OPCODE');
    expect(outcome.events).toEqual([binary('good'), { type: 'ping', payload: Buffer.from('ping') }]);
  });
});

describe('a text message', () => {
  const invalid = Buffer.from([0x61, 0xce, 0x61]);

  it('is handed on in pieces even where they cut a character', () => {
    const frame = clientFrame({ opcode: 1, payload: 'κόσμε 🌍' });
    expect(parse(frame, OCTETS).events).toEqual([text('κόσμε 🌍')]);
    expect(parse(frame, [7]).events).toEqual([text('κόσμε 🌍')]);
  });

  it('does not hand on the piece with the bad byte', () => {
    expect(parse(clientFrame({ opcode: 1, payload: invalid }))).toMatchObject({ events: [], error: 'WS_INVALID_UTF8' });
  });

  it('fails at the bad byte, before the frame is complete', () => {
    const frame = clientFrame({ opcode: 1, fin: false, length: 70_000, payload: invalid });
    expect(parse(frame, OCTETS).error).toBe('WS_INVALID_UTF8');
    expect(parse(frame.subarray(0, -1), OCTETS).error).toBeNull();
  });

  it('must not end inside a character, be it by an empty last fragment', () => {
    const open = clientFrame({ opcode: 1, fin: false, payload: invalid.subarray(0, 2) });
    expect(parse(open).error).toBeNull();
    expect(parse(Buffer.concat([open, clientFrame({ opcode: 0 })])).error).toBe('WS_INVALID_UTF8');
    expect(parse(clientFrame({ opcode: 1, payload: invalid.subarray(0, 2) })).error).toBe('WS_INVALID_UTF8');
  });

  it('is checked afresh after another one', () => {
    const stream = Buffer.concat([
      clientFrame({ opcode: 1, payload: 'één' }),
      clientFrame({ opcode: 2, payload: invalid }),
      clientFrame({ opcode: 1, payload: 'één' }),
      clientFrame({ opcode: 1, payload: invalid }),
    ]);
    const outcome = parse(stream, [3]);
    expect(outcome.events.slice(0, 3)).toEqual([text('één'), binary(invalid), text('één')]);
    expect(outcome.error).toBe('WS_INVALID_UTF8');
  });
});

describe('control frames', () => {
  it('hand on a copy that later chunks cannot change', () => {
    const payloads: Buffer[] = [];
    const parser = new Parser({ ...ignore(), onPing: (payload) => void payloads.push(payload) });
    const chunk = clientFrame({ opcode: 9, payload: 'keep me' });
    parser.push(chunk, 0, chunk.length);
    chunk.fill(0);
    expect(payloads.map(String)).toEqual(['keep me']);
  });

  it('are handed on whole when a chunk cuts them anywhere', () => {
    const frame = clientFrame({ opcode: 9, payload: Buffer.alloc(125, 'ping ') });
    for (let cut = 1; cut < frame.length; cut++) {
      expect(parse(frame, [cut, frame.length]).events).toEqual([{ type: 'ping', payload: Buffer.alloc(125, 'ping ') }]);
    }
  });
});

describe('the end', () => {
  it('comes with a close frame: everything after it is ignored, be it nonsense', () => {
    const stream = Buffer.concat([
      clientFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8, ...Buffer.from('bye')]) }),
      clientFrame({ opcode: 2, payload: 'too late' }),
      Buffer.alloc(20, 0xff),
    ]);
    const expected = {
      events: [{ type: 'close', code: 1000, reason: 'bye' }],
      error: null,
      closed: true,
      idle: false,
      breaches: [],
    };
    expect(parse(stream)).toEqual(expected);
    expect(parse(stream, OCTETS)).toEqual(expected);
  });

  it('comes with an error: later pushes tell the same error and hand nothing on', () => {
    let calls = 0;
    const parser = new Parser({ ...ignore(), onData: () => void calls++ });
    const bad = clientFrame({ opcode: 2, key: null, payload: 'x' });
    const good = clientFrame({ opcode: 2, payload: 'x' });
    const error = parser.push(bad, 0, bad.length);
    expect(error).toBeInstanceOf(BridgeError);
    expect(error?.row.close).toBe(1002);
    expect(parser.push(good, 0, good.length)).toBe(error);
    expect(calls).toBe(0);
    expect(parser.closed).toBe(false);
  });

  it('names the bytes that were wrong, for the log', () => {
    const bad = clientFrame({ opcode: 5, payload: 'x' });
    expect(new Parser(ignore()).push(bad, 0, bad.length)?.detail).toBe('frame header 8581');
  });
});

describe('idle', () => {
  it('is true between two messages and only there', () => {
    const stream = Buffer.concat([
      clientFrame({ opcode: 2, fin: false, payload: 'ab' }),
      clientFrame({ opcode: 9 }),
      clientFrame({ opcode: 0, payload: 'c' }),
      clientFrame({ opcode: 9, payload: 'p' }),
    ]);
    const parser = new Parser(ignore());
    const idle = [parser.idle];
    for (let at = 0; at < stream.length; at++) {
      parser.push(stream, at, at + 1);
      idle.push(parser.idle);
    }
    const idleAfter = idle.flatMap((is, at) => (is ? [at] : []));
    expect(idleAfter).toEqual([0, 8 + 6 + 7, stream.length]);
  });
});

describe('memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  it('stays under 300 bytes per idle parser', () => {
    const handler = ignore();
    const frame = clientFrame({ opcode: 1, payload: 'one message each, cut in the middle of its header' });
    const parsers: Parser[] = [];
    collect();
    const before = process.memoryUsage();
    for (let count = 0; count < 50_000; count++) {
      const parser = new Parser(handler);
      const chunk = Buffer.from(frame);
      parser.push(chunk, 0, 4);
      parser.push(chunk, 4, chunk.length);
      parsers.push(parser);
    }
    collect();
    const after = process.memoryUsage();
    expect(parsers.every((parser) => parser.idle)).toBe(true);
    const taken = after.heapUsed + after.external - before.heapUsed - before.external;
    expect(taken).toBeLessThan(50_000 * 300);
  });

  it('does not grow with a message of 256 MiB', () => {
    const chunk = Buffer.alloc(65536);
    const size = 256 * 1024 * 1024;
    const header = clientFrame({ opcode: 2, length: size });
    let seen = 0;
    let ends = 0;
    const parser = new Parser({
      ...ignore(),
      onData(_buffer, start, end, _opcode, last) {
        seen += end - start;
        ends += Number(last);
      },
    });
    collect();
    const before = process.memoryUsage();
    parser.push(header, 0, header.length);
    for (let sent = 0; sent < size; sent += chunk.length) parser.push(chunk, 0, chunk.length);
    collect();
    const after = process.memoryUsage();
    expect([seen, ends]).toEqual([size, 1]);
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(1024 * 1024);
  });
});
