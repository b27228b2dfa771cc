import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Abort } from '../../src/abort.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { Target } from '../../src/target/target.ts';
import {
  abortedFor,
  closed,
  Datagrams,
  dialContext,
  dialDatagram,
  dialStream,
  openSockets,
  Received,
  refusal,
  until,
} from './target-support.ts';

/** What a server for this suite says as soon as a stream is connected, and when the stream's client half has ended. */
export const GREETING = 'welcome\r\n';
export const FAREWELL = 'farewell\r\n';

/** A target and what must be stopped after its test. */
export interface Subject {
  readonly target: Target;
  stop(): Promise<void>;
}

/** A target with nothing to stop. */
export function alone(target: Target): Subject {
  return { target, stop: async () => {} };
}

/** A target that cannot be reached. */
export interface Failing {
  readonly when: string;
  readonly code: ErrorCode;
  open(): Promise<Subject>;
}

export interface TargetSetup {
  readonly kind: 'stream' | 'datagram';
  /** A stream server says GREETING, echoes, says FAREWELL at the client's end, and ends. A datagram server echoes. */
  open(): Promise<Subject>;
  /** False for a target that has nothing to say on its own, such as an echo. */
  readonly talks?: boolean;
  readonly failing?: readonly Failing[];
  /** A target whose dial does not finish by itself; without one only dials that are aborted at once are tried. */
  readonly stuck?: () => Promise<Subject>;
  /** Which values of `fastRead` make a difference. */
  readonly fastRead?: readonly boolean[];
}

/** Runs what holds for every kind of target against one kind. */
export function describeTarget(name: string, setup: TargetSetup): void {
  describe(`conformance of ${name}`, () => {
    let sockets = 0;
    let subjects: Subject[] = [];
    const opened = async (open: () => Promise<Subject>): Promise<Target> => {
      const subject = await open();
      subjects.push(subject);
      return subject.target;
    };

    beforeEach(() => {
      sockets = openSockets();
    });

    afterEach(async () => {
      await Promise.all(subjects.map((subject) => subject.stop()));
      subjects = [];
      // Every test proves this as well: nothing is left open.
      await expect.poll(openSockets, { timeout: 5000, interval: 5 }).toBe(sockets);
    });

    test('names itself without a secret', async () => {
      const { label } = await opened(() => setup.open());
      expect(label).toMatch(/^[a-z-]+:/);
    });

    test('rejects with the reason of a signal that is aborted already', async () => {
      const target = await opened(() => setup.open());
      const reason = new Error('too late');
      const dial = target.connect(dialContext({ abort: abortedFor(reason) }));
      await expect(dial).rejects.toBe(reason);
    });

    test('rejects with the reason of an abort right after the start, or has connected by then', async () => {
      const target = await opened(() => setup.open());
      const abort = new Abort();
      const reason = new Error('client gone');
      const dial = target.connect(dialContext({ abort }));
      abort.abort(reason);
      const outcome = await dial.then(
        (connection) => {
          if (connection.kind === 'stream') connection.duplex.destroy();
          else connection.close();
          return 'connected';
        },
        (error: unknown) => error,
      );
      expect([reason, 'connected']).toContain(outcome);
    });

    for (const stuck of setup.stuck ? [setup.stuck] : []) {
      test('leaves a dial that hangs when the signal aborts', async () => {
        const target = await opened(stuck);
        const reason = new Error('deadline');
        const abort = new Abort();
        const dial = target.connect(dialContext({ abort }));
        setTimeout(() => abort.abort(reason), 100);
        await expect(dial).rejects.toBe(reason);
      });
    }

    for (const failing of setup.failing ?? []) {
      test(`fails with ${failing.code} when ${failing.when}`, async () => {
        const target = await opened(() => failing.open());
        const error = await refusal(target);
        expect(error).toMatchObject({ code: failing.code });
        expect(error.row.stage).toBe('dial');
        expect(error.detail).toContain(target.label);
        expect(`${error.message} ${error.remedy}`).not.toContain('\n');
      });
    }

    const open = (): Promise<Target> => opened(() => setup.open());
    const bodies = {
      stream: () => {
        describe.each(setup.fastRead ?? [false])('with fastRead %s', (fastRead) => {
          describeStream(open, fastRead, setup.talks ?? true);
        });
      },
      datagram: () => describeDatagrams(open),
    };
    bodies[setup.kind]();
  });
}

