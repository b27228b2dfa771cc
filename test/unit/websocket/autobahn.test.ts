import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { clientFrame, type FrameParts, OCTETS, parse, type ParserEvent } from './client-frames.ts';

/*
 * The cases of the Autobahn test suite that concern a parser, as a table, under Autobahn's own numbers.
 * Each one is fed whole, octet by octet, and in odd pieces; what comes out must not depend on it.
 */

interface Case {
  name: string;
  frames: FrameParts[];
  events: ParserEvent[];
  error?: ErrorCode;
}

const text = (data: string): ParserEvent => ({ type: 'message', opcode: 1, data: Buffer.from(data) });
const binary = (data: Uint8Array): ParserEvent => ({ type: 'message', opcode: 2, data: Buffer.from(data) });
const ping = (payload: string | Uint8Array): ParserEvent => ({ type: 'ping', payload: Buffer.from(payload) });
const pong = (payload: string | Uint8Array): ParserEvent => ({ type: 'pong', payload: Buffer.from(payload) });
const close = (code: number, reason = ''): ParserEvent => ({ type: 'close', code, reason });
const closePayload = (code: number, reason: string | Uint8Array = ''): Buffer =>
  Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);

const NOT_UTF8 = Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]);

/** Sends `before`, then the faulty frame, then a ping: only what came before gets through (cases 3.x and 4.x). */
function refused(name: string, faulty: FrameParts, error: ErrorCode): Case {
  const frames = [{ opcode: 1, payload: 'before' }, faulty, { opcode: 9 }];
  return { name, frames, events: [text('before')], error };
}

const sizes: Case[] = [0, 125, 126, 127, 128, 65535, 65536].flatMap((size, index) => {
  const data = '*'.repeat(size);
  return [
    { name: `1.1.${index + 1} text of ${size} bytes`, frames: [{ opcode: 1, payload: data }], events: [text(data)] },
    {
      name: `1.2.${index + 1} binary of ${size} bytes`,
      frames: [{ opcode: 2, payload: Buffer.alloc(size, 0xfe) }],
      events: [binary(Buffer.alloc(size, 0xfe))],
    },
  ];
});

const pings: Case[] = [
  { name: '2.1 ping without payload', frames: [{ opcode: 9 }], events: [ping('')] },
  {
    name: '2.2 ping with text',
    frames: [{ opcode: 9, payload: 'Hello, world!' }],
    events: [ping('Hello, world!')],
  },
  { name: '2.3 ping with bytes', frames: [{ opcode: 9, payload: NOT_UTF8 }], events: [ping(NOT_UTF8)] },
  {
    name: '2.4 and 2.6 ping with 125 bytes',
    frames: [{ opcode: 9, payload: Buffer.alloc(125, 0xfe) }],
    events: [ping(Buffer.alloc(125, 0xfe))],
  },
  refused('2.5 ping with 126 bytes', { opcode: 9, payload: Buffer.alloc(126, 0xfe) }, 'WS_CONTROL_FRAME'),
  { name: '2.7 unsolicited pong', frames: [{ opcode: 10 }], events: [pong('')] },
  {
    name: '2.8 unsolicited pong with payload',
    frames: [{ opcode: 10, payload: 'unsolicited' }],
    events: [pong('unsolicited')],
  },
  {
    name: '2.9 unsolicited pong, then a ping',
    frames: [
      { opcode: 10, payload: 'unsolicited' },
      { opcode: 9, payload: 'ping' },
    ],
    events: [pong('unsolicited'), ping('ping')],
  },
  {
    name: '2.10 and 2.11 ten pings',
    frames: Array.from({ length: 10 }, (_, index) => ({ opcode: 9, payload: `payload-${index}` })),
    events: Array.from({ length: 10 }, (_, index) => ping(`payload-${index}`)),
  },
  refused('pong with 126 bytes', { opcode: 10, payload: Buffer.alloc(126) }, 'WS_CONTROL_FRAME'),
  refused('close with 126 bytes', { opcode: 8, payload: Buffer.alloc(126, 3) }, 'WS_CONTROL_FRAME'),
  refused('short ping with a 16-bit length', { opcode: 9, lengthForm: 16, payload: 'x' }, 'WS_CONTROL_FRAME'),
  refused('short ping with a 64-bit length', { opcode: 9, lengthForm: 64, payload: 'x' }, 'WS_CONTROL_FRAME'),
];

const reserved: Case[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) =>
    refused(`3.${rsv} reserved bits ${rsv}`, { opcode: 1, rsv, payload: 'x' }, 'WS_RESERVED_BITS'),
  ),
  refused('reserved bit on a ping', { opcode: 9, rsv: 4 }, 'WS_RESERVED_BITS'),
  refused('reserved bit on a close', { opcode: 8, rsv: 7 }, 'WS_RESERVED_BITS'),
];

