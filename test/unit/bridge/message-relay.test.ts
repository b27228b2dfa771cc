import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRelay } from '../../../src/bridge/create-relay.ts';
import type { MessageClient, MessageConnection } from '../../../src/bridge/message-connection.ts';
import type { EndReason, Relay } from '../../../src/bridge/relay.ts';
import type { RelayConfig } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import { createBase64 } from '../../../src/framing/base64.ts';
import type { Framing } from '../../../src/framing/framing.ts';
import { OPCODE, type DataOpcode } from '../../../src/websocket/opcode.ts';
import type { DuplexPairOptions } from '../../support/duplex-pair.ts';
import { clientFrame } from '../websocket/client-frames.ts';
import { relayConfig } from './relay-config.ts';
import { clientSide, settle, Told, type ClientSide } from './relay-fixture.ts';

const MARK = 64 * 1024;
const text = (payload: string): Buffer => clientFrame({ opcode: 1, payload });
const binary = (payload: Uint8Array | string): Buffer => clientFrame({ opcode: 2, payload });

/** Code that takes messages only when a test lets it. */
class Code implements MessageConnection {
  readonly kind = 'message';
  reads: 'messages' | 'stream' | null = 'messages';
  busy = false;
  queuedBytes = 0;
  client!: MessageClient;
  /** Let what comes wait. */
  stuck = false;
  readonly got: (readonly [DataOpcode, string])[] = [];
  readonly ends: EndReason[] = [];
  drains = 0;
  closed = 0;
  start(client: MessageClient): void {
    this.client = client;
  }
  onMessage(data: Buffer, opcode: DataOpcode): void {
    this.got.push([opcode, data.toString('latin1')]);
    if (this.stuck) this.queuedBytes += data.length;
  }
  take(): void {
    this.stuck = false;
    this.queuedBytes = 0;
    this.client.taken();
  }
  onDrain(): void {
    this.drains++;
  }
  end(reason: EndReason): void {
    this.ends.push(reason);
  }
  close(): void {
    this.closed++;
  }
}

interface Bench extends ClientSide {
  relay: Relay;
  told: Told;
  code: Code;
  taps: string[];
}

function bench(options: DuplexPairOptions & Partial<RelayConfig> & { framing?: Framing } = {}): Bench {
  const { octets = false, framing = null, ...config } = options;
  const side = clientSide({ octets }, MARK);
  const code = new Code();
  const told = new Told();
  const taps: string[] = [];
  const tap = (from: string, data: Uint8Array): void => void taps.push(`${from} ${Buffer.from(data).toString()}`);
  const relay = createRelay(
    code,
    'handler:',
    relayConfig({ ...config, highWaterMark: MARK }),
    told,
    config.maxMessage === undefined ? tap : null,
    framing,
  );
  relay.start(side.connection);
  return { ...side, relay, told, code, taps };
}

describe.each([{ octets: false }, { octets: true }])('messages (one byte at a time: $octets)', (options) => {
  it('reach the code whole and with their kind, in fragments or not, empty ones too', async () => {
    const { client, code, relay, taps } = bench(options);
    client.write(
      Buffer.concat([
        text('one'),
        clientFrame({ opcode: 2, fin: false, payload: 't' }),
        clientFrame({ opcode: 9 }),
        clientFrame({ opcode: 0, fin: false, payload: '' }),
        clientFrame({ opcode: 0, payload: 'wo' }),
        text(''),
        clientFrame({ opcode: 2, fin: false, payload: '' }),
        clientFrame({ opcode: 0, payload: '' }),
      ]),
    );
    await settle();
    expect(code.got).toEqual([
      [1, 'one'],
      [2, 'two'],
      [1, ''],
      [2, ''],
    ]);
    expect(relay.bytesIn).toBe(6);
    expect(taps).toEqual(['client one', 'client two', 'client ', 'client ']);
  });

  it('reach the client as they were sent', async () => {
    const { code, relay, seen, taps } = bench(options);
    expect(code.client.send(OPCODE.text, Buffer.from('a'))).toBe(true);
    expect(code.client.send(OPCODE.binary, Buffer.alloc(0))).toBe(true);
    await settle();
    expect(seen.frames.map(({ opcode, payload }) => [opcode, payload.toString()])).toEqual([
      [1, 'a'],
      [2, ''],
    ]);
    expect(relay.bytesOut).toBe(1);
    expect(taps).toEqual(['target a', 'target ']);
  });

  it('may be as long as the limit and no longer, in one frame or in many', async () => {
    for (const parts of [[11], [5, 6], [10, 0, 1]]) {
      const { client, code, told } = bench({ ...options, maxMessage: 10 });
      const frames = parts.map((length, index) =>
        clientFrame({ opcode: index === 0 ? 2 : 0, fin: index === parts.length - 1, payload: 'y'.repeat(length) }),
      );
      client.write(Buffer.concat([binary('x'.repeat(10)), ...frames, binary('never')]));
      await settle();
      expect(code.got).toEqual([[2, 'x'.repeat(10)]]);
      expect(told.all).toEqual(['WS_MESSAGE_TOO_LARGE']);
    }
  });

  it('have no limit for code that reads a stream, which gets them as they come', async () => {
    const { client, code, told } = bench({ ...options, maxMessage: 10 });
    code.reads = 'stream';
    client.write(clientFrame({ opcode: 2, fin: false, payload: 'x'.repeat(30) }));
    await settle();
    expect(code.got.map(([, data]) => data).join('')).toBe('x'.repeat(30));
    expect(told.all).toEqual([]);
  });

  it('are bytes in the base64 subprotocol, both ways; what is no base64 ends the session', async () => {
    const { client, code, seen, told } = bench({ ...options, framing: createBase64() });
    client.write(text(Buffer.from('in').toString('base64')));
    code.client.send(OPCODE.text, Buffer.from('out'));
    await settle();
    expect(code.got).toEqual([[2, 'in']]);
    expect(seen.frames).toEqual([{ opcode: 1, payload: Buffer.from(Buffer.from('out').toString('base64')) }]);
    client.write(Buffer.concat([text('?'), text('aW4=')]));
    await settle();
    expect(told.all).toEqual(['WS_BASE64']);
    expect(code.got).toHaveLength(1);
  });
});

