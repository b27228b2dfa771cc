import { once } from 'node:events';
import { pipeline, Transform } from 'node:stream';
import { describe, expect, test } from 'vitest';
import {
  createBridge,
  type BridgeInput,
  type BridgeServer,
  type BridgeSession,
  type SessionEnd,
  type SessionHandler,
} from '../../src/index.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { closeFrame, clientFrame, handshakeRequest, RawClient, TEXT } from '../support/raw-client.ts';
import { sleep, until, within } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** A bridge with a handler, and how its sessions ended. */
interface Served {
  readonly bridge: BridgeServer;
  readonly url: string;
  readonly port: number;
  readonly ends: SessionEnd[];
  readonly warnings: string[];
}

async function serve(onSession: SessionHandler, more: Partial<BridgeInput> = {}): Promise<Served> {
  const bridge = createBridge({ listen: 0, onSession, ...more });
  const ends: SessionEnd[] = [];
  const warnings: string[] = [];
  bridge.on('session:close', ({ end }) => ends.push(end));
  bridge.on('warning', ({ message }) => warnings.push(message));
  await bridge.listen();
  atTestEnd(() => bridge.close(0));
  const { address, url } = bridge.addresses[0]!;
  return { bridge, url: url.replace('http', 'ws'), port: Number(address.split(':').at(-1)), ends, warnings };
}

/** Sends every message back as it came. */
async function echo(session: BridgeSession): Promise<void> {
  for await (const message of session.messages) await session.send(message);
}

/** Waits until the only session has ended on both sides. */
async function ended({ bridge, ends }: Served): Promise<SessionEnd> {
  await until('the session has ended', () => ends.length > 0);
  expect([...bridge.sessions]).toEqual([]);
  expect(ends).toHaveLength(1);
  return ends[0]!;
}

describe('messages', () => {
  test('keep their kind and their bounds both ways, empty and long ones too', async () => {
    const served = await serve(echo);
    const client = await WsClient.open(served.url);
    const long = Buffer.alloc(1024 * 1024, 'é');
    const sent = ['hello', Buffer.of(0, 255), '', Buffer.alloc(0), long, long.toString()];
    for (const message of sent) client.send(message);
    await until('all came back', () => client.messages.length === sent.length);
    expect(client.messages.map(({ binary }) => binary)).toEqual(sent.map((message) => typeof message !== 'string'));
    expect(client.messages.map(({ data }, index) => data.equals(Buffer.from(sent[index]!)))).not.toContain(false);
    expect(await client.close(4242, 'enough')).toEqual({ code: 4242, reason: '' });
    expect(await ended(served)).toMatchObject({ code: 4242, reason: 'enough', by: 'client', error: null });
  });

  test('that came with the handshake are served, though the client has closed already', async () => {
    const got: unknown[] = [];
    const served = await serve(async (session) => {
      await sleep(20);
      for await (const message of session.messages) got.push(message);
      got.push((await session.closed).code);
    });
    const client = new RawClient(served.port);
    const frames = [clientFrame('first', { opcode: TEXT }), clientFrame('second'), closeFrame(1000)];
    client.socket.write(Buffer.concat([Buffer.from(handshakeRequest(served.port), 'latin1'), ...frames]));
    client.socket.end();
    expect(await ended(served)).toMatchObject({ code: 1000, by: 'client' });
    expect(got).toEqual(['first', Buffer.from('second'), 1000]);
  });

  test('are read by several loops, one after the other', async () => {
    const served = await serve(async ({ messages }) => {
      const { value: name } = await messages.next();
      for await (const message of messages) {
        if (message === 'end of head') break;
      }
      for await (const message of messages) {
        if (message === 'who') return;
        throw new Error(`${String(name)} said ${String(message)}`);
      }
    });
    const client = await WsClient.open(served.url);
    for (const text of ['ann', 'x', 'end of head', 'who']) client.send(text);
    expect(await client.whenClosed()).toEqual({ code: 1000, reason: '' });
  });

  test('greater than 1 MiB end the session with 1009, unless the config allows them', async () => {
    const mebibyte = 1024 * 1024;
    const strict = await serve(echo);
    const refused = await WsClient.open(strict.url);
    refused.send(Buffer.alloc(mebibyte + 1));
    expect(await refused.whenClosed()).toMatchObject({ code: 1009 });
    expect(await ended(strict)).toMatchObject({ by: 'client', error: { code: 'WS_MESSAGE_TOO_LARGE' } });

    const lax = await serve(echo, { relay: { maxMessage: '2MiB' } });
    const client = await WsClient.open(lax.url);
    client.send(Buffer.alloc(2 * mebibyte));
    await client.receive(2 * mebibyte);
    expect(client.messages).toHaveLength(1);
  });

  test('that nobody takes stop the client, and memory stays bounded', async () => {
    let go!: () => void;
    const wait = new Promise<void>((resolve) => (go = resolve));
    let taken = 0;
    const served = await serve(async (session) => {
      await wait;
      for await (const message of session.messages) taken += message.length;
    });
    const client = await WsClient.open(served.url);
    const total = 32 * 1024 * 1024;
    for (let sent = 0; sent < total; sent += 65_536) client.send(Buffer.alloc(65_536));
    await sleep(300);
    const [session] = served.bridge.sessions;
    expect(session!.bytesIn).toBeLessThan(1024 * 1024);
    expect(client.ws.bufferedAmount).toBeGreaterThan(total / 4);
    go();
    await until('all were taken', () => taken === total);
  });

  test('pass the base64 subprotocol as bytes', async () => {
    const got: unknown[] = [];
    const served = await serve(async (session) => {
      for await (const message of session.messages) {
        got.push(message);
        await session.send('ok');
      }
    });
    const client = await WsClient.open(served.url, { protocols: ['base64'] });
    client.send(Buffer.from([1, 2, 255]).toString('base64'));
    await until('it was answered', () => client.messages.length === 1);
    expect(got).toEqual([Buffer.of(1, 2, 255)]);
    expect(client.messages[0]!.data.toString()).toBe(Buffer.from('ok').toString('base64'));
  });
});

