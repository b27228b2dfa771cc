import { describe, expect, it, vi } from 'vitest';
import { BridgeError, ERRORS, type ErrorCode, type ErrorRow } from '../../../src/errors.ts';
import { Framing } from '../../../src/framing/framing.ts';
import type { Peer } from '../../../src/route/resolver.ts';
import type { DatagramConnection, DatagramHandlers } from '../../../src/stream/datagram.ts';
import { sleep, until } from '../../support/wait.ts';
import { clientFrame } from '../websocket/client-frames.ts';
import { ended, play, type Scene, type SceneOptions } from './session-fixture.ts';

const binary = (payload: Uint8Array | string): Buffer => clientFrame({ opcode: 2, payload });
const close = (code: number): Buffer => clientFrame({ opcode: 8, payload: Buffer.of(code >> 8, code & 255) });
const never = new Promise<never>(() => {});
const CUT = { framer: { name: 'newline', config: null }, unframer: null } as const;

/** A session in its relay. */
async function relaying(options: SceneOptions = {}): Promise<Scene> {
  const scene = play(options);
  await scene.ran;
  expect(scene.session.stage).toBe('relay');
  return scene;
}

/** Ends what a test has left open. */
async function cleared(scene: Scene): Promise<void> {
  scene.session.destroy();
  scene.target.destroy();
  await until('the registry is empty', () => scene.registry.size === 0);
  await until('the client has gone', () => scene.clientSide.destroyed);
}

