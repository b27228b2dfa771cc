import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRelay } from '../../../src/bridge/create-relay.ts';
import type { Relay } from '../../../src/bridge/relay.ts';
import type { RelayConfig } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import { createBase64 } from '../../../src/framing/base64.ts';
import type { Framing } from '../../../src/framing/framing.ts';
import type { DatagramConnection, DatagramHandlers } from '../../../src/stream/datagram.ts';
import type { DuplexPairOptions } from '../../support/duplex-pair.ts';
import { clientFrame } from '../websocket/client-frames.ts';
import { relayConfig } from './relay-config.ts';
import { clientSide, settle, Told, type ClientSide } from './relay-fixture.ts';

const MARK = 64 * 1024;
const binary = (payload: Uint8Array | string): Buffer => clientFrame({ opcode: 2, payload });

/** A datagram connection whose queue a test controls; it copies when it sends, as the contract says. */
class Datagrams implements DatagramConnection {
  readonly kind = 'datagram';
  readonly maxDatagram = 1000;
  readonly sent: string[] = [];
  queuedBytes = 0;
  onDrain: (() => void) | null = null;
  handlers!: DatagramHandlers;
  closed = 0;
  paused = false;
  /** Keep what is sent in the queue. */
  stuck = false;
  start(handlers: DatagramHandlers): void {
    this.handlers = handlers;
  }
  send(data: Uint8Array): void {
    this.sent.push(Buffer.from(data).toString('latin1'));
    if (this.stuck) this.queuedBytes += data.length;
  }
  drain(): void {
    this.stuck = false;
    this.queuedBytes = 0;
    this.onDrain?.();
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  close(): void {
    this.closed++;
  }
}

interface Bench extends ClientSide {
  relay: Relay;
  told: Told;
  target: Datagrams;
}

function bench(options: DuplexPairOptions & Partial<RelayConfig> & { framing?: Framing } = {}): Bench {
  const { octets: _octets, framing: _framing, ...config } = options;
  const side = clientSide({ octets: options.octets ?? false }, MARK);
  const target = new Datagrams();
  const told = new Told();
  const relay = createRelay(
    target,
    'udp://t:1',
    relayConfig({ ...config, highWaterMark: MARK }),
    told,
    null,
    options.framing ?? null,
  );
  relay.start(side.connection);
  return { ...side, relay, told, target };
}

describe.each([{ octets: false }, { octets: true }])(
  'one message is one datagram (one byte at a time: $octets)',
  (options) => {
    it('from the client, in fragments or whole, empty ones too', async () => {
      const { client, target, relay } = bench(options);
      client.write(
        Buffer.concat([
          binary('one'),
          clientFrame({ opcode: 2, fin: false, payload: 't' }),
          clientFrame({ opcode: 9 }),
          clientFrame({ opcode: 0, fin: false, payload: '' }),
          clientFrame({ opcode: 0, fin: false, payload: 'w' }),
          clientFrame({ opcode: 0, payload: 'o' }),
          binary(''),
          clientFrame({ opcode: 2, fin: false, payload: '' }),
          clientFrame({ opcode: 0, payload: 'three' }),
        ]),
      );
      await settle();
      expect(target.sent).toEqual(['one', 'two', '', 'three']);
      expect(relay.bytesIn).toBe(11);
    });

    it('from the target, empty ones too', async () => {
      const { target, seen, relay } = bench(options);
      for (const text of ['a', '', 'bc']) target.handlers.onMessage(Buffer.from(text));
      await settle();
      expect(seen.frames.map(({ opcode, payload }) => [opcode, payload.toString()])).toEqual([
        [2, 'a'],
        [2, ''],
        [2, 'bc'],
      ]);
      expect(relay.bytesOut).toBe(3);
    });

    it('of the greatest size and no greater: a longer one ends the session before it is collected', async () => {
      const { client, target, told } = bench(options);
      client.write(binary('x'.repeat(1000)));
      await settle();
      expect(target.sent).toEqual(['x'.repeat(1000)]);
      client.write(clientFrame({ opcode: 2, fin: false, payload: 'y'.repeat(600) }));
      client.write(clientFrame({ opcode: 0, payload: 'y'.repeat(401) }));
      await settle();
      expect(told.all).toEqual(['TARGET_DATAGRAM_TOO_LARGE']);
      expect(target.sent).toHaveLength(1);
    });

    it('of the configured size, when that is smaller', async () => {
      const { client, target, told } = bench({ ...options, maxMessage: 10 });
      client.write(Buffer.concat([binary('x'.repeat(10)), binary('x'.repeat(11))]));
      await settle();
      expect(target.sent).toHaveLength(1);
      expect(told.all).toEqual(['TARGET_DATAGRAM_TOO_LARGE']);
    });
  },
);

const encoded = (length: number): string => Buffer.alloc(length, 'x').toString('base64');

it('with the base64 subprotocol a datagram of the greatest size passes, and one byte more does not', async () => {
  const { client, target, told, seen } = bench({ framing: createBase64() });
  client.write(clientFrame({ opcode: 1, payload: encoded(1000) }));
  target.handlers.onMessage(Buffer.from('back'));
  await settle();
  expect(target.sent).toEqual(['x'.repeat(1000)]);
  expect(seen.frames).toEqual([{ opcode: 1, payload: Buffer.from('YmFjaw==') }]);
  client.write(clientFrame({ opcode: 1, payload: encoded(1001) }));
  await settle();
  expect(told.all).toContain('TARGET_DATAGRAM_TOO_LARGE');
  expect(target.sent).toHaveLength(1);
});

describe('backpressure', () => {
  it('a client that does not read pauses the target, whose datagrams then drop in the kernel', async () => {
    const { client, target, relay, seen } = bench();
    client.hold();
    let count = 0;
    while (!target.paused && count < 10_000) {
      target.handlers.onMessage(Buffer.alloc(1000, count++));
      await settle(1);
    }
    expect(target.paused).toBe(true);
    expect(relay.queued).toBeLessThan(MARK + 20_000);
    client.release();
    for (let i = 0; i < 100 && target.paused; i++) await settle();
    expect(target.paused).toBe(false);
    await settle(20);
    expect(seen.data).toHaveLength(count * 1000);
  });

  it('a target that takes nothing stops its client', async () => {
    const { client, target, relay } = bench();
    target.stuck = true;
    for (let i = 0; i < 200; i++) client.write(binary('x'.repeat(1000)));
    await settle(20);
    expect(relay.clientPaused).toBe(true);
    expect(target.queuedBytes).toBeLessThan(MARK + 20_000);
    target.drain();
    await settle(20);
    expect(relay.clientPaused).toBe(false);
    expect(target.sent).toHaveLength(200);
  });
});

describe('the end', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('closes the target at once when nothing waits, once', async () => {
    const { relay, target, told } = bench();
    relay.finishTarget(false);
    relay.finishTarget(true);
    relay.destroyTarget();
    expect(target.closed).toBe(1);
    expect(told.all).toEqual(['target closed']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets what the client sent leave first', async () => {
    const { client, relay, target, told } = bench();
    target.stuck = true;
    client.write(binary('the last'));
    await settle();
    relay.finishTarget(false);
    expect(target.closed).toBe(0);
    target.handlers.onMessage(Buffer.from('not wanted'));
    expect(relay.bytesOut).toBe(0);
    target.drain();
    expect(target.closed).toBe(1);
    expect(told.all).toEqual(['target closed']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for that no longer than the linger time', async () => {
    const { client, relay, target } = bench({ linger: 300 });
    target.stuck = true;
    client.write(binary('the last'));
    await settle();
    relay.finishTarget(false);
    vi.advanceTimersByTime(299);
    expect(target.closed).toBe(0);
    vi.advanceTimersByTime(1);
    expect(target.closed).toBe(1);
  });

  it('does not wait after a client that broke off', async () => {
    const { client, relay, target } = bench();
    target.stuck = true;
    client.write(binary('the last'));
    await settle();
    relay.finishTarget(false);
    relay.finishTarget(true);
    expect(target.closed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is an error when the target fails, told once; nothing is sent any more', async () => {
    const { client, target, told, seen } = bench();
    target.handlers.onError(new BridgeError('TARGET_REFUSED', { detail: 'udp://t:1' }));
    target.handlers.onError(new BridgeError('TARGET_REFUSED'));
    target.handlers.onMessage(Buffer.from('late'));
    client.write(binary('late'));
    await settle();
    expect(told.all).toEqual(['udp://t:1: the target refused the connection.', 'target closed']);
    expect(target).toMatchObject({ closed: 1, sent: [] });
    expect(seen.frames).toEqual([]);
  });
});
