import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sleep, until } from '../support/wait.ts';
import { ended, play } from '../unit/server/session-fixture.ts';
import { clientFrame } from '../unit/websocket/client-frames.ts';
import { noise } from './relay-sockets.ts';

const sizes = fc.array(fc.oneof(fc.constantFrom(0, 1, 125, 126, 5000), fc.integer({ min: 1, max: 40_000 })), {
  maxLength: 8,
});
const plan = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  octets: fc.constantFrom(false, false, false, true),
  messages: sizes,
  /** Each message in that many fragments, with a ping in between. */
  fragments: fc.integer({ min: 1, max: 4 }),
  /** Where the client's bytes are cut; the first piece travels with the handshake. */
  cuts: fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 6 }),
  answers: sizes,
  mark: fc.constantFrom(1000, 20_000, 256 * 1024),
  /** Which sides read nothing for a while. */
  held: fc.constantFrom('nobody', 'client', 'target', 'both'),
  dialTime: fc.constantFrom(0, 0, 5),
  end: fc.constantFrom('client close', 'client fin', 'target end'),
});

/** All frames of the client, without the one that says goodbye. */
function clientBytes(messages: readonly Buffer[], fragments: number): Buffer {
  const frames = messages.flatMap((payload) =>
    Array.from({ length: fragments }, (_, index) => {
      const [from, to] = [index, index + 1].map((part) => Math.floor((part * payload.length) / fragments));
      const piece = payload.subarray(from, to);
      const frame = clientFrame({ opcode: index === 0 ? 2 : 0, fin: index === fragments - 1, payload: piece });
      return index === 0 ? frame : Buffer.concat([clientFrame({ opcode: 9, payload: 'ping' }), frame]);
    }),
  );
  return Buffer.concat(frames);
}

/** Cuts bytes into pieces of the given sizes, again and again. */
function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const size = at[turn % at.length]!;
    pieces.push(bytes.subarray(from, from + size));
    from += size;
  }
  return pieces;
}

/** The bytes of a list of sizes, as buffers. */
function payloads(seed: number, lengths: readonly number[]): Buffer[] {
  return lengths.map((length, index) => noise(seed + index, length));
}

describe('a session', () => {
  it('loses no byte in either direction, whoever ends it and however it is cut, held up and ordered', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (given) => {
        const messages = payloads(given.seed, given.messages);
        const answers = payloads(given.seed + 100, given.answers);
        const goodbye = clientFrame({ opcode: 8, payload: Buffer.of(0x03, 0xe8) });
        const [head = Buffer.alloc(0), ...pieces] = cut(clientBytes(messages, given.fragments), given.cuts);
        const scene = play({
          octets: given.octets,
          head,
          relay: { highWaterMark: given.mark, closeTimeout: 10_000, linger: 10_000 },
          connect: async (_context, duplex) => {
            if (given.dialTime > 0) await sleep(given.dialTime);
            return { kind: 'stream', duplex };
          },
        });
        const { client, target, seen } = scene;
        const held = [client, target].filter((_, index) => ['both', ['client', 'target'][index]].includes(given.held));
        for (const side of held) side.hold();
        const release = setTimeout(() => held.forEach((side) => side.release()), 15);
        for (const piece of pieces) client.write(piece);
        for (const answer of answers) target.write(answer);

        const sent = Buffer.concat(messages);
        const answered = Buffer.concat(answers);
        if (given.end === 'target end') {
          target.end();
          await until('the client is told', () => seen.close !== null);
          client.end(goodbye);
        } else {
          target.on('end', () => target.end());
          client.end(given.end === 'client close' ? goodbye : undefined);
        }
        const { code, by } = await ended(scene);
        clearTimeout(release);
        expect(scene.received()).toBe(sent.toString('latin1'));
        expect(scene.session.bytesIn).toBe(sent.length);
        // Whoever closes first gives up what the other side still had to say.
        const due = given.end === 'target end' ? answered.length : seen.data.length;
        expect(seen.data.equals(answered.subarray(0, due))).toBe(true);
        expect(seen.close).toEqual(given.end === 'client fin' ? null : { code: 1000, reason: '' });
        expect([code, by]).toEqual(
          given.end === 'client fin' ? [1006, 'client'] : [1000, given.end === 'target end' ? 'target' : 'client'],
        );
      }),
      { numRuns: 60, endOnFailure: true },
    );
  }, 60_000);
});