describe.each([{ octets: false }, { octets: true }])('a session (one byte at a time: $octets)', ({ octets }) => {
  it("upgrades, relays both ways and answers the client's Close with its code", async () => {
    const scene = await relaying({ octets });
    expect(scene.session).toMatchObject({
      route: 'vnc',
      target: 'tcp://target:1',
      subprotocol: 'binary',
      path: '/chat',
    });
    scene.client.write(binary('to the target'));
    scene.target.write('to the client');
    await until(
      'both have arrived',
      () => scene.received() === 'to the target' && scene.seen.data.toString() === 'to the client',
    );
    expect(scene.seen.head).toMatch(/^HTTP\/1\.1 101 [^]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
    scene.client.write(Buffer.concat([binary('!'), close(3999)]));
    scene.target.on('end', () => scene.target.end());
    await until('the client is told', () => scene.seen.ended);
    expect(scene.seen.close).toEqual({ code: 3999, reason: '' });
    scene.client.end();
    expect(await ended(scene)).toMatchObject({ code: 3999, by: 'client', error: null });
    expect(scene.received()).toBe('to the target!');
    expect(scene.session).toMatchObject({ bytesIn: 14, bytesOut: 13 });
    expect(scene.stages).toEqual(['route', 'upgrade', 'dial', 'relay', 'closing', 'closed']);
  });

  it('delivers all that the target sent before it ended, then Close 1000, and still takes what the client sends', async () => {
    const scene = await relaying({ octets });
    const sent = 'x'.repeat(20_000);
    scene.target.end(sent);
    await until('the client is told', () => scene.seen.close !== null);
    expect(scene.seen.data.toString()).toBe(sent);
    expect(scene.seen.close).toEqual({ code: 1000, reason: '' });
    scene.client.write(binary('last words'));
    await until('the target has them', () => scene.received() === 'last words');
    scene.client.end(close(1000));
    expect(await ended(scene)).toMatchObject({ code: 1000, by: 'target', error: null });
  });

  it('relays the bytes that came with the handshake, in front of what follows', async () => {
    const whole = Buffer.concat([binary('head'), binary('tail')]);
    const scene = play({ octets, head: whole.subarray(0, 7) });
    scene.client.write(whole.subarray(7));
    await until('the target has everything', () => scene.received().length >= 8);
    expect(scene.received()).toBe('headtail');
    await cleared(scene);
  });

  it('relays in order what came with the handshake, during the look-up of the target, and after it', async () => {
    let found!: () => void;
    const whole = Buffer.concat([binary('head'), binary('while routing'), binary('tail')]);
    const scene = play({
      octets,
      head: whole.subarray(0, 5),
      resolve: (peer) => new Promise((resolve) => (found = () => resolve(peer))),
    });
    scene.client.write(whole.subarray(5, 20));
    await sleep(10);
    found();
    await scene.ran;
    scene.client.write(whole.subarray(20));
    await until('the target has everything', () => scene.received().length >= 21);
    expect(scene.received()).toBe('headwhile routingtail');
    await cleared(scene);
  });

  it('keeps what the client sends during a long dial', async () => {
    let dial!: () => void;
    const scene = play({
      octets,
      connect: (_context, duplex) =>
        new Promise((resolve) => {
          dial = () => resolve({ kind: 'stream', duplex });
        }),
    });
    const sent = 'y'.repeat(30_000);
    scene.client.write(binary(sent));
    await sleep(30);
    expect(scene.session.stage).toBe('dial');
    dial();
    await until('the target has everything', () => scene.received() === sent);
    await cleared(scene);
  });

  it('delivers to the target what a client sent that left during the dial', async () => {
    const scene = play({
      octets,
      connect: async (_context, duplex) => {
        await sleep(30);
        return { kind: 'stream', duplex };
      },
    });
    scene.target.on('end', () => scene.target.end());
    scene.client.end(Buffer.concat([binary('hello and goodbye'), close(1000)]));
    expect(await ended(scene)).toMatchObject({ code: 1000, by: 'client', error: null });
    expect(scene.received()).toBe('hello and goodbye');
    expect(scene.seen.close).toEqual({ code: 1000, reason: '' });
  });

  it('gives up the dial when the client closes with nothing to deliver, also together with its handshake', async () => {
    for (const early of [true, false]) {
      const scene = play({
        octets,
        head: early ? close(1000) : Buffer.alloc(0),
        connect: ({ abort }) => new Promise((_resolve, reject) => abort.onAbort(() => reject(abort.reason))),
      });
      if (!early) scene.client.write(close(1000));
      await until('the client is told', () => scene.seen.close !== null);
      scene.client.end();
      expect(await ended(scene)).toMatchObject({ code: 1000, by: 'client', error: null });
      expect(scene.seen.close).toEqual({ code: 1000, reason: '' });
    }
  });

  it('ends with 1006 when the client goes without a Close frame; the target gets every byte and the end', async () => {
    const scene = await relaying({ octets });
    let fin = false;
    scene.target.on('end', () => {
      fin = true;
      scene.target.end('not wanted');
    });
    scene.client.end(binary('the last'));
    expect(await ended(scene)).toMatchObject({ code: 1006, by: 'client', error: { code: 'CLIENT_GONE' } });
    expect(scene.received()).toBe('the last');
    expect(fin).toBe(true);
    expect(scene.seen.close).toBeNull();
  });

  it('tells a client that breaks the protocol, hands on what came before, and discards what comes after', async () => {
    const scene = await relaying({ octets });
    scene.client.write(Buffer.concat([binary('good'), clientFrame({ opcode: 3, payload: 'bad' }), binary('after')]));
    await until('the client is told', () => scene.seen.close !== null);
    expect(scene.seen.close).toEqual({ code: 1002, reason: ERRORS.WS_OPCODE.sentence });
    for (let i = 0; i < 30; i++) {
      scene.client.write(binary('more and more'));
      await sleep(1);
    }
    // Each of those once added listeners and a timer.
    for (const event of ['close', 'finish']) expect(scene.clientSide.listenerCount(event)).toBeLessThan(6);
    expect(await ended(scene)).toMatchObject({ code: 1002, by: 'client', error: { code: 'WS_OPCODE' } });
    expect(scene.received()).toBe('good');
  });
});

describe('an end without manners', () => {
  it('a reset by the client ends the target within a second, without Close', async () => {
    const scene = await relaying({ relay: { linger: 60_000, closeTimeout: 60_000 } });
    scene.client.write(binary('x'));
    await until('it is relayed', () => scene.received() === 'x');
    const start = performance.now();
    scene.client.reset();
    expect(await ended(scene)).toMatchObject({
      code: 1006,
      by: 'client',
      error: { code: 'CLIENT_GONE', detail: 'ECONNRESET' },
    });
    expect(performance.now() - start).toBeLessThan(1000);
    expect(scene.targetSide.destroyed).toBe(true);
  });

  it('a reset by the client ends a target that reads nothing within a second too', async () => {
    const scene = await relaying({ relay: { linger: 60_000, closeTimeout: 60_000 } });
    scene.target.hold();
    scene.client.write(binary(Buffer.alloc(10_000)));
    await until('it waits', () => scene.session.bytesIn === 10_000);
    const start = performance.now();
    scene.client.reset();
    await ended(scene);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('a reset behind a Close frame is no hurry: the target gets every byte', async () => {
    const scene = await relaying({ relay: { linger: 2000, closeTimeout: 2000 } });
    scene.target.hold();
    scene.client.write(Buffer.concat([binary('all of this'), close(1000)]));
    await until('the client is answered', () => scene.seen.close !== null);
    scene.client.reset();
    await sleep(700);
    expect(scene.targetSide.destroyed).toBe(false);
    scene.target.release();
    scene.target.on('end', () => scene.target.end());
    expect(await ended(scene)).toMatchObject({ code: 1000, by: 'client', error: null });
    expect(scene.received()).toBe('all of this');
  });

  it('a reset by the target is told as 1011 at once', async () => {
    const scene = await relaying();
    const start = performance.now();
    scene.target.reset();
    await until('the client is told', () => scene.seen.close !== null);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(scene.seen.close).toEqual({ code: 1011, reason: ERRORS.TARGET_RESET.sentence });
    scene.client.end(close(1011));
    const { error } = await ended(scene);
    expect(error?.message).toBe('tcp://target:1: ECONNRESET: the target broke the connection.');
  });

  it('a target that closes without an end is one that broke off', async () => {
    const scene = await relaying();
    scene.targetSide.destroy();
    await until('the client is told', () => scene.seen.close?.code === 1011);
    await cleared(scene);
    expect(await ended(scene)).toMatchObject({ by: 'target', error: { code: 'TARGET_RESET' } });
  });

  it('a target that was closed before the relay began: the client is told and its answer is read', async () => {
    const scene = play({
      relay: { closeTimeout: 60_000 },
      before: ({ events, targetSide }) => void events.on('session:open', () => targetSide.destroy()),
    });
    await until('the client is told', () => scene.seen.close !== null);
    expect(scene.seen.close?.code).toBe(1011);
    scene.client.end(close(1011));
    await ended(scene);
  });

  it('a client that never answers the Close frame is cut off after closeTimeout', async () => {
    const scene = await relaying({ relay: { closeTimeout: 100 } });
    const start = performance.now();
    scene.target.end();
    await ended(scene);
    expect(performance.now() - start).toBeGreaterThan(90);
    expect(performance.now() - start).toBeLessThan(1800);
  });

  it('a client that reads nothing is cut off, whatever waits for it', async () => {
    const scene = await relaying({ relay: { closeTimeout: 100 } });
    scene.client.hold();
    scene.target.end(Buffer.alloc(30_000));
    await ended(scene);
    expect(scene.seen.data.length).toBeLessThan(30_000);
  });

  it('a target that never ends after the client has closed is cut off after its linger time', async () => {
    const scene = await relaying({ relay: { linger: 100 } });
    scene.client.end(close(1000));
    const start = performance.now();
    await ended(scene);
    expect(performance.now() - start).toBeGreaterThan(90);
    expect(performance.now() - start).toBeLessThan(1800);
    expect(scene.targetSide.destroyed).toBe(true);
  });

  it('a target that ended and closed while the client was held back lets the client say goodbye', async () => {
    const scene = await relaying({ relay: { highWaterMark: 1000, closeTimeout: 60_000 }, allowHalfOpen: false });
    scene.target.hold();
    scene.client.write(binary(Buffer.alloc(100_000)));
    await until('the client waits', () => scene.session.bytesIn > 16_000);
    await sleep(20);
    scene.target.end();
    await until('the client is told', () => scene.seen.close !== null);
    scene.target.destroy();
    scene.targetSide.destroy();
    scene.client.end(close(1000));
    expect(await ended(scene)).toMatchObject({ code: 1000, by: 'target' });
  });
});

describe('a dial that fails', () => {
  it.each(
    (Object.entries(ERRORS) as [ErrorCode, ErrorRow][])
      .filter(([, { stage }]) => stage === 'dial')
      .map(([code]) => code),
  )('with %s is told as a Close frame with its sentence, without the detail', async (code) => {
    const scene = play({
      connect: () => Promise.reject(new BridgeError(code, { detail: '10.1.2.3:5900' })),
      head: binary('early data'),
    });
    await until('the client is told', () => scene.seen.close !== null);
    expect(scene.seen.close).toEqual({ code: ERRORS[code].close, reason: ERRORS[code].sentence });
    scene.client.write(Buffer.concat([binary('goes nowhere'), close(1011)]));
    scene.client.end();
    expect(await ended(scene)).toMatchObject({ code: ERRORS[code].close, error: { code } });
    expect(scene.stages).toEqual(['route', 'upgrade', 'dial', 'closing', 'closed']);
  });

  it('with something unknown is INTERNAL', async () => {
    const scene = play({ connect: () => Promise.reject(new TypeError('oops')) });
    await until('the client is told', () => scene.seen.close !== null);
    expect(scene.seen.close).toEqual({ code: 1011, reason: 'The bridge failed.' });
    scene.client.end(close(1011));
    expect(await ended(scene)).toMatchObject({ by: 'bridge', error: { code: 'INTERNAL', detail: 'oops' } });
  });

  it('by taking too long is TARGET_TIMEOUT; the dial is aborted', async () => {
    const scene = play({
      relay: { connectTimeout: 50 },
      connect: ({ abort }) =>
        new Promise((_resolve, reject) => {
          abort.onAbort(() => reject(abort.reason));
        }),
    });
    await until('the client is told', () => scene.seen.close !== null);
    scene.client.end(close(1011));
    expect(await ended(scene)).toMatchObject({ error: { code: 'TARGET_TIMEOUT' } });
    expect(scene.aborts[0]!.aborted).toBe(true);
  });

  it('is aborted when the client goes, and a target that comes too late is closed', async () => {
    let late!: () => void;
    const scene = play({
      connect: (_context, duplex) =>
        new Promise((resolve) => {
          late = () => resolve({ kind: 'stream', duplex });
        }),
    });
    await until('it is dialling', () => scene.aborts.length === 1);
    scene.client.end();
    await until('the session has ended', () => scene.ends.length === 1);
    expect(scene.aborts[0]!.aborted).toBe(true);
    late();
    expect(await ended(scene)).toMatchObject({ code: 1006, by: 'client' });
    expect(scene.targetSide.destroyed).toBe(true);
  });

  it('does not leave the client alone that never answers', async () => {
    const scene = play({
      relay: { closeTimeout: 60 },
      connect: () => Promise.reject(new BridgeError('TARGET_REFUSED')),
    });
    expect(await ended(scene)).toMatchObject({ error: { code: 'TARGET_REFUSED' } });
  });
});

describe('a refusal before the upgrade', () => {
  const refusals = (Object.entries(ERRORS) as [ErrorCode, ErrorRow][]).filter(([, { status }]) => status !== null);
  it.each(refusals)('%s is its HTTP status and sentence, without the detail', async (code, { status, sentence }) => {
    const scene = play({
      resolve: () => {
        throw new BridgeError(code, { detail: '10.1.2.3' });
      },
    });
    await until('the client is told', () => scene.seen.ended);
    expect(scene.seen.head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(scene.seen.rest).toContain(sentence);
    expect(scene.seen.rest).not.toContain('10.1.2.3');
    expect(scene.session.stage).toBe('closed');
    expect(scene.refused).toMatchObject([{ error: { code } }]);
    expect(scene.registry.size).toBe(0);
    scene.client.end();
    await until('the socket is closed', () => scene.clientSide.destroyed);
    expect(scene.ends).toEqual([]);
  });

  it('by a resolver that fails is ROUTE_FAILED', async () => {
    const scene = play({ resolve: () => Promise.reject(new Error('database gone')) });
    await until('the client is told', () => scene.seen.ended);
    expect(scene.refused).toMatchObject([{ error: { code: 'ROUTE_FAILED', detail: 'database gone' } }]);
    scene.client.end();
  });

  it('is not told when the client has gone during the routing', async () => {
    const scene = play({ resolve: () => never });
    scene.client.reset();
    await until('it is over', () => scene.registry.size === 0);
    expect(scene.refused).toMatchObject([{ error: { code: 'CLIENT_GONE' } }]);
    expect(scene.clientSide.destroyed).toBe(true);
  });
});

describe('a look-up', () => {
  it('of the client comes before that of the target, which is told its result', async () => {
    const seen: unknown[] = [];
    const scene = await relaying({
      authenticate: () => Promise.resolve({ name: 'ada' }),
      resolve: (peer, identity) => {
        seen.push(identity);
        return peer;
      },
    });
    expect(seen).toEqual([{ name: 'ada' }]);
    expect(scene.session.user).toBe('ada');
    expect(scene.stages.slice(0, 3)).toEqual(['authenticate', 'route', 'upgrade']);
    await cleared(scene);
  });

  it.each(['AUTH_REQUIRED', 'AUTH_DENIED'] as const)(
    'of the client may refuse with %s; nothing is dialled',
    async (code) => {
      const scene = play({ authenticate: () => Promise.reject(new BridgeError(code)) });
      await until('the client is told', () => scene.seen.ended);
      expect(scene.seen.head).toMatch(new RegExp(`^HTTP/1\\.1 ${ERRORS[code].status} `));
      expect(scene.aborts).toEqual([]);
      scene.client.end();
    },
  );

  it('of the client that fails is AUTH_FAILED', async () => {
    const scene = play({ authenticate: () => Promise.reject(new Error('no database')) });
    await until('the client is told', () => scene.seen.ended);
    expect(scene.refused).toMatchObject([{ error: { code: 'AUTH_FAILED', detail: 'no database' } }]);
    scene.client.end();
  });

  it.each([
    ['AUTH_TIMEOUT', { authenticate: () => never }],
    ['ROUTE_TIMEOUT', { resolve: () => never }],
  ] as const)('that takes too long is %s', async (code, options) => {
    const scene = play({ ...options, lookupTimeout: 30 });
    await until('the client is told', () => scene.seen.ended);
    expect(scene.refused).toMatchObject([{ error: { code } }]);
    expect(scene.seen.head).toMatch(new RegExp(`^HTTP/1\\.1 ${ERRORS[code].status} `));
    await scene.ran;
    scene.client.end();
  });

  it('is aborted when the client goes', async () => {
    let aborted = false;
    const scene = play({
      authenticate: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(signal.reason as Error);
          });
        }),
    });
    scene.client.reset();
    await until('it is over', () => scene.registry.size === 0);
    await scene.ran;
    expect(aborted).toBe(true);
    expect(scene.refused).toMatchObject([{ error: { code: 'CLIENT_GONE' } }]);
  });
});

