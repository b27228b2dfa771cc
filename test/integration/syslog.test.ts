import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BridgeError } from '../../src/errors.ts';
import { createSyslog, createSyslogLogger, type Syslog, type SyslogOptions } from '../../src/observe/syslog.ts';
import { buildNative } from '../conformance/target-servers.ts';
import { Child } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { PYTHON, suite } from '../support/packages.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sleep, until } from '../support/wait.ts';

/** What a test writes to, and what went wrong. */
function openSyslog(options: SyslogOptions): { readonly syslog: Syslog; readonly problems: BridgeError[] } {
  const problems: BridgeError[] = [];
  const syslog = createSyslog({ ...options, onProblem: (error) => problems.push(error) });
  atTestEnd(() => syslog.close());
  return { syslog, problems };
}

/** The text of a message, without its head. */
const textOf = (message: string): string => message.replace(/^.*? - - |^.*?\]: /, '');

/** A log daemon that takes UDP. */
async function udpDaemon(
  host: string,
  port: number = 0,
): Promise<{ readonly messages: string[]; readonly port: number; readonly socket: UdpSocket }> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const messages: string[] = [];
  socket.on('message', (message) => messages.push(message.toString()));
  socket.bind(port, host);
  await once(socket, 'listening');
  let open = true;
  socket.once('close', () => (open = false));
  atTestEnd(() => open && socket.close());
  return { messages, port: socket.address().port, socket };
}

