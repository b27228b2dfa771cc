import { describe, expect, it } from 'vitest';
import { createRelay, type RelayTarget } from '../../../src/bridge/create-relay.ts';
import type { Relay, Tap } from '../../../src/bridge/relay.ts';
import type { DatagramConnection, DatagramHandlers } from '../../../src/stream/datagram.ts';
import { duplexPair, type PairEnd } from '../../support/duplex-pair.ts';
import { clientFrame } from '../websocket/client-frames.ts';
import { relayConfig } from './relay-config.ts';
import { clientSide, settle, Told, type ClientSide } from './relay-fixture.ts';

const MARK = 64 * 1024;
const PIECE = 16 * 1024;

interface Bench extends ClientSide {
  readonly relay: Relay;
  readonly told: Told;
  /** What came to the target. */
  readonly received: () => Buffer;
  /** Lets the target send. */
  readonly fromTarget: (data: Buffer) => void;
  /** The target takes nothing, or takes again. */
  readonly holdTarget: () => void;
  readonly releaseTarget: () => void;
}

type Kind = 'stream' | 'datagram';

function bench(kind: Kind, tap: Tap | null = null): Bench {
  const side = clientSide({}, MARK);
  const told = new Told();
  const far = kind === 'stream' ? streamTarget() : datagramTarget();
  const config = relayConfig({ highWaterMark: MARK, linger: 50, closeTimeout: 50 });
  const relay = createRelay(far.target, 't', config, told, tap, null);
  relay.start(side.connection);
  return { ...side, ...far, relay, told };
}

type Far = Pick<Bench, 'received' | 'fromTarget' | 'holdTarget' | 'releaseTarget'> & { readonly target: RelayTarget };

function streamTarget(): Far {
  const [far, near]: [PairEnd, PairEnd] = duplexPair();
  const chunks: Buffer[] = [];
  far.on('error', () => {});
  far.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    target: { kind: 'stream', duplex: near },
    received: () => Buffer.concat(chunks),
    fromTarget: (data) => void far.write(data),
    holdTarget: () => far.hold(),
    releaseTarget: () => far.release(),
  };
}

function datagramTarget(): Far {
  const taken: Buffer[] = [];
  const waiting: Buffer[] = [];
  let handlers: DatagramHandlers | null = null;
  const state = { paused: false, held: false };
  const queue: Buffer[] = [];
  const deliver = (): void => {
    while (!state.paused && queue.length > 0) handlers?.onMessage(queue.shift()!);
  };
  const connection: DatagramConnection = {
    kind: 'datagram',
    maxDatagram: 65_507,
    queuedBytes: 0,
    onDrain: null,
    start: (given) => void (handlers = given),
    send: (data) => {
      (state.held ? waiting : taken).push(Buffer.from(data));
      if (state.held) Object.assign(connection, { queuedBytes: connection.queuedBytes + data.length });
    },
    pause: () => void (state.paused = true),
    resume: () => {
      state.paused = false;
      deliver();
    },
    close: () => {},
  };
  return {
    target: connection,
    received: () => Buffer.concat(taken),
    fromTarget: (data) => {
      queue.push(data);
      deliver();
    },
    holdTarget: () => void (state.held = true),
    releaseTarget: () => {
      state.held = false;
      taken.push(...waiting.splice(0));
      Object.assign(connection, { queuedBytes: 0 });
      connection.onDrain?.();
    },
  };
}

const message = (fill: number, size: number = PIECE): Buffer =>
  clientFrame({ opcode: 2, payload: Buffer.alloc(size, fill) });

