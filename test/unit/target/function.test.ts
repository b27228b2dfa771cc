import { EventEmitter, once } from 'node:events';
import { duplexPair, PassThrough, Readable, type Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Abort } from '../../../src/abort.ts';
import type { TargetFunction } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import { createTarget } from '../../../src/target/create-target.ts';
import { DemoServer } from '../../../src/target/demo.ts';
import type { Target } from '../../../src/target/target.ts';
import { alone, describeTarget, FAREWELL, GREETING, type Subject } from '../../conformance/target-suite.ts';
import { dialContext, dialStream, refusal, SESSION } from '../../conformance/target-support.ts';

const made = (connect: TargetFunction): Target => createTarget({ kind: 'function', connect });
const subject = (connect: TargetFunction): Subject => alone(made(connect));
const rejecting = (): Promise<Duplex> => Promise.reject(new Error('no such room'));

describeTarget('a function target', {
  kind: 'stream',
  async open() {
    return subject(async () => {
      const [mine, theirs] = duplexPair();
      mine.on('error', () => {});
      mine.write(GREETING);
      mine.pipe(mine, { end: false });
      mine.on('end', () => mine.end(FAREWELL));
      return theirs;
    });
  },
  failing: [
    {
      when: 'it throws',
      code: 'TARGET_FAILED',
      open: async () =>
        subject(() => {
          throw new Error('no such room');
        }),
    },
    { when: 'its promise is rejected', code: 'TARGET_FAILED', open: async () => subject(rejecting) },
  ],
  stuck: async () => subject(() => new Promise<Duplex>(() => {})),
});

describe('a function target', () => {
  test('is given the session, the signal and the handshake', async () => {
    const seen: unknown[] = [];
    const context = dialContext();
    const stream = new PassThrough();
    const connection = await made((...given) => {
      seen.push(...given);
      return stream;
    }).connect(context);
    expect(seen).toEqual([SESSION, context.abort.signal, context.handshake]);
    expect(connection).toMatchObject({ kind: 'stream' });
  });

  test.each([
    [undefined, 'it gave undefined'],
    [null, 'it gave null'],
    ['text', 'it gave a string'],
    [new Map(), 'it gave a value of class Map'],
    [Readable.from([]), 'it gave a value of class Readable'],
    [new PassThrough().destroy(), 'closed already'],
    [new PassThrough({ objectMode: true }), 'a stream of objects'],
    [new PassThrough().setEncoding('utf8'), 'a stream of text'],
  ])('fails clearly when it gives no stream that can be relayed (%#)', async (given, detail) => {
    const error = await refusal(made(() => given as unknown as Duplex));
    expect(error).toMatchObject({ code: 'TARGET_FAILED' });
    expect(error.detail).toContain(detail);
    expect(error.remedy).toContain('Duplex');
  });

  test.each([
    ['of objects', () => new PassThrough({ objectMode: true })],
    ['of text', () => new PassThrough().setEncoding('utf8')],
  ])('destroys a stream %s, and no error of it ends the process', async (_what, make) => {
    const given = make();
    await refusal(made(() => given));
    expect(given.destroyed).toBe(true);
    expect(() => given.emit('error', new Error('later'))).not.toThrow();
  });

  test('says so when it throws what has no text', async () => {
    const error = await refusal(made(() => Promise.reject(Object.create(null) as Error)));
    expect(error).toMatchObject({ code: 'TARGET_FAILED' });
    expect(error.detail).toContain('something that has no text');
  });

  test('names what it threw and keeps it as the cause', async () => {
    const error = await refusal(made(rejecting));
    expect(error.detail).toContain('no such room');
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('may refuse with an error of its own choice', async () => {
    const error = new BridgeError('TARGET_UNREACHABLE');
    expect(await refusal(made(() => Promise.reject(error)))).toBe(error);
  });

  test('has the stream destroyed that it gives after the abort', async () => {
    const abort = new Abort();
    const late = new PassThrough();
    const source = new EventEmitter();
    const given = once(source, 'stream').then(([stream]) => stream as Duplex);
    const dial = made(() => given).connect(dialContext({ abort }));
    const reason = new Error('client gone');
    abort.abort(reason);
    await expect(dial).rejects.toBe(reason);
    expect(late.destroyed).toBe(false);
    source.emit('stream', late);
    await expect.poll(() => late.destroyed).toBe(true);
  });

  test('takes streams that are no instance of the Duplex of this Node', async () => {
    const server = new DemoServer();
    const { duplex } = await dialStream(made(() => new Proxy(server, { getPrototypeOf: () => Object.prototype })));
    expect(duplex.readable).toBe(true);
    server.destroy();
  });
});