describe('syslog by UDP', () => {
  test.each([
    ['127.0.0.1', (port: number) => `127.0.0.1:${port}`],
    ['::1', (port: number) => `[::1]:${port}`],
    ['127.0.0.1', (port: number) => `localhost:${port}`],
  ])('reaches a daemon on %s', async (host, address) => {
    const daemon = await udpDaemon(host === '127.0.0.1' && address(1).startsWith('localhost') ? '::' : host);
    const { syslog, problems } = openSyslog({ address: address(daemon.port) });
    syslog.write('info', 'first\n');
    syslog.write('error', 'zweite ü');
    await until('both have come', () => daemon.messages.length === 2);
    expect(daemon.messages[0]).toMatch(/^<30>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ bascule \d+ - - first$/);
    expect(daemon.messages[1]).toMatch(/^<27>1 \S+ \S+ bascule \d+ - - \uFEFFzweite ü$/);
    expect(problems).toEqual([]);
  });

  test('in the old format, with another facility and name', async () => {
    const daemon = await udpDaemon('127.0.0.1');
    const { syslog } = openSyslog({
      address: `127.0.0.1:${daemon.port}`,
      format: 'rfc3164',
      appName: 'websockify',
      facility: 'user',
    });
    syslog.write('warn', 'mind');
    await until('it has come', () => daemon.messages.length === 1);
    expect(daemon.messages[0]).toMatch(
      new RegExp(`^<12>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\S+ websockify\\[${process.pid}\\]: mind$`),
    );
  });

  test('sends what waits before it closes', async () => {
    const daemon = await udpDaemon('127.0.0.1');
    const { syslog } = openSyslog({ address: `127.0.0.1:${daemon.port}` });
    for (let i = 0; i < 300; i++) syslog.write('info', `line ${i}`);
    await syslog.close();
    syslog.write('info', 'too late');
    await until('all have come', () => daemon.messages.length === 300);
    expect(daemon.messages.map(textOf)).toEqual(Array.from({ length: 300 }, (_, i) => `line ${i}`));
  });

  test('reaches a daemon that comes back', async () => {
    const first = await udpDaemon('127.0.0.1');
    const { syslog } = openSyslog({ address: `127.0.0.1:${first.port}` });
    syslog.write('info', 'one');
    await until('it has come', () => first.messages.length === 1);
    first.socket.close();
    await once(first.socket, 'close');
    for (let i = 0; i < 5; i++) {
      syslog.write('info', 'into the void');
      await sleep(20);
    }
    const second = await udpDaemon('127.0.0.1', first.port);
    await until('one has come', () => {
      syslog.write('info', 'two');
      return second.messages.map(textOf).includes('two');
    });
    expect(second.messages.map(textOf)).not.toContain('one');
  });

  test('tells once that the name is not known, and bothers nobody else', async () => {
    const { syslog, problems } = openSyslog({ address: 'no-such-host.invalid' });
    for (let i = 0; i < 3000; i++) syslog.write('info', 'x');
    await until('it is told', () => problems.length > 0);
    await sleep(400);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'SYSLOG_UNREACHABLE' });
    expect(problems[0]!.message).toMatch(/^no-such-host\.invalid:514: E/);
    const start = performance.now();
    await syslog.close();
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

/** A log daemon of Unix datagrams, as the one of a system is: prints each message as a line of hex. */
const DAEMON = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1])
print('ready', flush=True)
while True: print('got ' + s.recv(65536).hex(), flush=True)
`;

class UnixDaemon {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(path: string): Promise<UnixDaemon> {
    const child = new Child(PYTHON, ['-c', DAEMON, path]);
    atTestEnd(() => child.stop('SIGKILL'));
    await child.waitForOutput(/ready/);
    return new UnixDaemon(child);
  }

  get messages(): string[] {
    return [...this.#child.stdout.matchAll(/got ([0-9a-f]*)\n/g)].map(([, hex]) => Buffer.from(hex!, 'hex').toString());
  }

  async stop(): Promise<void> {
    await this.#child.stop('SIGKILL');
  }

  /** Stops it from reading, or lets it read again. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.#child.pid, signal);
  }
}

suite('syslog by a Unix datagram socket', { needs: ['cc', 'C headers', 'python3'] }, () => {
  beforeAll(() => buildNative());

  test.each(['rfc5424', 'rfc3164'] as const)('reaches the daemon: %s', async (format) => {
    const path = join(tempDir(), 'log');
    const daemon = await UnixDaemon.start(path);
    const { syslog } = openSyslog({ address: path, format });
    syslog.write('info', 'one');
    syslog.write('debug', 'two');
    await until('both have come', () => daemon.messages.length === 2);
    expect(daemon.messages.map(textOf)).toEqual(['one', 'two']);
    // In the old format a daemon would take a host for the program.
    const head = format === 'rfc5424' ? /^<30>1 \S+ \S+ bascule / : /^<30>\w{3} [ \d]\d [\d:]{8} bascule\[\d+\]: one$/;
    expect(daemon.messages[0]).toMatch(head);
  });

  test('is there before the next line of the program, with nothing to wait for', async () => {
    const path = join(tempDir(), 'log');
    const daemon = await UnixDaemon.start(path);
    const { syslog } = openSyslog({ address: `unix:${path}` });
    syslog.write('info', 'the last word');
    void syslog.close();
    await until('it has come', () => daemon.messages.length === 1);
    expect(textOf(daemon.messages[0]!)).toBe('the last word');
  });

  test('loses nothing while the daemon is restarted', async () => {
    const path = join(tempDir(), 'log');
    const first = await UnixDaemon.start(path);
    const { syslog, problems } = openSyslog({ address: path });
    syslog.write('info', 'one');
    await until('it has come', () => first.messages.length === 1);
    await first.stop();
    rmSync(path);
    syslog.write('info', 'two');
    syslog.write('info', 'three');
    await until('it is told', () => problems.length === 1);
    expect(problems[0]!.message).toBe(`${path}: ECONNREFUSED: the system log cannot be reached.`);
    const second = await UnixDaemon.start(path);
    await until('they have come', () => second.messages.length === 2);
    expect(second.messages.map(textOf)).toEqual(['two', 'three']);
    expect(problems).toHaveLength(1);
  });

  test('waits for a slow daemon, and tells how much found no room', async () => {
    const path = join(tempDir(), 'log');
    const daemon = await UnixDaemon.start(path);
    const { syslog, problems } = openSyslog({ address: path });
    syslog.write('info', 'first');
    await until('it has come', () => daemon.messages.length === 1);
    daemon.signal('SIGSTOP');
    const start = performance.now();
    for (let i = 0; i < 3000; i++) syslog.write('info', `line ${i}`);
    expect(performance.now() - start).toBeLessThan(5000);
    daemon.signal('SIGCONT');
    await until('it has caught up', () => / log messages found no room/.test(daemon.messages.at(-1)!));
    const texts = daemon.messages.map(textOf);
    const lost = Number(/^(\d+)/.exec(texts.at(-1)!)![1]);
    expect(texts.slice(1, -1)).toEqual(Array.from({ length: 3000 - lost }, (_, i) => `line ${i}`));
    expect(lost).toBeGreaterThan(0);
    expect(problems).toEqual([]);
  });

  test('keeps no process alive', async () => {
    const path = join(tempDir(), 'log');
    const daemon = await UnixDaemon.start(path);
    const module = new URL('../../dist/observe/syslog.js', import.meta.url);
    expect(existsSync(module), 'run npm run build').toBe(true);
    const program = `import { createSyslog } from '${module.href}';
      createSyslog({ address: '${path}' }).write('info', 'bye');`;
    const child = new Child(process.execPath, ['--input-type=module', '-e', program]);
    expect(await child.exit).toEqual({ code: 0, signal: null });
    await until('it has come', () => daemon.messages.map(textOf).includes('bye'));
  });
});

describe('syslog by a Unix stream socket', () => {
  test('ends each message with a newline, and finds the daemon again', async () => {
    const path = join(tempDir(), 'log');
    let text = '';
    const sockets: Socket[] = [];
    const listen = async (): Promise<() => Promise<void>> => {
      const server = createServer((socket) => {
        sockets.push(socket);
        socket.on('data', (chunk) => (text += chunk.toString()));
      });
      server.listen(path);
      await once(server, 'listening');
      return async () => {
        if (!server.listening) return;
        for (const socket of sockets.splice(0)) socket.destroy();
        server.close();
        await once(server, 'close');
      };
    };
    const stop = await listen();
    atTestEnd(stop);
    const { syslog, problems } = openSyslog({ address: path });
    syslog.write('info', 'one');
    syslog.write('info', 'two');
    await until('both have come', () => text.split('\n').length === 3);
    expect(text.trim().split('\n').map(textOf)).toEqual(['one', 'two']);
    await stop();
    await until('it is told', () => problems.length === 1);
    syslog.write('info', 'three');
    atTestEnd(await listen());
    await until('the third has come', () => text.includes('- - three\n'));
    syslog.write('info', 'four');
    await syslog.close();
    await until('the fourth has come', () => text.includes('- - four\n'));
  });
});

describe('a Unix socket that is not there', () => {
  test.each(['nothing', 'a file'])('is refused at the start: %s', async (what) => {
    const path = join(tempDir(), 'log');
    if (what === 'a file') writeFileSync(path, '');
    expect(() => createSyslog({ address: path })).toThrow(
      `${path}: ${what === 'nothing' ? 'ENOENT' : 'ECONNREFUSED'}: the system log cannot be reached.`,
    );
  });
});

test('the logger for syslog leaves the time and the level to it', () => {
  const lines: string[] = [];
  const syslog: Syslog = { write: (level, line) => void lines.push(`${level} ${line}`), close: async () => undefined };
  const logger = createSyslogLogger({ level: 'info', syslog });
  logger.log('info', 'open', { session: 1 }, ['0000  41', '0001  42']);
  logger.log('debug', 'detail', {});
  logger.log('error', 'bad', {});
  expect(lines).toEqual(['info open', 'info 0000  41', 'info 0001  42', 'error bad']);
  expect([logger.enabled('info'), logger.enabled('debug')]).toEqual([true, false]);
});