const opcodes: Case[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  refused(`4.x opcode ${opcode} without payload`, { opcode }, 'WS_OPCODE'),
  refused(`4.x opcode ${opcode} with payload`, { opcode, payload: 'reserved' }, 'WS_OPCODE'),
]);

const fragments: Case[] = [
  refused('5.1 fragmented ping', { opcode: 9, fin: false, payload: 'frag' }, 'WS_CONTROL_FRAME'),
  refused('5.2 fragmented pong', { opcode: 10, fin: false, payload: 'frag' }, 'WS_CONTROL_FRAME'),
  refused('fragmented close', { opcode: 8, fin: false, payload: closePayload(1000) }, 'WS_CONTROL_FRAME'),
  {
    name: '5.3 to 5.5 text in two fragments',
    frames: [
      { opcode: 1, fin: false, payload: 'fragment1' },
      { opcode: 0, payload: 'fragment2' },
    ],
    events: [text('fragment1fragment2')],
  },
  {
    name: '5.6 to 5.8 a ping between two fragments',
    frames: [
      { opcode: 1, fin: false, payload: 'fragment1' },
      { opcode: 9, payload: 'ping' },
      { opcode: 0, payload: 'fragment2' },
    ],
    events: [ping('ping'), text('fragment1fragment2')],
  },
  refused('5.9, 5.10 and 5.11 continuation of nothing', { opcode: 0, payload: 'x' }, 'WS_FRAGMENT'),
  refused('5.12 to 5.14 unfinished continuation of nothing', { opcode: 0, fin: false, payload: 'x' }, 'WS_FRAGMENT'),
  {
    name: '5.15 continuation after a finished message',
    frames: [
      { opcode: 1, fin: false, payload: 'fragment1' },
      { opcode: 0, payload: 'fragment2' },
      { opcode: 0, fin: false, payload: 'fragment3' },
      { opcode: 1, payload: 'fragment4' },
    ],
    events: [text('fragment1fragment2')],
    error: 'WS_FRAGMENT',
  },
  {
    name: '5.18 second text frame inside a fragmented message',
    frames: [
      { opcode: 1, fin: false, payload: 'fragment1' },
      { opcode: 1, payload: 'fragment2' },
    ],
    events: [{ type: 'unfinished', opcode: 1, data: Buffer.from('fragment1') }],
    error: 'WS_FRAGMENT',
  },
  {
    name: 'binary frame inside a fragmented text message',
    frames: [
      { opcode: 1, fin: false, payload: 'fragment1' },
      { opcode: 2, payload: 'fragment2' },
    ],
    events: [{ type: 'unfinished', opcode: 1, data: Buffer.from('fragment1') }],
    error: 'WS_FRAGMENT',
  },
  {
    name: '5.19 and 5.20 five fragments with pings between',
    frames: [
      { opcode: 1, fin: false, payload: 'fragment1' },
      { opcode: 0, fin: false, payload: 'fragment2' },
      { opcode: 9, payload: 'ping1' },
      { opcode: 0, fin: false, payload: 'fragment3' },
      { opcode: 0, fin: false, payload: 'fragment4' },
      { opcode: 9, payload: 'ping2' },
      { opcode: 0, payload: 'fragment5' },
    ],
    events: [ping('ping1'), ping('ping2'), text('fragment1fragment2fragment3fragment4fragment5')],
  },
  {
    name: 'a close between two fragments ends it all',
    frames: [
      { opcode: 1, fin: false, payload: 'fragment1' },
      { opcode: 8, payload: closePayload(1000) },
      { opcode: 0, payload: 'fragment2' },
    ],
    events: [close(1000), { type: 'unfinished', opcode: 1, data: Buffer.from('fragment1') }],
  },
];

