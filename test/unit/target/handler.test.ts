import { describe, expect, it, vi } from 'vitest';
import { Abort } from '../../../src/abort.ts';
import type { BridgeSession, SessionHandler } from '../../../src/bridge-session.ts';
import type { MessageClient, MessageConnection } from '../../../src/bridge/message-connection.ts';
import { BridgeError } from '../../../src/errors.ts';
import { createTarget } from '../../../src/target/create-target.ts';
import type { Target, TargetHost } from '../../../src/target/target.ts';
import { abortedFor, dialContext } from '../../conformance/target-support.ts';
import { atTestEnd } from '../../support/cleanup.ts';

/** A client that remembers what is done to it. */
class FakeClient implements MessageClient {
  readonly told: string[] = [];
  queued = 0;
  room = true;
  send(opcode: number, data: Buffer): boolean {
    this.told.push(`send ${opcode} ${data.toString()}`);
    return this.room;
  }
  taken(): void {}
  finish(code: number, reason: string): void {
    this.told.push(`finish ${code} ${reason}`.trim());
  }
  fail(error: BridgeError): void {
    this.told.push(`fail ${error.code} ${error.detail}`);
  }
  settle(): void {
    this.told.push('settle');
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const GONE = { code: 1006, reason: '', by: 'client', error: new BridgeError('CLIENT_GONE') } as const;

interface Bench {
  readonly target: Target;
  readonly connection: MessageConnection;
  readonly client: FakeClient;
  readonly warnings: string[];
}

/** Runs a handler. */
async function run(handler: SessionHandler): Promise<Bench> {
  const warnings: string[] = [];
  const target = createTarget({ kind: 'handler', onSession: handler });
  await target.start?.({ warn: (message) => void warnings.push(message) } as TargetHost);
  const connection = await target.connect(dialContext());
  if (connection.kind !== 'message') throw new Error('no messages');
  const client = new FakeClient();
  connection.start(client);
  return { target, connection, client, warnings };
}

const failing = (error: unknown) => async (): Promise<never> => {
  throw error;
};

/** Runs a handler that does something when its session has ended. */
const late = (what: (session: BridgeSession) => unknown): Promise<Bench> =>
  run(async (session) => {
    await session.closed;
    await what(session);
  });

describe('a handler', () => {
  it('is not called for a client that has gone already', async () => {
    let called = false;
    const target = createTarget({ kind: 'handler', onSession: () => (called = true) });
    const reason = new Error('gone');
    await expect(target.connect(dialContext({ abort: abortedFor(reason) }))).rejects.toBe(reason);
    expect([called, target.label]).toEqual([false, 'handler:']);
  });

  it('ends its session when its promise resolves, and not when it gives none', async () => {
    const { client, connection } = await run(() => Promise.resolve(5));
    await settle();
    expect([client.told, connection.busy]).toEqual([['finish 1000'], false]);
    for (const given of [undefined, 5, {}]) expect((await run(() => given)).client.told).toEqual([]);
  });

  it('ends its session by what it throws, an error of the table as it is', async () => {
    const thrown = [new Error('a'), 'b', new BridgeError('TARGET_UNREACHABLE', { detail: 'c' })];
    const fates = await Promise.all(thrown.map((error) => run(failing(error))));
    await settle();
    expect(fates.map(({ client }) => client.told)).toEqual([
      ['fail HANDLER_FAILED a'],
      ['fail HANDLER_FAILED b'],
      ['fail TARGET_UNREACHABLE c'],
    ]);
  });

  it('fails, and does not end, when a session of another client has ended below it', async () => {
    const { client } = await run(() => Promise.reject(new BridgeError('SESSION_ENDED', { detail: 'session 9' })));
    await settle();
    expect(client.told).toEqual(['fail HANDLER_FAILED session 9: the session has ended.']);
  });

  it('may throw what has no text', async () => {
    const thrown: unknown = Object.create(null);
    const { client } = await run(failing(thrown));
    await settle();
    expect(client.told).toEqual(['fail HANDLER_FAILED something that has no text']);
    const { connection, warnings } = await late(failing(thrown));
    connection.end(GONE);
    await settle();
    expect(warnings).toEqual([expect.stringContaining('failed after its end: something that has no text')]);
  });

  it('waits for room, all its sends together, and none of them for ever', async () => {
    let session!: BridgeSession;
    const { client, connection } = await run((given) => void (session = given));
    await session.send('at once');
    client.room = false;
    const waiting = [session.send('a'), session.send(new Uint8Array([98]))];
    let drained = 0;
    for (const each of waiting) void each.then(() => drained++);
    await settle();
    expect(drained).toBe(0);
    connection.onDrain();
    await settle();
    expect(drained).toBe(2);
    const last = session.send('c').catch((error: unknown) => error);
    connection.end(GONE);
    expect(await last).toMatchObject({ code: 'SESSION_ENDED', cause: GONE.error });
    expect(client.told).toEqual(['send 1 at once', 'send 1 a', 'send 2 b', 'send 1 c']);
  });

  it('may view a part of a larger memory', async () => {
    const { client } = await run((session) => session.send(new Uint8Array([97, 98, 99, 100]).subarray(1, 3)));
    expect(client.told).toContain('send 2 bc');
  });

  it('is told of the end once: promise, signal, and no more sends', async () => {
    let session!: BridgeSession;
    const { connection } = await run((given) => void (session = given));
    connection.end(GONE);
    connection.end({ ...GONE, code: 1000 });
    expect(await session.closed).toMatchObject({ code: 1006, by: 'client', duration: expect.any(Number) });
    expect(session.signal.reason).toMatchObject({ code: 'SESSION_ENDED', cause: GONE.error });
    await expect(session.send('x')).rejects.toThrow('session 1: the session has ended.');
    expect(await session.close()).toMatchObject({ code: 1006 });
  });

  it('costs an AbortController only when it asks for its signal', async () => {
    const asked = vi.spyOn(Abort.prototype, 'signal', 'get');
    atTestEnd(() => asked.mockRestore());
    const { connection } = await run(() => undefined);
    connection.end(GONE);
    expect(asked).not.toHaveBeenCalled();
    const curious = await run((session) => void session.signal);
    curious.connection.end(GONE);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('is at work until it has taken what came, and no longer', async () => {
    let session!: BridgeSession;
    const { connection, client } = await run((given) => void (session = given));
    const { messages } = session;
    connection.onMessage(Buffer.from('a'), 1);
    connection.end(GONE);
    expect([connection.busy, client.told]).toEqual([true, []]);
    expect((await messages.next()).value).toBe('a');
    expect([connection.busy, client.told]).toEqual([false, ['settle']]);
    expect((await messages.next()).done).toBe(true);
  });

  it('gets nothing any more once its connection is closed', async () => {
    let session!: BridgeSession;
    const { connection } = await run((given) => void (session = given));
    connection.onMessage(Buffer.from('a'), 1);
    connection.end(GONE);
    connection.close();
    expect(connection.queuedBytes).toBe(0);
    expect((await session.messages.next()).done).toBe(true);
  });

  it('has a warning for what it throws after the end, unless the end is the reason', async () => {
    const benches = await Promise.all([
      late(() => Promise.reject(new Error('clearing up'))),
      late((session) => session.send('x')),
      late(({ signal }) => Promise.reject(new Error('aborted', { cause: signal.reason }))),
    ]);
    for (const { connection } of benches) connection.end(GONE);
    await settle();
    expect(benches.map(({ warnings }) => warnings)).toEqual([
      ['the handler of session 1 failed after its end: clearing up'],
      [],
      [],
    ]);
    expect(benches.map(({ client }) => client.told.at(-1))).toEqual(['settle', 'settle', 'settle']);
  });
});