describe('the first reason wins', () => {
  it('after the upgrade', async () => {
    const scene = await relaying();
    scene.session.fail(new BridgeError('SHUTDOWN'));
    scene.session.fail(new BridgeError('SESSION_LIMIT'));
    scene.target.reset();
    await until('the client is told', () => scene.seen.close !== null);
    scene.client.end(close(1001));
    expect(await ended(scene)).toMatchObject({ code: 1001, by: 'bridge', error: { code: 'SHUTDOWN' } });
    expect(scene.seen.close).toEqual({ code: 1001, reason: ERRORS.SHUTDOWN.sentence });
  });

  it('before it', async () => {
    const scene = play({ resolve: () => never });
    scene.session.fail(new BridgeError('SHUTDOWN'));
    scene.session.fail(new BridgeError('ROUTE_NOT_FOUND'));
    expect(scene.refused).toMatchObject([{ error: { code: 'SHUTDOWN' } }]);
    expect(scene.registry.size).toBe(0);
    scene.session.fail(new BridgeError('INTERNAL'));
    expect(scene.refused).toHaveLength(1);
    scene.client.end();
    await until('the client was told', () => scene.seen.head !== null);
    expect(scene.seen.head).toMatch(/^HTTP\/1\.1 503 /);
  });
});

describe('errors during the relay', () => {
  const rows = (Object.entries(ERRORS) as [ErrorCode, ErrorRow][]).filter(
    ([code, { stage }]) => stage === 'relay' && !['CLIENT_GONE', 'CLIENT_SILENT', 'RECORD_FAILED'].includes(code),
  );
  it.each(rows)(
    '%s is its close code, and the session ends even when nobody answers',
    async (code, { close: expected, sentence }) => {
      const scene = await relaying({ relay: { closeTimeout: 60, linger: 60 } });
      scene.session.fail(new BridgeError(code));
      await until('the client is told', () => scene.seen.close !== null);
      expect(scene.seen.close).toEqual({ code: expected, reason: sentence });
      if (ERRORS[code].side === 'target') scene.target.destroy();
      expect(await ended(scene)).toMatchObject({ code: expected, error: { code } });
    },
  );

  it('CLIENT_GONE from foreign code, which lost another client, is 1011 for this one', async () => {
    const scene = await relaying({ relay: { closeTimeout: 60, linger: 60 } });
    scene.session.fail(new BridgeError('CLIENT_GONE'));
    await until('the client is told', () => scene.seen.close !== null);
    expect(scene.seen.close?.code).toBe(1011);
    expect(await ended(scene)).toMatchObject({ code: 1011, error: { code: 'CLIENT_GONE' } });
  });

  it('CLIENT_SILENT waits for no answer', async () => {
    const scene = await relaying({ relay: { closeTimeout: 60_000 } });
    scene.target.on('end', () => scene.target.end());
    scene.session.fail(new BridgeError('CLIENT_SILENT'));
    expect(await ended(scene)).toMatchObject({ code: 1001, error: { code: 'CLIENT_SILENT' } });
  });
});

