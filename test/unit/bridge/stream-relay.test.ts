import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createRelay } from '../../../src/bridge/create-relay.ts';
import type { Relay, Tap } from '../../../src/bridge/relay.ts';
import { createBase64 } from '../../../src/framing/base64.ts';
import type { Framing } from '../../../src/framing/framing.ts';
import { duplexPair, type DuplexPairOptions, type PairEnd } from '../../support/duplex-pair.ts';
import { clientFrame } from '../websocket/client-frames.ts';
import { relayConfig } from './relay-config.ts';
import { clientSide, settle, Told, type ClientSide } from './relay-fixture.ts';

const MARK = 64 * 1024;
/** What may wait beyond the mark: the last chunk, and what the stream in between holds. */
const SLACK = 64 * 1024;
const binary = (payload: Uint8Array | string): Buffer => clientFrame({ opcode: 2, payload });

interface Bench extends ClientSide {
  relay: Relay;
  told: Told;
  target: PairEnd;
  targetSide: PairEnd;
  received: () => Buffer;
}

function bench(options: DuplexPairOptions & { tap?: Tap; linger?: number; framing?: Framing } = {}): Bench {
  const side = clientSide(options, MARK);
  const [target, targetSide] = duplexPair(options);
  const told = new Told();
  const config = relayConfig({ highWaterMark: MARK, linger: options.linger ?? 50, closeTimeout: 50 });
  const relay = createRelay(
    { kind: 'stream', duplex: targetSide },
    'tcp://t:1',
    config,
    told,
    options.tap ?? null,
    options.framing ?? null,
  );
  const chunks: Buffer[] = [];
  target.on('error', () => {});
  target.on('data', (chunk: Buffer) => chunks.push(chunk));
  relay.start(side.connection);
  return { ...side, relay, told, target, targetSide, received: () => Buffer.concat(chunks) };
}

/** Writes to a stream for as long as it takes something, up to `limit` bytes in all; tells how many went in. */
async function press(stream: PairEnd, piece: () => Buffer, limit: number): Promise<number> {
  let pressed = 0;
  while (pressed < limit && stream.writableLength < 4096) {
    const bytes = piece();
    stream.write(bytes);
    pressed += bytes.length;
    if (stream.writableLength > 0) await settle();
  }
  return pressed;
}

describe('backpressure', () => {
  it.each([16_384, 1000, 1])('a client that does not read stops its target: pieces of %i bytes', async (size) => {
    const { client, target, relay, seen } = bench();
    client.hold();
    const sent: Buffer[] = [];
    const limit = size === 1 ? 40_000 : 2_000_000;
    const pressed = await press(
      target,
      () => {
        const piece = Buffer.alloc(size, sent.length);
        sent.push(piece);
        return piece;
      },
      limit,
    );
    expect(pressed).toBeLessThan(limit);
    expect(relay.queued).toBeLessThan(MARK + SLACK);
    client.release();
    const whole = Buffer.concat(sent);
    for (let i = 0; i < 5000 && seen.data.length < whole.length; i += 50) await settle(50);
    expect(seen.data.equals(whole)).toBe(true);
  });

  it.each([16_384, 1000, 1])('a target that does not read stops its client: messages of %i bytes', async (size) => {
    const { client, target, relay, received } = bench();
    target.hold();
    const sent: Buffer[] = [];
    const limit = size === 1 ? 200_000 : 2_000_000;
    const pressed = await press(
      client,
      () => {
        const piece = Buffer.alloc(size, sent.length);
        sent.push(piece);
        return binary(piece);
      },
      limit,
    );
    expect(pressed).toBeLessThan(limit);
    expect(relay.queued).toBeLessThan(MARK + SLACK);
    expect(relay.clientPaused).toBe(true);
    target.release();
    const whole = Buffer.concat(sent);
    for (let i = 0; i < 5000 && received().length < whole.length; i += 50) await settle(50);
    expect(received().equals(whole)).toBe(true);
    expect(relay.clientPaused).toBe(false);
  });

  it('holds up one direction only', async () => {
    const { client, target, seen } = bench();
    target.hold();
    await press(client, () => binary(Buffer.alloc(16_384)), 2_000_000);
    target.write('still here');
    await settle();
    expect(seen.data.toString()).toBe('still here');
  });

  it('is lifted in both directions when the target is cut off', async () => {
    const { client, target, relay, told } = bench();
    target.hold();
    await press(client, () => binary(Buffer.alloc(16_384)), 2_000_000);
    expect(relay.clientPaused).toBe(true);
    relay.destroyTarget();
    client.write(clientFrame({ opcode: 8 }));
    await settle(100);
    expect(told.all).toContain('client close 1005');
  });
});

describe('the end of the target', () => {
  it('is told when everything it sent is queued for the client', async () => {
    const { target, connection, told, seen } = bench();
    target.write('almost');
    target.end(' all');
    await settle();
    expect(told.all).toEqual(['target end']);
    connection.sendClose(1000, '');
    await settle();
    expect(seen.data.toString()).toBe('almost all');
    expect(seen.close?.code).toBe(1000);
  });

  it('waits for a client that is slow', async () => {
    const { client, target, told, seen } = bench();
    client.hold();
    const sent = Buffer.alloc(300_000, 'x');
    target.end(sent);
    await settle(20);
    expect(told.all).toEqual([]);
    client.release();
    for (let i = 0; i < 100 && told.all.length === 0; i++) await settle();
    expect(told.all).toEqual(['target end']);
    for (let i = 0; i < 100 && seen.data.length < sent.length; i++) await settle();
    expect(seen.data.length).toBe(sent.length);
  });

  it('without a FIN is an error, and then it is closed', async () => {
    const { target, told } = bench();
    target.reset();
    await settle();
    // The session keeps the first reason.
    expect(told.all[0]).toBe('tcp://t:1: ECONNRESET: the target broke the connection.');
    expect(told.all.at(-1)).toBe('target closed');
  });
});