describe('sending', () => {
  test('waits while the client does not read, and loses nothing', async () => {
    const total = 64 * 1024 * 1024;
    let sent = 0;
    let most = 0;
    const served = await serve(async (session) => {
      const block = Buffer.alloc(65_536, 'x');
      while (sent < total) {
        await session.send(block);
        sent += block.length;
        most = Math.max(most, session.queued);
      }
    });
    const client = await WsClient.open(served.url);
    client.ws.pause();
    await sleep(400);
    const stalled = sent;
    expect(stalled).toBeLessThan(total / 2);
    client.ws.resume();
    await client.receive(total);
    expect(await client.whenClosed()).toEqual({ code: 1000, reason: '' });
    expect(most).toBeLessThan(512 * 1024);
  });

  test('without waiting to a client that does not read ends that session alone, with 1008', async () => {
    const other = { got: 0 };
    const served = await serve(async (session) => {
      if (session.path === '/slow') {
        while (!session.signal.aborted) {
          void session.send(Buffer.alloc(65_536));
          await sleep(0);
        }
        await session.closed;
      } else await echo(session);
    });
    const reader = await WsClient.open(served.url);
    reader.ws.on('message', () => void other.got++);
    const slow = await WsClient.open(`${served.url}slow`);
    slow.ws.pause();
    await until('the slow one was dropped', () =>
      [...served.bridge.sessions].some(({ stage, path }) => path === '/slow' && stage === 'closing'),
    );
    reader.send('still here');
    await reader.receive(10);
    slow.ws.resume();
    await until('its session has ended', () => served.ends.length === 1);
    expect(served.ends[0]).toMatchObject({ code: 1008, by: 'client', error: { code: 'CLIENT_TOO_SLOW' } });
    expect(other.got).toBe(1);
  });

  test('after the end is refused, and a promise that nobody waits for disturbs nobody', async () => {
    let refused: unknown;
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', onRejection);
    atTestEnd(() => process.off('unhandledRejection', onRejection));
    const served = await serve(async (session) => {
      await session.closed;
      void session.send('into the void');
      refused = await session.send('x').catch((error: unknown) => error);
      await session.send('and once more, which ends the handler');
    });
    const client = await WsClient.open(served.url);
    await client.close();
    await ended(served);
    await sleep(20);
    expect(refused).toMatchObject({ name: 'BridgeError', code: 'SESSION_ENDED' });
    expect(rejections).toEqual([]);
    expect(served.warnings).toEqual([]);
  });

  test('refuses what is no message, at once', async () => {
    const served = await serve((session) => session.send(5 as unknown as string));
    const client = await WsClient.open(served.url);
    expect(await client.whenClosed()).toMatchObject({ code: 1011 });
    expect(await ended(served)).toMatchObject({ error: { code: 'HANDLER_FAILED', cause: expect.any(TypeError) } });
  });
});

