import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nativeFile } from '../../src/native/load.ts';
import { createTarget } from '../../src/target/create-target.ts';
import type { DatagramConnection, Target } from '../../src/target/target.ts';
import { alone, describeTarget } from '../conformance/target-suite.ts';
import { buildNative, startPython } from '../conformance/target-servers.ts';
import { Datagrams, dialDatagram, openSockets, refusal, until } from '../conformance/target-support.ts';
import { Child } from '../support/child.ts';
import { suite } from '../support/packages.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const directory = makeTempDir();
const inDirectory = (name: string): string => path.join(directory.path, name);
afterAll(() => directory.remove());

const dgram = (name: string): Target => createTarget({ kind: 'unix-dgram', path: inDirectory(name) });
/** Gives a test a directory for temporary files of its own. */
const withTemporaryFiles = async (place: string, body: () => Promise<void>): Promise<void> => {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = place;
  try {
    await body();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
};

/** A datagram socket that sends everything back, as many programs have one. */
const ECHO = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1])
s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
print('ready')
while True:
    data, peer = s.recvfrom(1 << 20)
    s.sendto(data, peer)
`;

/** Does what it is told on its standard input, and prints what it has done. */
const PUPPET = `
import socket, sys, os
def bound(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(path)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return s
s = bound(sys.argv[1]); peer = None
print('ready')
for line in sys.stdin:
    word, _, rest = line.strip().partition(' ')
    if word == 'recv':
        for _ in range(int(rest)):
            data, peer = s.recvfrom(1 << 20); print('got', len(data), data[:20])
    elif word == 'send':
        s.sendto(rest.encode(), peer); print('sent', rest)
    elif word == 'large':
        s.sendto(b'z' * int(rest), peer); print('sent', rest)
    elif word == 'meet':
        s.connect(peer); s.connect(sys.argv[1] + '.other'); print('met')
    elif word == 'other':
        other = bound(sys.argv[1] + '.other'); print('other ready')
    elif word == 'intrude':
        try:
            bound(sys.argv[1] + '.intruder').sendto(b'intruder', peer); print('intruded')
        except OSError as e:
            print('refused', e.errno)
    elif word == 'user':
        os.setgid(65534); os.setuid(65534); print('user', os.getuid())
    elif word == 'close':
        s.close(); print('closed')
`;

suite('Unix datagram targets', { needs: ['cc', 'C headers', 'socat', 'python3'] }, () => {
  let serial = 0;
  beforeAll(() => buildNative());

  describeTarget('a Unix datagram target', {
    kind: 'datagram',
    async open() {
      const name = `echo-${++serial}.sock`;
      const script = await startPython(ECHO, [inDirectory(name)]);
      return { target: dgram(name), stop: async () => void (await script.stop('SIGKILL')) };
    },
    failing: [
      { when: 'the socket is missing', code: 'TARGET_NOT_FOUND', open: async () => alone(dgram('missing.sock')) },
      {
        when: 'nobody listens on the socket any more',
        code: 'TARGET_REFUSED',
        async open() {
          const script = await startPython(ECHO, [inDirectory('dead.sock')]);
          await script.stop('SIGKILL');
          return alone(dgram('dead.sock'));
        },
      },
      {
        when: 'the path is a plain file',
        code: 'TARGET_REFUSED',
        async open() {
          writeFileSync(inDirectory('plain'), '');
          return alone(dgram('plain'));
        },
      },
      {
        when: 'the path is too long for the system',
        code: 'TARGET_UNIX_PATH_TOO_LONG',
        open: async () => alone(dgram('x'.repeat(108))),
      },
    ],
  });

  let puppet: Child | null = null;
  const startPuppet = async (): Promise<{ target: Target; script: Child; name: string }> => {
    const name = `puppet-${++serial}.sock`;
    puppet = await startPython(PUPPET, [inDirectory(name)]);
    return { target: dgram(name), script: puppet, name };
  };
  /** Tells the puppet something and waits for its answer. */
  const order = async (line: string, answer: string): Promise<void> => {
    const before = puppet!.output.length;
    puppet!.tell(line);
    await until(() => puppet!.output.slice(before).includes(answer));
  };
  afterEach(async () => {
    await puppet?.stop('SIGKILL');
    puppet = null;
  });

  test('talks to socat', async () => {
    const from = inDirectory('socat.sock');
    const socat = new Child('socat', [`UNIX-RECVFROM:${from},fork`, 'EXEC:"tr a-z A-Z"']);
    await until(() => existsSync(from));
    const connection = await dialDatagram(dgram('socat.sock'));
    const received = new Datagrams(connection);
    connection.send(Buffer.from('louder'));
    await until(() => received.messages.length > 0);
    expect(received.texts).toEqual(['LOUDER']);
    connection.close();
    await socat.stop('SIGKILL');
  });

  test('says which kind of socket to use for a stream socket', async () => {
    const server = createServer().listen(inDirectory('stream.sock'));
    await once(server, 'listening');
    const error = await refusal(dgram('stream.sock'));
    expect(error).toMatchObject({ code: 'TARGET_FAILED' });
    expect(error.remedy).toContain('unix:');
    server.close();
  });

  test('queues what the target does not take yet, and loses none of it', async () => {
    const { target, script } = await startPuppet();
    const connection = await dialDatagram(target);
    const received = new Datagrams(connection);
    let drained = 0;
    connection.onDrain = () => {
      drained++;
    };
    const count = 2000;
    for (let index = 0; index < count; index++) connection.send(Buffer.from(`number ${index};`));
    expect(connection.queuedBytes).toBeGreaterThan(0);
    script.tell(`recv ${count}`);
    await until(() => script.output.split('got').length === count + 1);
    expect(script.output.match(/number \d+/g)).toEqual(Array.from({ length: count }, (_, index) => `number ${index}`));
    await until(() => drained > 0);
    expect(drained).toBe(1);
    expect(connection.queuedBytes).toBe(0);
    expect(received.errors).toEqual([]);
    connection.close();
  });

  test('never queues more than its bound for a target that does not read, not even empty datagrams', async () => {
    const { target } = await startPuppet();
    const connection = await dialDatagram(target);
    for (let index = 0; index < 200_000; index++) connection.send(Buffer.alloc(0));
    expect(connection.queuedBytes).toBeGreaterThan(64 * 1024);
    expect(connection.queuedBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    connection.close();
  });

  test('takes a datagram that is larger than its buffer', async () => {
    const { target } = await startPuppet();
    const connection = await dialDatagram(target);
    const received = new Datagrams(connection);
    connection.send(Buffer.from('hello'));
    await order('recv 1', 'got 5');
    await order('large 200000', 'sent');
    await order('send after', 'sent');
    await until(() => received.messages.length === 2);
    expect(received.messages.map(({ length }) => length)).toEqual([200_000, 5]);
    expect(received.messages[0]?.every((byte) => byte === 'z'.charCodeAt(0))).toBe(true);
    connection.close();
  });

  test('reports a datagram that is larger than the system takes', async () => {
    const { target } = await startPuppet();
    const connection = await dialDatagram(target);
    const received = new Datagrams(connection);
    connection.send(Buffer.alloc(connection.maxDatagram + 1));
    expect(received.errors).toEqual([]);
    await until(() => received.errors.length > 0);
    expect(received.errors).toMatchObject([{ code: 'TARGET_DATAGRAM_TOO_LARGE' }]);
    expect(connection.queuedBytes).toBe(0);
  });

  test('leaves datagrams in the kernel while it is paused', async () => {
    const { target } = await startPuppet();
    const connection = await dialDatagram(target);
    const received = new Datagrams(connection);
    connection.pause();
    connection.send(Buffer.from('hello'));
    await order('recv 1', 'got');
    for (let index = 0; index < 5; index++) await order(`send ${index}`, 'sent');
    await delay(50);
    expect(received.messages).toEqual([]);
    connection.resume();
    await until(() => received.messages.length === 5);
    expect(received.texts).toEqual(['0', '1', '2', '3', '4']);
    connection.close();
  });

  test('reports a target that has gone at the next send', async () => {
    const { target } = await startPuppet();
    const sockets = openSockets();
    const connection = await dialDatagram(target);
    const received = new Datagrams(connection);
    await order('close', 'closed');
    connection.send(Buffer.from('hello?'));
    await until(() => received.errors.length > 0);
    expect(received.errors).toMatchObject([{ code: 'TARGET_REFUSED' }]);
    await until(() => openSockets() <= sockets);
  });

  test.each([false, true])('reports a target that turns to somebody else (paused: %s)', async (paused) => {
    const { target } = await startPuppet();
    const connection = await dialDatagram(target);
    const received = new Datagrams(connection);
    connection.send(Buffer.from('hello'));
    await order('recv 1', 'got');
    // The kernel reports it only when something is lost by it.
    connection.send(Buffer.from('never read'));
    await order('other', 'other ready');
    if (paused) connection.pause();
    await order('meet', 'met');
    if (paused) connection.send(Buffer.from('still there?'));
    await until(() => received.errors.length > 0);
    expect(received.errors).toMatchObject([{ code: 'TARGET_RESET' }]);
  });

  test('hears nobody but its target', async () => {
    const { target } = await startPuppet();
    const connection = await dialDatagram(target);
    const received = new Datagrams(connection);
    connection.send(Buffer.from('hello'));
    await order('recv 1', 'got');
    await order('intrude', 'refused');
    await order('send friend', 'sent');
    await until(() => received.messages.length > 0);
    expect(received.texts).toEqual(['friend']);
    connection.close();
  });

  test('can be answered by a target that runs as another user', async () => {
    const { target } = await startPuppet();
    const connection = await dialDatagram(target);
    const received = new Datagrams(connection);
    connection.send(Buffer.from('hello'));
    await order('recv 1', 'got');
    // Only root can become another user; for all others the target keeps theirs.
    if (process.getuid?.() === 0) await order('user', 'user 65534');
    await order('send yes', 'sent');
    await until(() => received.messages.length > 0);
    expect(received.texts).toEqual(['yes']);
    connection.close();
  });

  test('keeps the directory of its reply address from being listed, and removes it on close', async () => {
    const { target } = await startPuppet();
    const place = inDirectory('tmp');
    mkdirSync(place);
    await withTemporaryFiles(place, async () => {
      const connection = await dialDatagram(target);
      const [mine] = readdirSync(place);
      expect(statSync(path.join(place, mine!)).mode & 0o777).toBe(0o711);
      connection.close();
      expect(readdirSync(place)).toEqual([]);
      expect(await refusal(dgram('missing.sock'))).toMatchObject({ code: 'TARGET_NOT_FOUND' });
      expect(readdirSync(place)).toEqual([]);
    });
    expect(process.listeners('exit').filter(({ name }) => name === 'removeAll')).toEqual([]);
  });

  test('removes its reply address when the process exits', async () => {
    const { target } = await startPuppet();
    const place = inDirectory('exit');
    mkdirSync(place);
    const connection: DatagramConnection[] = [];
    await withTemporaryFiles(place, async () => {
      connection.push(await dialDatagram(target));
    });
    expect(readdirSync(place).length).toBe(1);
    const removeAll = process.listeners('exit').find(({ name }) => name === 'removeAll');
    removeAll?.(0);
    expect(readdirSync(place)).toEqual([]);
    connection[0]?.close();
  });

  test('opens and closes a thousand times without leaving anything', async () => {
    const { target } = await startPuppet();
    const sockets = openSockets();
    const listeners = process.listenerCount('exit');
    for (let index = 0; index < 1000; index++) {
      const connection = await dialDatagram(target);
      if (index % 2) connection.start({ onMessage() {}, onError() {} });
      connection.close();
    }
    await until(() => openSockets() === sockets);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  test('says where the trouble is when there is no place for its reply address', async () => {
    const { target } = await startPuppet();
    for (const place of [inDirectory('nowhere'), `/${'long/'.repeat(30)}`]) {
      await withTemporaryFiles(place, async () => {
        const error = await refusal(target);
        expect(error).toMatchObject({ code: 'TARGET_FAILED' });
        expect(error.remedy).toContain('TMPDIR');
      });
    }
  });

  /** Runs a program in a Node of its own with the native part and a target; gives its output. */
  const run = async (program: string): Promise<string> => {
    const { name, script } = await startPuppet();
    const setup = `const file = ${JSON.stringify(nativeFile('unix-dgram'))};
      const peer = ${JSON.stringify(inDirectory(name))}; const mine = peer + '.mine';
      const native = require(file);`;
    const node = new Child(process.execPath, ['-e', setup + program]);
    const { code } = await node.exit;
    await script.stop('SIGKILL');
    return `${node.output.trim()} (status ${code})`;
  };

  describe('the native part', () => {
    const OPEN = `native.bind(s, mine); native.connect(s, peer);`;

    test('keeps no process alive when nothing is waited for', async () => {
      expect(await run(`const s = native.create(() => {}); ${OPEN} console.log('open')`)).toBe('open (status 0)');
    });

    test('lets a process exit in the middle of everything', async () => {
      const program = `const s = native.create(() => {}); ${OPEN} native.watch(s, 1); native.watch(s, 3); process.exit(7)`;
      expect(await run(program)).toBe(' (status 7)');
    });

    test('is closed with the worker thread that opened it', async () => {
      const program = `
        const { Worker } = require('node:worker_threads');
        const code = 'const native = require(' + JSON.stringify(file) + '); const s = native.create(() => {});' +
          'native.bind(s, ' + JSON.stringify(mine) + '); native.connect(s, ' + JSON.stringify(peer) + ');' +
          'native.watch(s, 1); require("node:worker_threads").parentPort.postMessage("up"); setInterval(() => {}, 1000)';
        const fs = require('node:fs');
        const sockets = () => fs.readdirSync('/proc/self/fd').filter((fd) => {
          try { return fs.readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; }
        }).length;
        const before = sockets();
        const worker = new Worker(code, { eval: true });
        worker.on('message', async () => { const open = sockets(); await worker.terminate(); console.log(open - before, sockets() - before); });`;
      expect(await run(program)).toBe('1 0 (status 0)');
    });

    test('reports what its callback throws as an uncaught exception', async () => {
      const program = `
        process.on('uncaughtException', (error) => { console.log(error.message); native.close(s); });
        const s = native.create(() => { throw new Error('from the callback') }); ${OPEN} native.watch(s, 2);`;
      expect(await run(program)).toBe('from the callback (status 0)');
    });

    test('answers EBADF after close and refuses arguments that are none', async () => {
      const program = `
        const s = native.create(() => {}); native.close(s); native.close(s);
        const bad = -require('node:os').constants.errno.EBADF;
        const got = [native.bind(s, mine), native.send(s, Buffer.alloc(1)), native.receive(s, Buffer.alloc(1)), native.watch(s, 1)];
        console.log(got.every((each) => each === bad));
        for (const call of [() => native.create(), () => native.send({}, Buffer.alloc(1)), () => native.send(s, 'text'),
          () => native.bind(s, 'x'.repeat(200)), () => native.bind(s), () => native.watch(s, 9)])
          try { call(); console.log('accepted'); } catch (error) { console.log(error instanceof TypeError || error instanceof RangeError); }`;
      expect(await run(program)).toBe(`${Array(7).fill('true').join('\n')} (status 0)`);
    });
  });
});