describe('limits of time', () => {
  it('a silent client is pinged and dropped', async () => {
    const scene = await relaying({ relay: { keepalive: { interval: 40, misses: 2 } } });
    expect(await ended(scene)).toMatchObject({ by: 'client', error: { code: 'CLIENT_SILENT' } });
    expect(scene.seen.frames.filter(({ opcode }) => opcode === 9)).toHaveLength(2);
  });

  it('a client that answers is kept', async () => {
    const scene = await relaying({ relay: { keepalive: { interval: 300, misses: 2 } } });
    for (let i = 0; i < 22; i++) {
      await sleep(50);
      scene.client.write(clientFrame({ opcode: 10, payload: '' }));
    }
    expect(scene.session.stage).toBe('relay');
    await cleared(scene);
  });

  it('an idle session ends, also when the client answers pings and never the Close frame', async () => {
    const scene = await relaying({
      relay: { idleTimeout: 80, keepalive: { interval: 20, misses: 5 }, closeTimeout: 60 },
    });
    const pongs = setInterval(
      () => scene.client.writable && scene.client.write(clientFrame({ opcode: 10, payload: '' })),
      10,
    );
    const end = await ended(scene).finally(() => clearInterval(pongs));
    expect(end).toMatchObject({ code: 1000, error: { code: 'IDLE_TIMEOUT' } });
  });

  it('data in either direction keeps a session from being idle', async () => {
    const scene = await relaying({ relay: { idleTimeout: 800 } });
    for (let i = 0; i < 10; i++) {
      await sleep(100);
      if (i % 2 === 0) scene.client.write(binary('x'));
      else scene.target.write('y');
    }
    expect(scene.session.stage).toBe('relay');
    await cleared(scene);
  });

  it('a session ends at its limit, however busy', async () => {
    const scene = await relaying({ relay: { maxSession: 100, closeTimeout: 60 } });
    const busy = setInterval(() => scene.target.write('x'), 5);
    const end = await ended(scene).finally(() => clearInterval(busy));
    expect(end).toMatchObject({ code: 1008, by: 'bridge', error: { code: 'SESSION_LIMIT' } });
  });
});