describe('the end of a session', () => {
  test('with a code and a reason of its own, behind everything that was sent', async () => {
    const served = await serve(async (session) => {
      void session.send('goodbye');
      const end = await session.close(4001, 'closing time');
      expect(end).toMatchObject({ code: 4001, reason: 'closing time', by: 'target', error: null });
      await session.close(4002);
    });
    const client = await WsClient.open(served.url);
    expect(await client.whenClosed()).toEqual({ code: 4001, reason: 'closing time' });
    expect(client.data.toString()).toBe('goodbye');
    expect(await ended(served)).toMatchObject({ code: 4001, reason: 'closing time', by: 'target', error: null });
  });

  test.each([1005, 1006, 1015, 1010, 999, 2999, 5000])('not with %i, which may not be sent', async (code) => {
    const served = await serve((session) => void session.close(code));
    const client = await WsClient.open(served.url);
    expect(await client.whenClosed()).toMatchObject({ code: 1011 });
    expect(await ended(served)).toMatchObject({ error: { cause: expect.any(RangeError) } });
  });

  test.each<[string, SessionHandler]>([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    [
      'rejects',
      async (session) => {
        await session.messages.next();
        throw new Error('boom');
      },
    ],
  ])('is 1011 when its handler %s, and others are undisturbed', async (_how, failing) => {
    const served = await serve((session) => (session.path === '/bad' ? failing(session) : echo(session)));
    const good = await WsClient.open(served.url);
    const bad = await WsClient.open(`${served.url}bad`);
    bad.send('go');
    expect(await bad.whenClosed()).toEqual({ code: 1011, reason: 'The handler of the session failed.' });
    good.send('still here');
    expect((await good.receive(10)).toString()).toBe('still here');
    expect(served.ends).toHaveLength(1);
    expect(served.ends[0]).toMatchObject({ by: 'target', error: { code: 'HANDLER_FAILED', detail: 'boom' } });
  });

  test('comes when the promise of its handler does; a handler that gives none leaves it open', async () => {
    const sessions: BridgeSession[] = [];
    const open = await serve((session) => void sessions.push(session));
    const kept = await WsClient.open(open.url);
    await until('it was served', () => sessions.length === 1);
    await sleep(30);
    await sessions[0]!.send('later');
    await kept.receive(5);

    const done = await serve(async (session) => session.send('all there is'));
    const client = await WsClient.open(done.url);
    expect(await client.whenClosed()).toEqual({ code: 1000, reason: '' });
    expect(client.data.toString()).toBe('all there is');
  });

  test('is told to the handler: the loop ends, the signal aborts, the promise says how', async () => {
    const told: unknown[] = [];
    const served = await serve(async (session) => {
      session.signal.addEventListener('abort', () => told.push((session.signal.reason as { code: string }).code));
      for await (const message of session.messages) told.push(message);
      const { code, reason, by, error } = await session.closed;
      told.push({ code, reason, by, error: error?.code ?? null });
    });
    const client = await WsClient.open(served.url);
    client.send('last words');
    await until('they have come', () => told.length === 1);
    client.ws.terminate();
    await ended(served);
    expect(told).toEqual([
      'last words',
      'SESSION_ENDED',
      { code: 1006, reason: '', by: 'client', error: 'CLIENT_GONE' },
    ]);
  });

  test('waits for its handler no longer than the linger time', async () => {
    const served = await serve(() => new Promise(() => {}), { relay: { linger: '100ms' } });
    const client = await WsClient.open(served.url);
    const started = performance.now();
    await client.close();
    await ended(served);
    expect(performance.now() - started).toBeGreaterThan(90);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('is 1001 for all when the bridge closes; what a handler throws afterwards is a warning', async () => {
    const served = await serve(async (session) => {
      await session.closed;
      throw new Error('while clearing up');
    });
    const clients = await Promise.all([1, 2, 3].map(() => WsClient.open(served.url)));
    await until('all are served', () => [...served.bridge.sessions].length === 3);
    await served.bridge.close();
    for (const client of clients) expect(await client.whenClosed()).toMatchObject({ code: 1001 });
    expect(served.warnings).toHaveLength(3);
    expect(served.warnings[0]).toMatch(/^handler:: the handler of session \d failed after its end: while clearing up$/);
  });
});

describe('the stream of a session', () => {
  test('carries bytes both ways, however long a message is', async () => {
    const served = await serve(({ stream }) => void stream.pipe(stream));
    const client = await WsClient.open(served.url);
    const sent = Buffer.alloc(3 * 1024 * 1024, 'stream');
    client.send(sent);
    client.send('text, too');
    const back = await client.receive(sent.length + 9);
    expect(back.equals(Buffer.concat([sent, Buffer.from('text, too')]))).toBe(true);
    expect(client.messages.every(({ binary }) => binary)).toBe(true);
    await client.close();
    expect(await ended(served)).toMatchObject({ code: 1000, by: 'client' });
  });

  test('takes what came before anybody asked for it, also the beginning of a long message', async () => {
    const served = await serve(async (session) => {
      await sleep(150);
      let length = 0;
      for await (const chunk of session.stream) {
        length += (chunk as Buffer).length;
        if (length === 4 * 1024 * 1024) session.stream.end('all');
      }
    });
    const client = await WsClient.open(served.url);
    client.send(Buffer.alloc(4 * 1024 * 1024));
    await client.receive(3);
    expect(await client.whenClosed()).toEqual({ code: 1000, reason: '' });
  });

  test('ends the session when it ends, and with 1011 when it is destroyed', async () => {
    const ending = await serve(({ stream }) => void stream.end('done'));
    const client = await WsClient.open(ending.url);
    expect(await client.whenClosed()).toEqual({ code: 1000, reason: '' });
    expect(client.data.toString()).toBe('done');
    expect(await ended(ending)).toMatchObject({ code: 1000, by: 'target' });

    const failing = await serve(({ stream }) => void stream.destroy(new Error('no more')));
    expect(await (await WsClient.open(failing.url)).whenClosed()).toMatchObject({ code: 1011 });
    expect(await ended(failing)).toMatchObject({ error: { code: 'HANDLER_FAILED', detail: 'no more' } });
  });

  test('survives a pipeline whose client goes away', async () => {
    const results: unknown[] = [];
    const served = await serve(({ stream }) => {
      const upper = new Transform({
        transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString().toUpperCase()),
      });
      pipeline(stream, upper, stream, (error) => results.push(error ?? 'ended'));
    });
    const client = await WsClient.open(served.url);
    client.send('shout');
    expect((await client.receive(5)).toString()).toBe('SHOUT');
    client.ws.terminate();
    await ended(served);
    await until('the pipeline is over', () => results.length === 1);
    expect(results).toEqual(['ended']);
    expect(served.warnings).toEqual([]);
  });

  test('is not had together with messages', async () => {
    const served = await serve((session) => {
      expect(session.stream).toBe(session.stream);
      return session.messages;
    });
    const client = await WsClient.open(served.url);
    expect(await client.whenClosed()).toMatchObject({ code: 1011 });
    expect((await ended(served)).error?.detail).toBe('the session is read by its stream already');
  });
});

describe('a handler', () => {
  test('knows its client, and sees the bytes that passed', async () => {
    let seen: BridgeSession | undefined;
    const served = await serve(
      (session) => {
        seen = session;
        return echo(session);
      },
      { subprotocols: ['chat.v1'] },
    );
    const client = await WsClient.open(`${served.url}rooms/1?name=ann`, {
      protocols: ['chat.v1'],
      headers: { Cookie: 'k=v' },
    });
    client.send('1234');
    await client.receive(4);
    expect(seen).toMatchObject({ path: '/rooms/1', subprotocol: 'chat.v1', target: 'handler:', stage: 'relay' });
    expect(seen!.handshake.query.get('name')).toBe('ann');
    expect(seen!.handshake.cookies.get('k')).toBe('v');
    expect(seen).toMatchObject({ bytesIn: 4, bytesOut: 4, secure: false });
  });

  test('may stand in a route, beside routes to servers', async () => {
    const served = await serve(echo, {
      routes: [{ path: '/time', onSession: (session: BridgeSession) => session.close(4000, 'now') }],
    });
    expect(await (await WsClient.open(`${served.url}time`)).whenClosed()).toEqual({ code: 4000, reason: 'now' });
    const client = await WsClient.open(served.url);
    client.send('x');
    await client.receive(1);
  });

  test('has what passes recorded and published, message by message', async () => {
    const seen: string[] = [];
    const bridge = createBridge({ listen: 0, onSession: echo });
    bridge.on('session:data', ({ from, data }) => seen.push(`${from} ${Buffer.from(data).toString()}`));
    await bridge.listen();
    atTestEnd(() => bridge.close(0));
    const client = await WsClient.open(bridge.addresses[0]!.url.replace('http', 'ws'));
    client.send('a');
    await client.receive(1);
    expect(seen).toEqual(['client a', 'target a']);
    await within('the close', Promise.all([once(client.ws, 'close'), client.close()]));
  });
});