describe('finishing the target', () => {
  it('writes what the client sent, then FIN, and discards what the target still sends', async () => {
    const { client, target, relay, told, received, seen } = bench({ linger: 10_000 });
    client.write(binary('the last'));
    await settle();
    relay.finishTarget(false);
    let fin = false;
    target.on('end', () => {
      fin = true;
      target.end(Buffer.alloc(200_000));
    });
    for (let i = 0; i < 100 && told.all.length === 0; i++) await settle();
    expect(fin).toBe(true);
    expect(received().toString()).toBe('the last');
    expect(told.all).toEqual(['target closed']);
    expect(seen.data).toHaveLength(0);
    expect(relay.bytesOut).toBe(0);
  });

  it('can become abrupt later, but not orderly again', async () => {
    const { relay, told, target } = bench({ linger: 60_000 });
    relay.finishTarget(false);
    relay.finishTarget(false);
    await settle();
    expect(told.all).toEqual([]);
    relay.finishTarget(true);
    relay.finishTarget(false);
    const start = performance.now();
    while (told.all.length === 0 && performance.now() - start < 5000)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told.all).toEqual(['target closed']);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(target.destroyed).toBe(false);
  });

  it('reads a client again that was held back by the target', async () => {
    const { client, target, relay, told } = bench();
    target.hold();
    await press(client, () => binary(Buffer.alloc(16_384)), 2_000_000);
    relay.finishTarget(false);
    client.write(clientFrame({ opcode: 8 }));
    for (let i = 0; i < 100 && !told.all.includes('client close 1005'); i++) await settle();
    expect(told.all).toContain('client close 1005');
  });
});

describe('what passes', () => {
  it('is written with one write for all frames of a chunk, and is counted and tapped', async () => {
    const tapped: string[] = [];
    const { client, target, relay, received, targetSide } = bench({
      tap: (from, data) => tapped.push(`${from} ${Buffer.from(data).toString()}`),
    });
    const writes: number[] = [];
    const write = targetSide.write.bind(targetSide) as (chunk: Buffer) => boolean;
    targetSide.write = ((chunk: Buffer) => {
      writes.push(chunk.length);
      return write(chunk);
    }) as typeof targetSide.write;
    client.write(
      Buffer.concat([
        binary('one'),
        clientFrame({ opcode: 9, payload: 'ping' }),
        clientFrame({ opcode: 1, fin: false, payload: 'two' }),
        clientFrame({ opcode: 0, payload: '' }),
        binary(''),
        binary('three'),
      ]),
    );
    await settle();
    target.write('four');
    await settle();
    expect(received().toString()).toBe('onetwothree');
    expect(writes).toEqual([11]);
    expect(tapped).toEqual(['client onetwothree', 'target four']);
    expect(relay).toMatchObject({ bytesIn: 11, bytesOut: 4 });
  });

  it('counts control frames as signs of life, not as bytes', async () => {
    const { client, relay } = bench();
    const before = relay.signsOfLife;
    client.write(clientFrame({ opcode: 10, payload: 'pong' }));
    await settle();
    expect(relay.signsOfLife).toBeGreaterThan(before);
    expect(relay.bytesIn).toBe(0);
  });
});

describe('a session that lasts', () => {
  it('has the kernel ask now and then whether its target still lives', () => {
    const socket = new Socket();
    const asked = vi.spyOn(socket, 'setKeepAlive');
    const target = { kind: 'stream' as const, duplex: socket, keepAlive: 60_000 };
    const relay = createRelay(target, 'tcp://t:1', relayConfig(), new Told(), null, null);
    expect(asked).not.toHaveBeenCalled();
    relay.relax();
    relay.relax();
    expect(asked.mock.calls).toEqual([[true, 60_000]]);
    socket.destroy();
  });
});

describe.each([{ octets: false }, { octets: true }])(
  'with the base64 subprotocol (one byte at a time: $octets)',
  ({ octets }) => {
    it('both directions are text in base64, and the bytes are the same', async () => {
      const { client, target, received, seen, relay } = bench({ octets, framing: createBase64() });
      client.write(clientFrame({ opcode: 1, fin: false, payload: 'aGVs' }));
      client.write(clientFrame({ opcode: 0, payload: 'bG8=' }));
      client.write(clientFrame({ opcode: 1, payload: 'ISE=' }));
      await settle(20);
      expect(received().toString()).toBe('hello!!');
      target.end('answer');
      await settle(20);
      const texts = seen.frames.map(({ opcode, payload }) =>
        opcode === 1 ? Buffer.from(payload.toString(), 'base64') : payload,
      );
      expect(Buffer.concat(texts).toString()).toBe('answer');
      expect(relay).toMatchObject({ bytesIn: 7, bytesOut: 6 });
    });

    it('what is no base64 ends the session, and what came before it is written', async () => {
      const { client, told, received } = bench({ octets, framing: createBase64() });
      client.write(
        Buffer.concat([clientFrame({ opcode: 1, payload: 'b2s=' }), clientFrame({ opcode: 1, payload: '****' })]),
      );
      await settle(20);
      expect(told.all).toContain('WS_BASE64');
      expect(received().toString()).toBe('ok');
    });
  },
);
