import * as fc from 'fast-check';
import * as ws from 'ws';
import { describe, expect, it } from 'vitest';
import { frame } from '../../src/websocket/writer.ts';
import { clientFrame, type FrameParts, parse, type ParserEvent } from '../unit/websocket/client-frames.ts';

/** What `ws` exports beside its types: both halves of its codec, our oracles. */
interface WsCodec {
  Sender: { frame(data: Buffer, options: Record<string, unknown>): Buffer[] };
  Receiver: new (options: { isServer: boolean }) => NodeJS.EventEmitter & { write(data: Buffer): boolean };
}
const PROTOCOL_ERRORS = [
  null,
  'WS_UNMASKED',
  'WS_RESERVED_BITS',
  'WS_OPCODE',
  'WS_CONTROL_FRAME',
  'WS_FRAGMENT',
  'WS_LENGTH',
  'WS_CLOSE_FRAME',
  'WS_INVALID_UTF8',
  'WS_MESSAGE_TOO_LARGE',
];

const { Sender, Receiver } = ws as unknown as WsCodec;

const size = fc.oneof(
  { weight: 8, arbitrary: fc.nat(40) },
  { weight: 4, arbitrary: fc.constantFrom(63, 64, 65, 125, 126, 127, 128, 511, 512, 513) },
  { weight: 1, arbitrary: fc.constantFrom(65535, 65536, 70_001) },
);
const payload = fc
  .tuple(size, fc.nat(255))
  .map(([length, seed]) => Buffer.from(Uint8Array.from({ length }, (_, at) => (seed + at * 7 + (at >> 5)) & 0xff)));
const text = fc.string({ unit: 'binary', maxLength: 60 }).map((content) => Buffer.from(content));
const key = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const controlPayload = fc.uint8Array({ maxLength: 125 }).map((bytes) => Buffer.from(bytes));
const control = fc.record({ opcode: fc.constantFrom(9, 10), payload: controlPayload, key });
const chunks = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1000 })), { maxLength: 20 })
  .map((sizes) => sizes.concat(2000));

/** A data message cut into fragments, with control frames before each of them. */
const message = fc
  .record({
    content: fc.oneof(
      text.map((data) => ({ opcode: 1, data })),
      payload.map((data) => ({ opcode: 2, data })),
    ),
    cuts: fc.array(fc.nat(), { maxLength: 4 }),
    controls: fc.array(fc.array(control, { maxLength: 2 }), { minLength: 5, maxLength: 5 }),
    keys: fc.array(key, { minLength: 5, maxLength: 5 }),
  })
  .map(({ content: { opcode, data }, cuts, controls, keys }) => {
    const places = cuts.map((cut) => cut % (data.length + 1)).toSorted((a, b) => a - b);
    const frames: FrameParts[] = [];
    const events: ParserEvent[] = [];
    for (let index = 0; index <= places.length; index++) {
      for (const each of controls[index]!) {
        frames.push(each);
        events.push({ type: each.opcode === 9 ? 'ping' : 'pong', payload: each.payload });
      }
      frames.push({
        opcode: index === 0 ? opcode : 0,
        fin: index === places.length,
        payload: data.subarray(places[index - 1] ?? 0, places[index] ?? data.length),
        key: keys[index]!,
      });
    }
    events.push({ type: 'message', opcode, data });
    return { frames, events, length: data.length };
  });

/** A conversation with nothing wrong in it, and what must come out. */
const conversation = fc.array(message, { maxLength: 6 }).map((messages) => ({
  frames: messages.flatMap(({ frames }) => frames),
  events: messages.flatMap(({ events }) => events),
}));

/** A frame as the `ws` package sends it from a client. */
function wsFrame({ opcode, payload: data, fin = true, key: mask }: FrameParts): Buffer {
  const generateMask = (target: Buffer): void => target.set(mask ?? []);
  const options = { opcode, fin, rsv1: false, mask: true, readOnly: true, generateMask, maskBuffer: Buffer.alloc(4) };
  return Buffer.concat(Sender.frame(Buffer.from(data ?? ''), options));
}

/** How much of an unfinished message gets through before an error depends on the chunks; all else does not. */
function finished(events: ParserEvent[]): ParserEvent[] {
  return events.filter(({ type }) => type !== 'unfinished');
}