describe('destroying a session', () => {
  it('while it is routed', async () => {
    let resolve!: () => void;
    const scene = play({ resolve: (peer) => new Promise((done) => (resolve = () => done(peer))) });
    scene.session.destroy();
    resolve();
    await scene.ran;
    await until('the client has gone', () => scene.clientSide.destroyed);
    expect(scene.registry.size).toBe(0);
    expect(scene.aborts).toEqual([]);
    expect(scene.refused).toMatchObject([{ error: { code: 'SHUTDOWN' } }]);
  });

  it('while it dials', async () => {
    const scene = play({
      connect: ({ abort }) => new Promise((_, reject) => abort.onAbort(() => reject(abort.reason))),
    });
    await until('it is dialling', () => scene.aborts.length === 1);
    scene.session.destroy();
    expect(await ended(scene)).toMatchObject({ by: 'bridge', error: { code: 'SHUTDOWN' } });
    expect(scene.aborts[0]!.aborted).toBe(true);
  });

  it('while it relays', async () => {
    const scene = await relaying();
    scene.target.hold();
    scene.client.hold();
    scene.client.write(binary(Buffer.alloc(50_000)));
    scene.target.write(Buffer.alloc(50_000));
    await sleep(10);
    scene.session.destroy();
    expect(await ended(scene)).toMatchObject({ by: 'bridge', error: { code: 'SHUTDOWN' } });
    expect(scene.targetSide.destroyed).toBe(true);
  });

  it('while it closes', async () => {
    const scene = await relaying({ relay: { closeTimeout: 60_000, linger: 60_000 } });
    scene.client.hold();
    scene.target.end(Buffer.alloc(50_000));
    await until('it closes', () => scene.session.stage === 'closing');
    scene.session.destroy();
    expect(await ended(scene)).toMatchObject({ code: 1000, by: 'target' });
  });
});

