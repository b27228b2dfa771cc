import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN } from '../support/bridge-process.ts';
import { Child, runChild } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** A daemon that was started, and what the command that started it said. */
interface Started {
  readonly pid: number;
  readonly directory: string;
  readonly output: string;
}

/** Runs a command line with --daemon in a directory of its own and waits until it gives the terminal back. */
async function startDaemon(args: readonly string[], directory: string = tempDir()): Promise<Started> {
  const all = [BIN, ...args, '--daemon', '--pid-file', 'bridge.pid', '--log-file', 'bridge.log'];
  const { code, stdout, stderr } = await runChild(process.execPath, all, { cwd: directory });
  expect(`${code} ${stderr}`).toBe('0 ');
  const pid = Number(readFileSync(join(directory, 'bridge.pid'), 'utf8'));
  atTestEnd(() => end(pid));
  return { pid, directory, output: stdout };
}

/** Ends a daemon that is still there. */
async function end(pid: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, signal);
  await until(`process ${pid} has ended`, () => !isAlive(pid));
}

function isAlive(pid: number): boolean {
  try {
    // A zombie waits for a parent that does not look.
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => `${fd} ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`);
}

/** What comes back of a 'hello'. */
async function talk(url: string): Promise<string> {
  const client = await WsClient.open(url);
  client.send('hello');
  const answer = (await client.receive(5)).toString();
  await client.close();
  return answer;
}

describe('a daemon', () => {
  test('listens when the command has ended, and serves', async () => {
    const target = await TcpTarget.listen(echo);
    const port = await freePort();
    const { pid, directory } = await startDaemon(['websockify', `127.0.0.1:${port}`, target.address]);
    expect(await talk(`ws://127.0.0.1:${port}/`)).toBe('hello');
    expect(readFileSync(join(directory, 'bridge.log'), 'utf8')).toContain('#1 open');
    await end(pid);
    expect(existsSync(join(directory, 'bridge.pid'))).toBe(false);
    expect(readFileSync(join(directory, 'bridge.log'), 'utf8')).toContain('SIGTERM: closing');
  });

  test('has left the directory, the terminal and the session of the command', async () => {
    const target = await TcpTarget.listen(echo);
    const { pid } = await startDaemon([`127.0.0.1:${await freePort()}`, target.address]);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/');
    const [, , , parent, group, session, terminal] = statOf(pid);
    expect([group, session]).toEqual([String(pid), String(pid)]);
    expect(terminal).toBe('0');
    expect(parent).not.toBe(String(process.pid));
    for (const fd of ['0', '1', '2']) expect(openFiles(pid)).toContain(`${fd} /dev/null`);
  });

  test('finds relative paths where the command was given', async () => {
    const directory = tempDir();
    await TcpTarget.listen(echo, { path: join(directory, 'target.sock') });
    const { pid } = await startDaemon(
      ['websockify', '--unix-listen', 'bridge.sock', '--unix-target', 'target.sock'],
      directory,
    );
    expect(await talk(`ws+unix://${join(directory, 'bridge.sock')}:/`)).toBe('hello');
    await end(pid);
    expect(existsSync(join(directory, 'bridge.sock'))).toBe(false);
  });

  test('reads a config file that is named relatively', async () => {
    const directory = tempDir();
    const port = await freePort();
    writeFileSync(join(directory, 'bridge.yaml'), `listen: 127.0.0.1:${port}\ntarget: echo\n`);
    await startDaemon(['serve', '--config', 'bridge.yaml'], directory);
    expect(await talk(`ws://127.0.0.1:${port}/`)).toBe('hello');
  });

  test('holds none of the descriptors of the command', async () => {
    const directory = tempDir();
    const secret = join(directory, 'secret');
    writeFileSync(secret, '');
    const held = openSync(secret, 'r');
    atTestEnd(() => closeSync(held));
    const child = new Child(
      process.execPath,
      [BIN, `127.0.0.1:${await freePort()}`, 'echo:', '-D', '--pid-file', 'bridge.pid'],
      { cwd: directory, stdio: ['ignore', 'pipe', 'pipe', held, held] },
    );
    expect((await child.exit).code).toBe(0);
    const pid = Number(readFileSync(join(directory, 'bridge.pid'), 'utf8'));
    atTestEnd(() => end(pid));
    expect(openFiles(pid).filter((file) => file.includes('secret'))).toEqual([]);
  });

  test('takes over a socket to listen on', async () => {
    const directory = tempDir();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    atTestEnd(() => server.close());
    const { port } = server.address() as AddressInfo;
    const { _handle: handle } = server as unknown as { _handle: { fd: number } };
    const child = new Child(process.execPath, [BIN, 'fd:3', 'echo:', '-D', '--pid-file', 'bridge.pid'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe', handle.fd],
    });
    expect(`${(await child.exit).code} ${child.stderr}`).toBe('0 ');
    server.close();
    const pid = Number(readFileSync(join(directory, 'bridge.pid'), 'utf8'));
    atTestEnd(() => end(pid));
    expect(await talk(`ws://127.0.0.1:${port}/`)).toBe('hello');
  });

  test('that cannot listen makes the command say why, with status 1', async () => {
    const target = await TcpTarget.listen(echo);
    const { code, stderr } = await runChild(process.execPath, [BIN, 'websockify', '-D', target.address, 'localhost:1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^bascule: error LISTEN_PORT_IN_USE: .*\n$/);
  });

  test('with a mistake in its command line is never started', async () => {
    const { code, stderr } = await runChild(process.execPath, [BIN, 'websockify', '-D', '6080', 'nowhere']);
    expect(code).toBe(2);
    expect(stderr).toContain('bascule: error USAGE: ');
  });

  test('does not write over a file that is no pid file', async () => {
    const directory = tempDir();
    writeFileSync(join(directory, 'notes'), 'do not lose me');
    const args = [BIN, `127.0.0.1:${await freePort()}`, 'echo:', '-D', '--pid-file', 'notes'];
    const { code, stderr } = await runChild(process.execPath, args, { cwd: directory });
    expect(code).toBe(1);
    expect(stderr).toContain('PID_FILE_UNWRITABLE');
    expect(readFileSync(join(directory, 'notes'), 'utf8')).toBe('do not lose me');
  });

  test('outlives a hang-up', async () => {
    const target = await TcpTarget.listen(echo);
    const port = await freePort();
    const { pid } = await startDaemon([`127.0.0.1:${port}`, target.address]);
    process.kill(pid, 'SIGHUP');
    expect(await talk(`ws://127.0.0.1:${port}/`)).toBe('hello');
  });
});

/** The columns of /proc/PID/stat, the name of the program in one. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, id = '', name = '', rest = ''] = /^(\d+) (\(.*\)) (.*)$/s.exec(stat) ?? [];
  return [id, name, ...rest.split(' ')];
}