describe.each<Kind>(['stream', 'datagram'])('a %s relay on hold', (kind) => {
  it('passes nothing in either direction, and everything after its release', async () => {
    const { relay, client, seen, fromTarget, received } = bench(kind);
    relay.hold();
    client.write(message(1, 10));
    fromTarget(Buffer.from('down'));
    await settle(20);
    expect(received()).toHaveLength(0);
    expect(seen.data).toHaveLength(0);
    expect(relay.clientPaused).toBe(true);
    relay.release();
    await settle(20);
    expect(received()).toEqual(Buffer.alloc(10, 1));
    expect(seen.data.toString()).toBe('down');
    expect(relay.clientPaused).toBe(false);
  });

  it('that is put on hold by whoever watches stops behind the chunk that was watched', async () => {
    const watched: number[] = [];
    const passed = (): number => watched.reduce((sum, size) => sum + size, 0);
    const { relay, client, fromTarget } = bench(kind, (_from, data) => {
      watched.push(data.length);
      relay.hold();
    });
    for (let i = 0; i < 50; i++) client.write(message(i));
    for (let i = 0; i < 50; i++) fromTarget(Buffer.alloc(PIECE, i));
    await settle(50);
    // A chunk of a stream may hold several messages.
    expect(passed()).toBeLessThan(12 * PIECE);
    for (let i = 0; i < 2000 && passed() < 100 * PIECE; i++) {
      relay.release();
      await settle();
    }
    expect(passed()).toBe(100 * PIECE);
  });

  it('does not read the client when only the target has caught up', async () => {
    const { relay, client, holdTarget, releaseTarget, received } = bench(kind);
    holdTarget();
    const sent: Buffer[] = [];
    for (let i = 0; i < 40; i++) {
      sent.push(Buffer.alloc(PIECE, i));
      client.write(message(i));
    }
    await settle(50);
    expect(relay.clientPaused).toBe(true);
    relay.hold();
    releaseTarget();
    await settle(50);
    const soFar = received().length;
    expect(soFar).toBeLessThan(40 * PIECE);
    expect(relay.clientPaused).toBe(true);
    await settle(50);
    expect(received()).toHaveLength(soFar);
    relay.release();
    for (let i = 0; i < 1000 && received().length < 40 * PIECE; i++) await settle();
    expect(received().equals(Buffer.concat(sent))).toBe(true);
  });

  it('does not read the client on its release while the target is still behind', async () => {
    const { relay, client, holdTarget, releaseTarget, received } = bench(kind);
    holdTarget();
    for (let i = 0; i < 40; i++) client.write(message(i));
    await settle(50);
    const { bytesIn } = relay;
    for (let i = 0; i < 5; i++) {
      relay.hold();
      relay.release();
      await settle(10);
    }
    expect(relay.clientPaused).toBe(true);
    expect(relay.bytesIn).toBe(bytesIn);
    for (let i = 0; i < 200 && received().length < 40 * PIECE; i++) {
      releaseTarget();
      await settle();
    }
    expect(received()).toHaveLength(40 * PIECE);
  });

  it('does not read the target when only the client has caught up', async () => {
    const { relay, client, seen, fromTarget } = bench(kind);
    client.hold();
    for (let i = 0; i < 40; i++) fromTarget(Buffer.alloc(PIECE, i));
    await settle(50);
    relay.hold();
    client.release();
    await settle(200);
    const soFar = seen.data.length;
    expect(soFar).toBeLessThan(40 * PIECE);
    relay.release();
    for (let i = 0; i < 1000 && seen.data.length < 40 * PIECE; i++) await settle();
    expect(seen.data).toHaveLength(40 * PIECE);
  });

  it('does not read the target on its release while the client is still behind', async () => {
    const { relay, client, seen, fromTarget } = bench(kind);
    client.hold();
    for (let i = 0; i < 40; i++) fromTarget(Buffer.alloc(PIECE, i));
    await settle(50);
    const { bytesOut } = relay;
    for (let i = 0; i < 5; i++) {
      relay.hold();
      relay.release();
      await settle(10);
    }
    expect(relay.bytesOut).toBe(bytesOut);
    client.release();
    for (let i = 0; i < 1000 && seen.data.length < 40 * PIECE; i++) await settle();
    expect(seen.data).toHaveLength(40 * PIECE);
  });

  it('may be released without having been held, and held twice', async () => {
    const { relay, client, received } = bench(kind);
    relay.release();
    relay.hold();
    relay.hold();
    relay.release();
    client.write(message(1, 3));
    await settle(20);
    expect(received()).toHaveLength(3);
  });

  it.each([false, true])(
    'still hears the Close frame of a client whose session ends (abruptly: %s)',
    async (abrupt) => {
      const watched: string[] = [];
      const { relay, told, client } = bench(kind, (from) => watched.push(from));
      relay.hold();
      relay.finishTarget(abrupt);
      client.write(Buffer.concat([message(1), clientFrame({ opcode: 8, payload: Buffer.of(3, 0xe9) })]));
      await settle(20);
      expect(told.all).toContain('client close 1001');
      // What it says in front of it goes nowhere, so there is nothing to watch.
      expect(watched).toEqual([]);
      relay.destroyTarget();
    },
  );

  it('can still be cut off', async () => {
    const { relay, told } = bench(kind);
    relay.hold();
    relay.destroyTarget();
    relay.release();
    await settle(20);
    expect(told.all).toContain('target closed');
  });
});

describe('a stream relay on hold', () => {
  it.each(['before', 'after'])('still discards what a target says that is being finished: %s it', async (when) => {
    const { relay, told, fromTarget, seen } = bench('stream');
    if (when === 'before') relay.hold();
    relay.finishTarget(true);
    if (when === 'after') relay.hold();
    fromTarget(Buffer.alloc(300_000));
    for (let i = 0; i < 500 && !told.all.includes('target closed'); i++) {
      await settle();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(told.all).toContain('target closed');
    expect(seen.data).toHaveLength(0);
  });
});