describe('backpressure', () => {
  it('code that takes nothing stops its client until it has taken half', async () => {
    const { client, code, relay } = bench();
    code.stuck = true;
    for (let i = 0; i < 300; i++) client.write(binary('x'.repeat(1000)));
    await settle(30);
    expect(relay.clientPaused).toBe(true);
    expect(code.queuedBytes).toBeGreaterThan(MARK);
    expect(code.queuedBytes).toBeLessThan(MARK + 20_000);
    code.queuedBytes = MARK / 2 + 1;
    code.client.taken();
    expect(relay.clientPaused).toBe(true);
    code.take();
    expect(relay.clientPaused).toBe(false);
    await settle(30);
    expect(code.got).toHaveLength(300);
  });

  it('a message longer than the mark gets through to code that waits for it, and stops there where nobody waits', async () => {
    const long = 'z'.repeat(3 * MARK);
    const waiting = bench();
    waiting.client.write(binary(long));
    await settle(40);
    expect(waiting.code.got).toEqual([[2, long]]);

    for (const reads of ['messages', 'stream'] as const) {
      const { client, code, relay } = bench();
      code.reads = null;
      client.write(binary(long));
      await settle(40);
      expect([code.got.length, relay.clientPaused]).toEqual([0, true]);
      code.reads = reads;
      code.client.taken();
      for (let i = 0; i < 40 && code.got.map(([, data]) => data).join('').length < long.length; i++) {
        await settle();
        code.client.taken();
      }
      // The beginning that had come is more than half of the mark, so that nothing but its reader can set it going again.
      expect(code.got.map(([, data]) => data).join('')).toBe(long);
      expect(code.got.length === 1).toBe(reads === 'messages');
    }
  });

  it('a client that does not read is told of by send, and drained once it reads', async () => {
    const { client, code, relay } = bench();
    client.hold();
    let sent = 0;
    while (code.client.send(OPCODE.binary, Buffer.alloc(8000)) && sent < 1000) sent++;
    expect(relay.queued).toBeGreaterThan(MARK - 8100);
    expect(relay.queued).toBeLessThan(MARK + 40_000);
    expect(code.drains).toBe(0);
    client.release();
    await settle(40);
    expect(code.drains).toBeGreaterThan(0);
    expect(code.client.send(OPCODE.binary, Buffer.alloc(8000))).toBe(true);
  });

  it('code that does not care loses its client at sixteen times the mark, single bytes counted with their cost', async () => {
    for (const size of [8000, 1]) {
      const { client, code, relay, told } = bench();
      client.hold();
      let sent = 0;
      while (told.all.length === 0 && sent < 100_000) {
        code.client.send(OPCODE.binary, Buffer.alloc(size));
        sent++;
      }
      expect(told.all).toHaveLength(1);
      expect(told.all[0]).toBe('CLIENT_TOO_SLOW');
      expect(relay.queued).toBeLessThan(17 * MARK);
      // A stream that is no socket tells nothing of what waits below its own mark, here 16 KiB.
      expect(sent).toBeLessThan(size === 1 ? 6000 : (17 * MARK) / size);
      expect(sent).toBeGreaterThan(size === 1 ? 1000 : 100);
    }
  });

  it('holds both directions for somebody who watches', async () => {
    const { client, code, relay } = bench();
    relay.hold();
    client.write(binary('later'));
    await settle();
    expect(code.got).toEqual([]);
    expect(code.client.send(OPCODE.text, Buffer.from('x'))).toBe(false);
    expect(code.drains).toBe(0);
    relay.release();
    await settle();
    expect(code.got).toEqual([[2, 'later']]);
    expect(code.drains).toBe(1);
  });
});