describe('subscribers', () => {
  it('see all payload, when they came before the relay', async () => {
    const seen: string[] = [];
    const scene = play({
      before: ({ events }) =>
        void events.on('session:data', ({ from, data }) => seen.push(`${from} ${Buffer.from(data).toString()}`)),
    });
    await scene.ran;
    scene.client.write(binary('question'));
    await until('it is relayed', () => scene.received() === 'question');
    scene.target.write('answer');
    await until('it is relayed', () => scene.seen.data.toString() === 'answer');
    expect(seen).toEqual(['client question', 'target answer']);
    await cleared(scene);
  });

  it.each(['route', 'upgrade', 'dial', 'relay'])('may end a session that enters %s', async (stage) => {
    const scene = play({
      before: ({ events, session }) =>
        void events.on('session:stage', (event) => event.stage === stage && session.fail(new BridgeError('SHUTDOWN'))),
    });
    await scene.ran;
    scene.client.end(close(1001));
    await until('the session is over', () => scene.registry.size === 0 && scene.clientSide.destroyed);
    expect(scene.clock.members).toBe(0);
    const upgraded = stage === 'dial' || stage === 'relay';
    expect(scene.seen.head).toMatch(upgraded ? /^HTTP\/1\.1 101 / : /^HTTP\/1\.1 503 /);
    expect(scene.seen.close?.code).toBe(upgraded ? 1001 : undefined);
    // A target that came too late is closed; one that was not dialled is still as it was.
    expect(scene.targetSide.destroyed).toBe(stage === 'relay');
    expect([...scene.ends.map(({ error }) => error?.code), ...scene.refused.map(({ error }) => error.code)]).toEqual([
      'SHUTDOWN',
    ]);
  });
});