const KOSME = Buffer.from('κόσμε');
const utf8: Case[] = [
  { name: '6.1.1 empty text', frames: [{ opcode: 1 }], events: [text('')] },
  {
    name: '6.1.2 three empty fragments',
    frames: [{ opcode: 1, fin: false }, { opcode: 0, fin: false }, { opcode: 0 }],
    events: [text('')],
  },
  {
    name: '6.1.3 empty fragments around one that is not',
    frames: [
      { opcode: 1, fin: false },
      { opcode: 0, fin: false, payload: 'middle' },
      { opcode: 0, fin: true },
    ],
    events: [text('middle')],
  },
  {
    name: '6.2.1 valid text',
    frames: [{ opcode: 1, payload: 'Hello-µ@ßöäüàá-UTF-8!!' }],
    events: [text('Hello-µ@ßöäüàá-UTF-8!!')],
  },
  {
    name: '6.2.3 a fragment per octet',
    frames: Array.from(KOSME, (byte, index) => ({
      opcode: index === 0 ? 1 : 0,
      fin: index === KOSME.length - 1,
      payload: Buffer.from([byte]),
    })),
    events: [text('κόσμε')],
  },
  {
    name: '6.3 an invalid byte in a later fragment',
    frames: [
      { opcode: 1, fin: false, payload: KOSME },
      { opcode: 0, fin: false, payload: Buffer.from([0xf4, 0x90, 0x80, 0x80]) },
      { opcode: 0, payload: 'edited' },
    ],
    events: [{ type: 'unfinished', opcode: 1, data: KOSME }],
    error: 'WS_INVALID_UTF8',
  },
];

const closes: Case[] = [
  {
    name: '7.1.1 a message, then a close',
    frames: [
      { opcode: 1, payload: 'Hello World!' },
      { opcode: 8, payload: closePayload(1000) },
    ],
    events: [text('Hello World!'), close(1000)],
  },
  {
    name: '7.1.2 to 7.1.4 two closes, a ping and a text after the first',
    frames: [
      { opcode: 8, payload: closePayload(1000) },
      { opcode: 8, payload: closePayload(1001) },
      { opcode: 9 },
      { opcode: 1, payload: 'late' },
    ],
    events: [close(1000)],
  },
  { name: '7.3.1 close without payload', frames: [{ opcode: 8 }], events: [close(1005)] },
  refused('7.3.2 close with one byte', { opcode: 8, payload: Buffer.from([3]) }, 'WS_CLOSE_FRAME'),
  { name: '7.3.3 close with a code', frames: [{ opcode: 8, payload: closePayload(1000) }], events: [close(1000)] },
  {
    name: '7.3.4 close with code and reason',
    frames: [{ opcode: 8, payload: closePayload(1000, 'Hello, wörld!') }],
    events: [close(1000, 'Hello, wörld!')],
  },
  {
    name: '7.3.5 close with the longest reason',
    frames: [{ opcode: 8, payload: closePayload(1000, '*'.repeat(123)) }],
    events: [close(1000, '*'.repeat(123))],
  },
  refused('7.3.6 close with too long a reason', { opcode: 8, payload: Buffer.alloc(126, 3) }, 'WS_CONTROL_FRAME'),
  refused(
    '7.5.1 close with a reason that is not UTF-8',
    { opcode: 8, payload: closePayload(1000, Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex')) },
    'WS_INVALID_UTF8',
  ),
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map(
    (code): Case => ({
      name: `7.7 close with code ${code}`,
      frames: [{ opcode: 8, payload: closePayload(code, 'why') }],
      events: [close(code, 'why')],
    }),
  ),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) =>
    refused(`7.9 and 7.13 close with code ${code}`, { opcode: 8, payload: closePayload(code) }, 'WS_CLOSE_FRAME'),
  ),
];

const chopped = '*'.repeat(65536);
const autoFragment: Case[] = [
  {
    name: '10.1.1 64 KiB of text in fragments of 1300 bytes',
    frames: Array.from({ length: 51 }, (_, index) => ({
      opcode: index === 0 ? 1 : 0,
      fin: index === 50,
      payload: chopped.slice(index * 1300, (index + 1) * 1300),
    })),
    events: [text(chopped)],
  },
];

describe.each([
  ['1 sizes', sizes],
  ['2 pings and pongs', pings],
  ['3 reserved bits', reserved],
  ['4 opcodes', opcodes],
  ['5 fragmentation', fragments],
  ['6 UTF-8', utf8],
  ['7 close', closes],
  ['10 fragments by the sender', autoFragment],
])('Autobahn %s', (_group, cases) => {
  it.each(cases)('$name', ({ frames, events, error }) => {
    const bytes = Buffer.concat(frames.map(clientFrame));
    for (const chunks of [[bytes.length], OCTETS, [997], [3, 14, 1]]) {
      const outcome = parse(bytes, bytes.length < 4096 ? chunks : [...Array<number>(20).fill(1), ...chunks, 40_000]);
      expect(outcome.breaches).toEqual([]);
      expect(outcome.error).toBe(error ?? null);
      expect(wholeOnly(outcome.events, error)).toEqual(wholeOnly(events, error));
    }
  });
});

/** How much of a message gets through before an error depends on the chunks, so it is left out then. */
function wholeOnly(events: ParserEvent[], error: ErrorCode | undefined): ParserEvent[] {
  return error === undefined ? events : events.filter((event) => event.type !== 'unfinished');
}