it('code that sends on although somebody who watches holds it loses its client at sixteen times the mark', async () => {
  for (const size of [8000, 1]) {
    const { code, relay, told, taps } = bench();
    for (let turn = 0; turn < 3; turn++) {
      relay.hold();
      // Less than that is forgiven with each release.
      for (let sent = 0; sent < 10 * MARK; sent += size + 256) code.client.send(OPCODE.binary, Buffer.alloc(size));
      relay.release();
      await settle(40);
    }
    expect(told.all).toEqual([]);
    taps.length = 0;
    relay.hold();
    let sent = 0;
    while (told.all.length === 0 && sent < 100_000) {
      code.client.send(OPCODE.binary, Buffer.alloc(size));
      sent++;
      if (sent % 50 === 0) await settle();
    }
    expect(told.all).toEqual(['CLIENT_TOO_SLOW']);
    expect(taps.length).toBeLessThan((17 * MARK) / (size + 256));
  }
});

describe('the end', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());
  const end: EndReason = { code: 1000, reason: 'bye', by: 'client', error: null };

  it('is told with its reason, once, and closes what has nothing more to do', () => {
    const { relay, code, told } = bench();
    told.end = end;
    relay.finishTarget(false);
    relay.finishTarget(true);
    relay.destroyTarget();
    expect(code.ends[0]).toBe(end);
    expect(code.closed).toBe(1);
    expect(told.all).toEqual(['target closed']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('comes before the start for a session that nobody wants any more, and then nothing is started', async () => {
    const { connection, client } = clientSide({}, MARK);
    const code = new Code();
    const told = new Told();
    const relay = createRelay(code, 'handler:', relayConfig(), told, null, null);
    relay.finishTarget(false);
    relay.start(connection);
    client.write(Buffer.concat([text('x'), clientFrame({ opcode: 8, payload: Buffer.of(3, 232) })]));
    await settle();
    expect([code.client, code.got, code.closed]).toEqual([undefined, [], 1]);
    expect(told.all).toEqual(['target closed', 'client close 1000']);
  });

  it.each([
    [false, 2000],
    [true, 500],
  ])('gives code that is at work some time (abrupt: %s)', (abrupt, time) => {
    const { relay, code } = bench({ linger: 2000 });
    code.busy = true;
    relay.finishTarget(abrupt);
    vi.advanceTimersByTime(time - 1);
    expect(code.closed).toBe(0);
    vi.advanceTimersByTime(1);
    expect(code.closed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait longer than that code is at work', () => {
    const { relay, code, told } = bench();
    code.busy = true;
    relay.finishTarget(false);
    code.client.settle();
    expect([code.closed, told.all]).toEqual([1, ['target closed']]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is asked for by the code with a code of its own; then the client is heard out and not listened to', async () => {
    const { client, code, told, relay } = bench();
    code.stuck = true;
    for (let i = 0; i < 100; i++) client.write(binary('x'.repeat(1000)));
    await settle(20);
    expect(relay.clientPaused).toBe(true);
    code.client.finish(4000, 'no');
    const before = code.got.length;
    client.write(clientFrame({ opcode: 8, payload: Buffer.of(0x0f, 0xa0) }));
    await settle(40);
    expect(told.all).toEqual(['target end 4000 no', 'client close 4000']);
    expect(code.got).toHaveLength(before);
  });

  it('is an error when the code fails; nothing is sent any more', async () => {
    const { code, told, seen, relay } = bench();
    code.client.fail(new BridgeError('HANDLER_FAILED', { detail: 'boom' }));
    expect(told.all).toEqual(['boom: the handler of the session failed.', 'target closed']);
    expect(code.client.send(OPCODE.text, Buffer.from('late'))).toBe(false);
    await settle();
    expect(seen.frames).toEqual([]);
    expect(relay.bytesOut).toBe(0);
  });
});