describe('the parser', () => {
  it('gives back every valid conversation, however it is cut', () => {
    fc.assert(
      fc.property(conversation, chunks, ({ frames, events }, sizes) => {
        const bytes = Buffer.concat(frames.map(clientFrame));
        const outcome = parse(bytes, sizes);
        expect(outcome.breaches).toEqual([]);
        expect(outcome.error).toBeNull();
        expect(outcome.idle).toBe(true);
        expect(outcome.events).toEqual(events);
      }),
      { numRuns: 400 },
    );
  });

  it('reads what the sender of the ws package writes', () => {
    fc.assert(
      fc.property(conversation, chunks, ({ frames, events }, sizes) => {
        const outcome = parse(Buffer.concat(frames.map(wsFrame)), sizes);
        expect(outcome.breaches).toEqual([]);
        expect(outcome.error).toBeNull();
        expect(outcome.events).toEqual(events);
      }),
      { numRuns: 200 },
    );
  });

  it('answers garbage with an error of the protocol, never with an exception, and keeps its promises', () => {
    const garbage = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        fc
          .record({
            opcode: fc.nat(15),
            payload: controlPayload,
            fin: fc.boolean(),
            rsv: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(7)),
            key: fc.oneof({ weight: 9, arbitrary: key }, fc.constant(null)),
          })
          .map(clientFrame),
        message.map(({ frames }) => Buffer.concat(frames.map(clientFrame))),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(garbage, chunks, fc.nat(2000), (pieces, sizes, maxMessage) => {
        const outcome = parse(Buffer.concat(pieces), sizes, { maxMessage });
        expect(outcome.breaches).toEqual([]);
        expect(PROTOCOL_ERRORS).toContain(outcome.error);
      }),
      { numRuns: 1000 },
    );
  });

  it('comes to the same end whether bytes arrive together or one by one', () => {
    const bytes = fc
      .tuple(conversation, fc.nat(), fc.nat(255), fc.uint8Array({ maxLength: 30 }))
      .filter(([{ frames }]) => frames.reduce((sum, { payload: data }) => sum + (data?.length ?? 0), 0) < 5000)
      .map(([{ frames }, at, flip, tail]) => {
        const all = Buffer.concat([...frames.map(clientFrame), tail]);
        if (all.length > 0) all[at % all.length]! ^= flip;
        return all;
      });
    fc.assert(
      fc.property(bytes, (all) => {
        const together = parse(all);
        const apart = parse(all, [1]);
        expect(apart.error).toBe(together.error);
        expect(apart.closed).toBe(together.closed);
        expect(apart.idle).toBe(together.idle);
        expect(finished(apart.events)).toEqual(finished(together.events));
      }),
      { numRuns: 500 },
    );
  });

  it('holds every message to the limit, whatever its fragments', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 1, max: 100 }), chunks, ({ frames, length }, maxMessage, sizes) => {
        const outcome = parse(Buffer.concat(frames.map(clientFrame)), sizes, { maxMessage });
        const isTooLarge = length > maxMessage;
        expect(outcome.error).toBe(isTooLarge ? 'WS_MESSAGE_TOO_LARGE' : null);
        expect(outcome.events.some((event) => event.type === 'message')).toBe(!isTooLarge);
        const unfinished = outcome.events.flatMap((event) => (event.type === 'unfinished' ? event.data.length : []));
        expect(Math.max(0, ...unfinished)).toBeLessThanOrEqual(maxMessage);
      }),
    );
  });
});

describe('the writer', () => {
  it('writes frames that the receiver of the ws package reads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(payload, text), { minLength: 1, maxLength: 5 }), async (payloads) => {
        const receiver = new Receiver({ isServer: false });
        const read = new Promise<Buffer[]>((resolve, reject) => {
          const messages: Buffer[] = [];
          receiver.on('error', reject);
          receiver.on('message', (data: Buffer, isBinary: boolean) => {
            messages.push(data);
            if (!isBinary) reject(new Error('a binary message became text'));
            if (messages.length === payloads.length) resolve(messages);
          });
        });
        for (const each of payloads) receiver.write(frame(2, each));
        expect(await read).toEqual(payloads);
      }),
      { numRuns: 100 },
    );
  });
});