function describeStream(open: () => Promise<Target>, fastRead: boolean, talks: boolean): void {
  const greeting = talks ? GREETING : '';
  const farewell = talks ? FAREWELL : '';

  test('keeps what the target said before anybody read', async () => {
    const connection = await dialStream(await open(), { fastRead });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const received = new Received(connection);
    await until(() => received.text.length >= greeting.length);
    expect(received.text).toBe(greeting);
    await closed(connection);
  });

  test('carries bytes both ways whole and in order', async () => {
    const connection = await dialStream(await open(), { fastRead });
    const received = new Received(connection);
    const sent = randomBytes(3 * 1024 * 1024 + 1);
    for (let at = 0; at < sent.length; at += 100_000) connection.duplex.write(sent.subarray(at, at + 100_000));
    await until(() => received.bytes.length >= greeting.length + sent.length);
    expect(received.bytes.subarray(greeting.length).equals(sent)).toBe(true);
    await closed(connection);
  });

  test('still reads after its own half has ended', async () => {
    const connection = await dialStream(await open(), { fastRead });
    const received = new Received(connection);
    connection.duplex.end('last words');
    await until(() => received.ended);
    expect(received.text).toBe(`${greeting}last words${farewell}`);
    await closed(connection);
  });

  test('makes the writer wait while nobody reads', async () => {
    const connection = await dialStream(await open(), { fastRead });
    const { duplex } = connection;
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024);
    for (let quiet = 0; quiet < 10 && written < 512;) {
      if (duplex.writableNeedDrain) {
        quiet = (await Promise.race([once(duplex, 'drain').then(() => true), delay(20)])) ? 0 : quiet + 1;
      } else {
        duplex.write(chunk);
        written++;
      }
    }
    expect(duplex.writableNeedDrain).toBe(true);
    expect(duplex.readableLength).toBeLessThanOrEqual(512 * 1024);
    const received = new Received(connection);
    await until(() => received.bytes.length >= greeting.length + written * chunk.length);
    await closed(connection);
  });

  test('is gone at once when it is destroyed', async () => {
    const connection = await dialStream(await open(), { fastRead });
    connection.duplex.write('never mind');
    await closed(connection);
    expect(connection.duplex.destroyed).toBe(true);
  });
}

function describeDatagrams(open: () => Promise<Target>): void {
  test('keeps the boundaries of datagrams, of empty ones too', async () => {
    const connection = await dialDatagram(await open());
    const received = new Datagrams(connection);
    const sent = ['one', '', 'two and a bit', '', 'x'];
    for (const [index, text] of sent.entries()) {
      connection.send(Buffer.from(text));
      await until(() => received.messages.length > index);
    }
    expect(received.texts).toEqual(sent);
    connection.close();
  });

  test('sends what the memory held at the time of the call', async () => {
    const connection = await dialDatagram(await open());
    const received = new Datagrams(connection);
    const memory = Buffer.from('first');
    connection.send(memory);
    memory.fill('?');
    await until(() => received.messages.length > 0);
    expect(received.texts).toEqual(['first']);
    connection.close();
  });

  test('gives memory that may be kept', async () => {
    const connection = await dialDatagram(await open());
    const received = new Datagrams(connection);
    for (let index = 0; index < 20; index++) {
      connection.send(Buffer.alloc(1000, index));
      await until(() => received.messages.length > index);
    }
    for (const [index, message] of received.messages.entries())
      expect(message.equals(Buffer.alloc(1000, index))).toBe(true);
    connection.close();
  });

  test('carries the greatest datagram it promises', async () => {
    const connection = await dialDatagram(await open());
    const received = new Datagrams(connection);
    const data = randomBytes(connection.maxDatagram);
    connection.send(data);
    await until(() => received.messages.length + received.errors.length > 0);
    expect(received.errors).toEqual([]);
    expect(received.messages[0]?.equals(data)).toBe(true);
    connection.close();
  });

  test('delivers what arrives before start and while paused later, in order', async () => {
    const connection = await dialDatagram(await open());
    connection.send(Buffer.from('early'));
    await delay(100);
    const received = new Datagrams(connection);
    await until(() => received.messages.length === 1);
    connection.pause();
    for (const text of ['a', 'b', 'c']) connection.send(Buffer.from(text));
    await delay(100);
    expect(received.texts).toEqual(['early']);
    connection.resume();
    await until(() => received.messages.length === 4);
    expect(received.texts).toEqual(['early', 'a', 'b', 'c']);
    connection.close();
  });

  test('stops at once when its owner pauses or closes in the middle of a delivery', async () => {
    const connection = await dialDatagram(await open());
    for (const text of ['a', 'b', 'c', 'd']) connection.send(Buffer.from(text));
    await delay(100);
    const seen: string[] = [];
    connection.start({
      onMessage(data) {
        seen.push(data.toString());
        if (seen.length === 2) connection.pause();
        if (seen.length === 3) connection.close();
      },
      onError: (error) => seen.push(error.message),
    });
    await until(() => seen.length === 2);
    await delay(50);
    expect(seen).toEqual(['a', 'b']);
    connection.resume();
    await until(() => seen.length === 3);
    await delay(50);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('has nothing queued once it is closed, and closing again does no harm', async () => {
    const connection = await dialDatagram(await open());
    const received = new Datagrams(connection);
    connection.close();
    connection.close();
    connection.send(Buffer.from('nobody hears this'));
    connection.pause();
    connection.resume();
    expect(connection.queuedBytes).toBe(0);
    await delay(50);
    expect(received.messages).toEqual([]);
    expect(received.errors).toEqual([]);
  });
}

function delay(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms);
  });
}