it('gives its framing back when it ends as it enters the relay', async () => {
  const dispose = vi.spyOn(Framing.prototype, 'dispose');
  const scene = play({
    subprotocols: ['base64'],
    handshake: { subprotocols: ['base64'] },
    before: ({ events, session }) =>
      void events.on('session:stage', ({ stage }) => stage === 'relay' && session.fail(new BridgeError('SHUTDOWN'))),
  });
  await scene.ran;
  expect(dispose).toHaveBeenCalledOnce();
  dispose.mockRestore();
  scene.client.end(close(1001));
  await until('the session is over', () => scene.registry.size === 0);
});

it('loads no framing for a session that ended while its target was looked for', async () => {
  let found!: (peer: Peer) => void;
  const scene = play({
    resolve: (peer) => new Promise((resolve) => (found = () => resolve({ ...peer, framing: CUT }))),
  });
  const load = vi.spyOn(scene.framings, 'load');
  scene.session.fail(new BridgeError('SHUTDOWN'));
  found({} as Peer);
  await scene.ran;
  expect(load).not.toHaveBeenCalled();
});

describe('a datagram target', () => {
  /** A datagram connection whose queue a test controls. */
  class Datagrams implements DatagramConnection {
    readonly kind = 'datagram';
    readonly maxDatagram = 1000;
    readonly sent: string[] = [];
    queuedBytes = 0;
    onDrain: (() => void) | null = null;
    handlers!: DatagramHandlers;
    closed = 0;
    paused = false;
    start(handlers: DatagramHandlers): void {
      this.handlers = handlers;
    }
    send(data: Uint8Array): void {
      this.sent.push(Buffer.from(data).toString());
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

  it('ends when the client closes', async () => {
    const target = new Datagrams();
    const scene = await relaying({ connect: () => Promise.resolve(target) });
    scene.client.end(Buffer.concat([binary('one'), binary('two'), close(1000)]));
    expect(await ended(scene)).toMatchObject({ code: 1000, by: 'client' });
    expect(target).toMatchObject({ sent: ['one', 'two'], closed: 1 });
  });

  it('is told as 1011 when it fails', async () => {
    const target = new Datagrams();
    const scene = await relaying({ connect: () => Promise.resolve(target) });
    target.handlers.onError(new BridgeError('TARGET_REFUSED'));
    await until('the client is told', () => scene.seen.close !== null);
    expect(scene.seen.close).toEqual({ code: 1011, reason: ERRORS.TARGET_REFUSED.sentence });
    scene.client.end(close(1011));
    expect(await ended(scene)).toMatchObject({ by: 'target', error: { code: 'TARGET_REFUSED' } });
    expect(target.closed).toBe(1);
  });

  it('that comes too late is closed', async () => {
    const target = new Datagrams();
    let late!: () => void;
    const scene = play({ connect: () => new Promise((resolve) => (late = () => resolve(target))) });
    await until('it is dialling', () => scene.aborts.length === 1);
    scene.client.end();
    await until('the session has ended', () => scene.ends.length === 1);
    late();
    await ended(scene);
    expect(target.closed).toBe(1);
  });
});

/** Timers that keep the process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

it('leaves no timer, listener or session behind after a hundred sessions of every kind', async () => {
  await sleep(20);
  const before = timers();
  const kinds: ((scene: Scene) => void)[] = [
    ({ client }) => void client.end(close(1000)),
    ({ client }) => void client.end(),
    ({ client }) => client.reset(),
    ({ target }) => void target.end(),
    ({ target }) => target.reset(),
    ({ client }) => void client.write(clientFrame({ opcode: 5 })),
    ({ session }) => session.fail(new BridgeError('SHUTDOWN')),
    ({ session }) => session.fail(new BridgeError('IDLE_TIMEOUT')),
    ({ session }) => session.destroy(),
    ({ client, target }) => {
      client.end(close(1000));
      target.reset();
    },
  ];
  const scenes = await Promise.all(
    Array.from({ length: 100 }, () =>
      relaying({ relay: { closeTimeout: 40, linger: 40, keepalive: { interval: 5000, misses: 2 } } }),
    ),
  );
  scenes.forEach((scene, index) => kinds[index % kinds.length]!(scene));
  await Promise.all(scenes.map((scene) => ended(scene)));
  await sleep(20);
  expect(timers()).toBeLessThanOrEqual(before);
});
