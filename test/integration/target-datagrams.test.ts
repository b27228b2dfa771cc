import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createTarget } from '../../src/target/create-target.ts';
import type { Target } from '../../src/target/target.ts';
import { describeTarget, type Subject } from '../conformance/target-suite.ts';
import {
  freePort,
  startProgram,
  startPython,
  startUdpServer,
  temporaryDirectory,
  type Script,
} from '../conformance/target-servers.ts';
import { Datagrams, dialContext, dialDatagram, openSockets, refusal, until } from '../conformance/target-support.ts';
import { suite } from '../support/packages.ts';

const directory = temporaryDirectory();
const inDirectory = (name: string): string => path.join(directory.path, name);
afterAll(() => directory.remove());

const udp = (port: number, host = '127.0.0.1'): Target => createTarget({ kind: 'udp', host, port });
const alone = (target: Target): Subject => ({ target, stop: async () => {} });

describeTarget('a UDP target', {
  kind: 'datagram',
  async open() {
    const server = await startUdpServer();
    return { target: udp(server.port), stop: () => server.stop() };
  },
  failing: [
    {
      when: 'its name does not exist',
      code: 'TARGET_NAME_NOT_FOUND',
      open: async () => alone(udp(53, 'no-such-host.invalid')),
    },
  ],
});

describe('a UDP target', () => {
  test('reports the ICMP refusal of a port where nobody listens, and is closed then', async () => {
    const sockets = openSockets();
    const connection = await dialDatagram(udp(await freePort()));
    const received = new Datagrams(connection);
    connection.send(Buffer.from('anybody?'));
    await until(() => received.errors.length > 0);
    expect(received.errors).toMatchObject([{ code: 'TARGET_REFUSED' }]);
    await until(() => openSockets() === sockets);
  });

  test('tells an owner who starts late about a failure', async () => {
    const connection = await dialDatagram(udp(await freePort()));
    connection.send(Buffer.from('anybody?'));
    await delay(100);
    const received = new Datagrams(connection);
    await until(() => received.errors.length > 0);
    expect(received.errors).toMatchObject([{ code: 'TARGET_REFUSED' }]);
  });

  test('keeps a bounded number of datagrams while it is paused', async () => {
    const server = await startUdpServer();
    const connection = await dialDatagram(udp(server.port));
    const received = new Datagrams(connection);
    connection.send(Buffer.from('hello'));
    await until(() => received.messages.length === 1);
    connection.pause();
    const { port } = await new Promise<{ port: number }>((resolve) => {
      server.socket.once('message', (_data, from) => resolve(from));
      connection.send(Buffer.from('where am I?'));
    });
    for (let index = 0; index < 100; index++) {
      server.socket.send(Buffer.alloc(10_000, index), port, '127.0.0.1');
      await delay(1);
    }
    await delay(100);
    connection.resume();
    await delay(50);
    const bytes = received.messages.reduce((sum, message) => sum + message.length, 0);
    expect(bytes).toBeGreaterThan(200_000);
    expect(bytes).toBeLessThanOrEqual(256 * 1024 + 5);
    connection.close();
    await server.stop();
  });

  test('hears nobody but its target', async () => {
    const server = await startUdpServer();
    const stranger = await startUdpServer();
    const connection = await dialDatagram(udp(server.port));
    const received = new Datagrams(connection);
    const { port } = await new Promise<{ port: number }>((resolve) => {
      server.socket.once('message', (_data, from) => resolve(from));
      connection.send(Buffer.from('hello'));
    });
    stranger.socket.send('spam', port, '127.0.0.1');
    await until(() => received.messages.length > 0);
    await delay(50);
    expect(received.texts).toEqual(['hello']);
    connection.close();
    await server.stop();
    await stranger.stop();
  });

  test('allows the greatest datagram of its address family', async () => {
    const four = await dialDatagram(udp(9, '127.0.0.1'));
    expect(four.maxDatagram).toBe(65_507);
    four.close();
  });
});

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

suite('Unix datagram targets', { needs: ['cc', 'C headers', 'socat'] }, () => {
  const dgram = (name: string): Target => createTarget({ kind: 'unix-dgram', path: inDirectory(name) });
  const replyDirectories = (): string[] => readdirSync(tmpdir()).filter((name) => /^bascule-[^-]{6}$/.test(name));
  let serial = 0;

  describeTarget('a Unix datagram target', {
    kind: 'datagram',
    async open() {
      const name = `echo-${++serial}.sock`;
      const script = await startPython(ECHO, [inDirectory(name)]);
      return { target: dgram(name), stop: () => script.stop() };
    },
    failing: [
      { when: 'the socket is missing', code: 'TARGET_NOT_FOUND', open: async () => alone(dgram('missing.sock')) },
      {
        when: 'nobody listens on the socket any more',
        code: 'TARGET_REFUSED',
        async open() {
          const script = await startPython(ECHO, [inDirectory('dead.sock')]);
          await script.stop();
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

  let puppet: Script | null = null;
  const startPuppet = async (): Promise<{ target: Target; script: Script; name: string }> => {
    const name = `puppet-${++serial}.sock`;
    puppet = await startPython(PUPPET, [inDirectory(name)]);
    return { target: dgram(name), script: puppet, name };
  };
  /** Tells the puppet something and waits for its answer. */
  const order = async (line: string, answer: string): Promise<void> => {
    const before = puppet!.output().length;
    puppet!.tell(line);
    await until(() => puppet!.output().slice(before).includes(answer));
  };
  afterEach(async () => {
    await puppet?.stop();
    puppet = null;
  });

  test('talks to socat', async () => {
    const from = inDirectory('socat.sock');
    const socat = await startProgram('socat', [`UNIX-RECVFROM:${from},fork`, 'EXEC:"tr a-z A-Z"'], '');
    await until(() => existsSync(from));
    const connection = await dialDatagram(dgram('socat.sock'));
    const received = new Datagrams(connection);
    connection.send(Buffer.from('louder'));
    await until(() => received.messages.length > 0);
    expect(received.texts).toEqual(['LOUDER']);
    connection.close();
    await socat.stop();
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
    await until(() => script.output().split('got').length === count + 1);
    expect(script.output().match(/number \d+/g)).toEqual(
      Array.from({ length: count }, (_, index) => `number ${index}`),
    );
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
    const before = replyDirectories();
    const connection = await dialDatagram(target);
    const [mine] = replyDirectories().filter((name) => !before.includes(name));
    expect(statSync(path.join(tmpdir(), mine!)).mode & 0o777).toBe(0o711);
    connection.close();
    expect(replyDirectories()).toEqual(before);
    await expect(dgram('missing.sock').connect(dialContext())).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    expect(replyDirectories()).toEqual(before);
    expect(process.listeners('exit').filter(({ name }) => name === 'removeAll')).toEqual([]);
  });

  test('opens and closes a thousand times without leaving anything', async () => {
    const { target } = await startPuppet();
    const sockets = openSockets();
    const listeners = process.listenerCount('exit');
    for (let index = 0; index < 1000; index++) {
      const connection = await dialDatagram(target);
      if (index % 2) new Datagrams(connection);
      connection.close();
    }
    await until(() => openSockets() === sockets);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  test('says where the trouble is when there is no place for its reply address', async () => {
    const { target } = await startPuppet();
    const before = process.env['TMPDIR'];
    for (const place of [inDirectory('nowhere'), `/${'long/'.repeat(30)}`]) {
      process.env['TMPDIR'] = place;
      const error = await refusal(target);
      expect(error).toMatchObject({ code: 'TARGET_FAILED' });
      expect(error.remedy).toContain('TMPDIR');
    }
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });

  describe('the native part', () => {
    const part = fileURLToPath(new URL('../../dist/native', import.meta.url));
    /** Runs a program in a Node of its own with the native part and a target; gives its output. */
    const run = async (program: string): Promise<string> => {
      const { name, script } = await startPuppet();
      const [system] = readdirSync(part).filter((entry) => existsSync(path.join(part, entry, 'unix-dgram.node')));
      const setup = `const file = ${JSON.stringify(path.join(part, system!, 'unix-dgram.node'))};
        const peer = ${JSON.stringify(inDirectory(name))}; const mine = peer + '.mine';
        const native = require(file);`;
      const node = await startProgram(process.execPath, ['-e', setup + program], '');
      const [status] = (await once(node.child, 'close')) as [number];
      await script.stop();
      return `${node.output().trim()} (status ${status})`;
    };
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
