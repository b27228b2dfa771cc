import { buildSync } from 'esbuild';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Abort } from '../../src/abort.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { BridgeError } from '../../src/errors.ts';
import { BridgeServer } from '../../src/server/bridge-server.ts';
import { WrapProgram } from '../../src/target/wrap-program.ts';
import { closed, dialStream, Received, refusal } from '../conformance/target-support.ts';
import { buildNative } from '../conformance/target-servers.ts';
import { Child, runChild } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { suite } from '../support/packages.ts';
import { makeTempDir, tempDir } from '../support/temp-dir.ts';
import { sleep, until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';
import { compile, GREETER, Host, isAlive, python, wrap, type Wrapped } from './wrap-program-servers.ts';

/** Connects through the target, says something and gives everything that comes until `mark` is in it. */
async function talk({ target }: Wrapped, say: string, mark: string): Promise<string> {
  const connection = await dialStream(target);
  const received = new Received(connection);
  if (say) connection.duplex.write(say);
  await until(`${mark} comes: ${received.text}`, () => received.text.includes(mark));
  await closed(connection);
  return received.text;
}

/** A signal as a session makes it: it aborts with TARGET_TIMEOUT. */
function deadline(milliseconds: number): Abort {
  const abort = new Abort();
  const timer = setTimeout(() => abort.abort(new BridgeError('TARGET_TIMEOUT')), milliseconds);
  atTestEnd(() => clearTimeout(timer));
  return abort;
}

/** The process number that a program printed behind a word. */
async function pidAfter(host: Host, word: string): Promise<number> {
  const [, pid] = await host.line(new RegExp(`^${word} (\\d+)$`));
  return Number(pid);
}

const wrapNamed = (name: string): Promise<Wrapped> => wrap([name, '{port}']);

const gone = (pid: number): Promise<boolean> => until(`process ${pid} is gone`, () => !isAlive(pid));

/** A server that goes into the background: the program ends, its child serves on. */
const daemon = (setsid: boolean): readonly string[] =>
  python(`import os\nif os.fork(): os._exit(0)\n${setsid ? 'os.setsid()' : ''}\n${GREETER}`, '<port>');

suite('A program whose port is moved', { needs: ['cc', 'C headers', 'python3'] }, () => {
  beforeAll(() => buildNative());

  test('is reached, and leaves its own port to the bridge', async () => {
    const wrapped = await wrap(['/usr/bin/python3', '-m', 'http.server', '<port>']);
    const answer = await talk(wrapped, 'GET / HTTP/1.0\r\n\r\n', '\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.0 200 OK\r\nServer: SimpleHTTP/);
    const bridge = createServer().listen(wrapped.port, '0.0.0.0');
    await once(bridge, 'listening');
    bridge.close();
    await wrapped.host.line(/GET \/ HTTP\/1\.0" 200/);
  });

  test('shares its port with the bridge, whose end is its end', async () => {
    const port = await freePort();
    const target = {
      kind: 'program',
      mode: 'exit',
      portEnv: null,
      port,
      command: python(GREETER, String(port)),
    } as const;
    const { config } = resolveConfig({ listen: `127.0.0.1:${port}`, target: 'echo:' });
    const listeners = config.listeners.map((listener) => ({
      ...listener,
      routes: listener.routes.map((route) => ({ ...route, target })),
    }));
    const server = new BridgeServer({ ...config, listeners });
    atTestEnd(() => server.close(0));
    const lines: string[] = [];
    server.on('program:output', ({ line }) => lines.push(line));
    await server.listen();
    const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
    const { code } = await client.whenClosed();
    const [, pid] = await until('the program tells its number', () => /^ready (\d+)/.exec(lines.join('\n')));
    expect({ code, said: client.data.toString() }).toEqual({ code: 1000, said: `hello from ${pid}` });
    await server.close(0);
    expect(isAlive(Number(pid))).toBe(false);
  });

  test.each(['::', '127.0.0.1', '::1', 'localhost'])('is reached when it is a Node server on %s', async (host) => {
    const server = `require('node:net').createServer((s) => s.end('from node')).listen(<port>, '${host}')`;
    expect(await talk(await wrap([process.execPath, '-e', server]), '', 'from node')).toBe('from node');
  });

  test('is waited for while it starts', async () => {
    const slow = await wrap(python(`import time; time.sleep(0.7)\n${GREETER}`, '<port>'));
    expect(await talk(slow, '', 'hello')).toMatch(/^hello from \d+$/);
  });

  test('that never listens is TARGET_REFUSED at the deadline, with advice', async () => {
    const { target, port } = await wrap(['sleep', '60']);
    const error = await refusal(target, { abort: deadline(400) });
    expect(error).toMatchObject({ code: 'TARGET_REFUSED', detail: 'program:sleep' });
    expect(error.remedy).toContain(`listens on port ${port}`);
    expect(error.remedy).toContain('--wrap-port-env');
  });

  test('gives up for a client that has gone, with the reason of the abort', async () => {
    const { target } = await wrap(['sleep', '60']);
    const abort = new Abort();
    const dialled = refusal(target, { abort });
    await sleep(50);
    abort.abort(new BridgeError('CLIENT_GONE'));
    expect((await dialled).code).toBe('CLIENT_GONE');
  });

  test('gets the environment of the bridge, and ours goes first', async () => {
    const before = process.env['LD_PRELOAD'];
    process.env['LD_PRELOAD'] = 'libdl.so.2';
    atTestEnd(() => {
      if (before === undefined) delete process.env['LD_PRELOAD'];
      else process.env['LD_PRELOAD'] = before;
    });
    const { host, port } = await wrap(['sh', '-c', 'echo "$LD_PRELOAD|$HOME|$BASCULE_REBIND_OLD_PORT"; sleep 60']);
    const [, home, old] = await host.line(/\/rebind\.so:libdl\.so\.2\|(.*)\|(\d+)$/);
    expect([home, old]).toEqual([process.env['HOME'], String(port)]);
  });

  test('that is statically linked is started with a warning that says what to do', async () => {
    const file = compile(tempDir(), 'static', 'int main(void) { return 7; }', '-static');
    const { host } = await wrap([file]);
    expect(host.warnings).toEqual([expect.stringMatching(/static' is statically linked.*\{port\}.*--wrap-port-env/)]);
    await until('it ends', () => host.exits.length > 0);
    expect(host.exits).toEqual([7]);
  });
});

suite('A child that serves for a program', { needs: ['cc', 'C headers', 'socat', 'telnetd', 'nc'] }, () => {
  beforeAll(() => buildNative());

  test('is reached: telnetd behind a starter', async () => {
    const starter = 'TCP-LISTEN:<port>,reuseaddr,fork';
    const telnet = await wrap(['sh', '-c', `true; socat ${starter} EXEC:telnetd,nofork`]);
    // telnetd speaks first: IAC WILL …, IAC DO … (RFC 854).
    expect(await talk(telnet, '', '\u00ff\u00fd')).toMatch(/^\u00ff[\u00fb\u00fd]/);
  });

  test('is reached: netcat, which serves one connection and is started again', async () => {
    const netcat = await wrap(['nc', '-l', '<port>'], { mode: 'respawn' });
    for (const word of ['first\n', 'second\n']) {
      const connection = await dialStream(netcat.target);
      connection.duplex.end(word);
      await netcat.host.line(new RegExp(`^${word}`.trim()));
      await closed(connection);
    }
    expect(netcat.host.lines).toEqual(['first', 'second']);
    expect(netcat.host.exits).toEqual([]);
  });
});

suite('A VNC server', { needs: ['cc', 'C headers', 'Xtigervnc'] }, () => {
  beforeAll(() => buildNative());

  test('is reached, though it binds both families', async () => {
    const open = ['-SecurityTypes', 'None', '-nolisten', 'unix'];
    const vnc = await wrap(['Xtigervnc', '-rfbport', '<port>', '-displayfd', '1', ...open]);
    expect(await talk(vnc, '', '\n')).toBe('RFB 003.008\n');
  });

  test('that vncserver puts into the background is reached, and stays after the bridge', async () => {
    const home = tempDir();
    const display = `:${40 + (process.pid % 50)}`;
    const startup = join(home, 'startup');
    // The X server goes with its session.
    writeFileSync(startup, '#!/bin/sh\necho $$ > "$HOME/session"\nexec sleep 600\n', { mode: 0o755 });
    atTestEnd(() => process.kill(Number(readFileSync(join(home, 'session'), 'utf8'))));
    const options = `-SecurityTypes None -xstartup ${startup} -rfbport <port>`;
    const script = `echo shell $$; HOME=${home} vncserver ${display} ${options} && echo done`;
    const vnc = await wrap(['sh', '-c', script], { mode: 'ignore' });
    expect(await talk(vnc, '', '\n')).toBe('RFB 003.008\n');
    await vnc.host.line(/New Xtigervnc server/);
    await vnc.host.line(/^done$/);
    await gone(await pidAfter(vnc.host, 'shell'));
    await vnc.target.stop();
    const { stdout } = await runChild('vncserver', ['-list'], { env: { ...process.env, HOME: home } });
    const [, pid] = new RegExp(`^${display.slice(1)}\\s+\\d+\\s+(\\d+)`, 'm').exec(stdout) ?? [];
    expect(isAlive(Number(pid))).toBe(true);
    atTestEnd(() => process.kill(Number(pid)));
    expect(vnc.host.exits).toEqual([]);
  });
});

suite('The end of a program', { needs: ['cc', 'C headers', 'python3'] }, () => {
  beforeAll(() => buildNative());

  test.each([
    ['sh -c "exit 7"', ['sh', '-c', 'exit 7'], 7],
    ['sh -c "kill -9 $$"', ['sh', '-c', 'kill -9 $$'], 137],
    ['true', ['true'], 0],
  ])('is the end of the bridge, with its status: %s', async (_what, command, status) => {
    const { target, host } = await wrap(command);
    await until('it ends', () => host.exits.length > 0);
    expect(host.exits).toEqual([status]);
    expect((await refusal(target)).code).toBe('TARGET_REFUSED');
  });

  test('takes the children of the program with it', async () => {
    const { host } = await wrap(['sh', '-c', 'sleep 600 & echo child $!; exit 3']);
    await until('it ends', () => host.exits.length > 0);
    expect(host.exits).toEqual([3]);
    expect(isAlive(await pidAfter(host, 'child'))).toBe(false);
  });

  test('comes after the last line of output, which may lack its end', async () => {
    const seen: string[] = [];
    const { host } = await wrap(['sh', '-c', 'seq 3000; printf last']);
    host.exit = () => seen.push(...host.lines);
    await until('it ends', () => seen.length > 0);
    expect(seen).toEqual([...Array.from({ length: 3000 }, (_, index) => String(index + 1)), 'last']);
  });

  test.each([true, false])('means nothing to a daemon in mode ignore (setsid: %s)', async (setsid) => {
    const wrapped = await wrap(daemon(setsid), { mode: 'ignore' });
    const pid = await pidAfter(wrapped.host, 'ready');
    atTestEnd(() => process.kill(pid));
    expect(await talk(wrapped, '', 'hello')).toBe(`hello from ${pid}`);
    await wrapped.target.stop();
    expect(isAlive(pid)).toBe(true);
    expect(wrapped.host).toMatchObject({ exits: [], warnings: [] });
  });

  test('in mode ignore is told when it looks like a failure', async () => {
    const { host } = await wrap(['sh', '-c', 'exit 4'], { mode: 'ignore' });
    await until('it is told', () => host.warnings.length > 0);
    expect(host).toMatchObject({ warnings: ['ended with status 4'], exits: [] });
  });

  test('is a new start in mode respawn, and sessions wait for it', async () => {
    const serveOne = GREETER.replace('while True:', 'for _ in [0]:').replace(
      'peer.close()',
      'peer.close(); sys.exit(1)',
    );
    const wrapped = await wrap(python(serveOne, '<port>'), { mode: 'respawn' });
    const answers = new Set<string>();
    for (let count = 0; count < 4; count++) answers.add(await talk(wrapped, '', 'hello'));
    expect(answers.size).toBe(4);
    expect(wrapped.host.warnings[0]).toBe('ended with status 1; it is started again');
    expect(wrapped.host.exits).toEqual([]);
  });

  test('in mode respawn takes what is left of the program with it', async () => {
    const wrapped = await wrap(['sh', '-c', 'sleep 600 & echo child $!; sleep 0.3'], { mode: 'respawn' });
    const first = await pidAfter(wrapped.host, 'child');
    await until('it is started again', () => wrapped.host.lines.length > 1);
    expect(isAlive(first)).toBe(false);
  });

  test('in mode respawn never becomes a storm', async () => {
    const { target, host } = await wrap(['sh', '-c', 'echo started; exit 9'], { mode: 'respawn' });
    await until('the bridge waits', () => host.warnings.some((warning) => warning.includes('the next start is in')));
    await sleep(500);
    expect(host.lines).toEqual(Array.from({ length: 5 }, () => 'started'));
    const before = performance.now();
    await target.stop();
    expect(performance.now() - before).toBeLessThan(1000);
  });

  test('in mode respawn does not pile up daemons that hold the port', async () => {
    const wrapped = await wrap(daemon(true), { mode: 'respawn' });
    const pid = await pidAfter(wrapped.host, 'ready');
    atTestEnd(() => process.kill(pid));
    await wrapped.host.line(/Address already in use/);
    expect(await talk(wrapped, '', 'hello')).toBe(`hello from ${pid}`);
    await wrapped.target.stop();
    expect(wrapped.host.lines.filter((line) => line.startsWith('ready'))).toHaveLength(1);
  });
});

suite('A program that is told its port', { needs: ['python3'] }, () => {
  const server = GREETER.replace('sys.argv[1]', "os.environ.get('MY_PORT') or sys.argv[1]");

  test('by a variable is not preloaded', async () => {
    const told = await wrap(python(server, 'unused'), { portEnv: 'MY_PORT' });
    expect(await talk(told, '', 'hello')).toMatch(/^hello/);
    const { host } = await wrap(['sh', '-c', 'echo "<$LD_PRELOAD>" "$MY_PORT"'], { portEnv: 'MY_PORT' });
    const [, preload, port] = await host.line(/^<(.*)> (\d+)$/);
    expect(preload).toBe(process.env['LD_PRELOAD'] ?? '');
    expect(Number(port)).toBeGreaterThan(1023);
  });

  test('is waited for by who comes before it is started', async () => {
    const command = python(server, '{port}');
    const target = new WrapProgram({ kind: 'program', command, port: 1, mode: 'exit', portEnv: null });
    atTestEnd(() => target.stop());
    const dialled = dialStream(target);
    const host = new Host();
    await target.start(host);
    const connection = await dialled;
    const received = new Received(connection);
    const pid = await pidAfter(host, 'ready');
    await until('the program greets', () => received.text.length > 0);
    expect(received.text).toBe(`hello from ${pid}`);
    await closed(connection);
  });

  test('by {port} in its arguments is not preloaded', async () => {
    expect(await talk(await wrap(python(server, '{port}')), '', 'hello')).toMatch(/^hello/);
    const { host } = await wrap(['sh', '-c', 'echo "<$LD_PRELOAD>" a{port}b{port}']);
    const [, preload, first, second] = await host.line(/^<(.*)> a(\d+)b(\d+)$/);
    expect(preload).toBe(process.env['LD_PRELOAD'] ?? '');
    expect(first).toBe(second);
  });
});

describe('Starting and stopping a program', () => {
  const house = makeTempDir();
  afterAll(() => house.remove());

  test('says which program cannot be found or run', async () => {
    const file = join(house.path, 'plain');
    writeFileSync(file, 'text');
    chmodSync(file, 0o644);
    mkdirSync(join(house.path, 'directory'));
    await expect(wrapNamed('no-such-program')).rejects.toMatchObject({
      code: 'PROGRAM_NOT_FOUND',
      detail: "there is no 'no-such-program' in PATH",
    });
    await expect(wrapNamed(file)).rejects.toMatchObject({
      code: 'PROGRAM_NOT_FOUND',
      detail: expect.stringContaining(file),
    });
    await expect(wrapNamed(join(house.path, 'directory'))).rejects.toMatchObject({ code: 'PROGRAM_NOT_FOUND' });
    const target = new WrapProgram({ kind: 'program', command: [file], port: 1, mode: 'exit', portEnv: 'PORT' });
    await expect(target.start(new Host())).rejects.toMatchObject({ code: 'PROGRAM_NOT_FOUND' });
    expect((await refusal(target)).code).toBe('TARGET_REFUSED');
    const broken = join(house.path, 'broken');
    writeFileSync(broken, '#!/no/such/interpreter\n', { mode: 0o755 });
    await expect(wrapNamed(broken)).rejects.toMatchObject({
      code: 'PROGRAM_NOT_FOUND',
      detail: expect.stringContaining(broken),
    });
  });

  test('ends children as well, and those that do not listen to SIGTERM by force', async () => {
    const script =
      'trap "" TERM; sh -c "trap \\"\\" TERM; echo child \\$\\$; sleep 600; sleep 600" & echo self $$; wait; wait';
    const { target, host } = await wrap(['sh', '-c', `${script} # {port}`]);
    const pids = [await pidAfter(host, 'child'), await pidAfter(host, 'self')];
    const before = performance.now();
    await target.stop();
    expect(performance.now() - before).toBeGreaterThan(2900);
    expect(performance.now() - before).toBeLessThan(4500);
    for (const pid of pids) await gone(pid);
    expect(host.exits).toEqual([]);
  });

  test('ends an obedient program at once, however often it is asked', async () => {
    const { target, host } = await wrap(['sh', '-c', 'echo self $$; exec sleep 600 # {port}'], { mode: 'ignore' });
    const pid = await pidAfter(host, 'self');
    const listeners = process.listenerCount('exit');
    await Promise.all([target.stop(), target.stop()]);
    expect(isAlive(pid)).toBe(false);
    expect(process.listenerCount('exit')).toBe(listeners - 1);
    expect((await refusal(target)).code).toBe('TARGET_REFUSED');
  });

  test('leaves nothing when it is stopped while it starts', async () => {
    const before = process.listenerCount('exit');
    const command = ['sh', '-c', 'echo self $$; exec sleep 600 # {port}'];
    const target = new WrapProgram({ kind: 'program', command, port: 1, mode: 'exit', portEnv: null });
    const host = new Host();
    const started = target.start(host);
    await target.stop();
    await started;
    const [, pid] = /self (\d+)/.exec(host.lines.join('\n')) ?? [];
    if (pid) await gone(Number(pid));
    expect(process.listenerCount('exit')).toBe(before);
    expect(host.exits).toEqual([]);
  });

  test('leaves no program when the bridge ends without stopping it', async () => {
    const script = join(house.path, 'child.mjs');
    const entry = new URL('wrap-program-child.ts', import.meta.url).pathname;
    buildSync({
      entryPoints: [entry],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    const child = new Child(process.execPath, [
      script,
      'sh',
      '-c',
      'trap "" TERM; echo self $$; echo ready; sleep 600',
    ]);
    atTestEnd(() => child.stop());
    const [, pid] = await child.waitForOutput(/self (\d+)/);
    expect((await child.exit).code).toBe(0);
    await gone(Number(pid));
  });
});

suite('The output of a program', { needs: ['python3'] }, () => {
  test('comes line by line from both pipes, with long lines cut', async () => {
    const script = 'echo out; echo err >&2; printf "%05000d\\n" 1; echo "\\033[31mred"';
    const { host } = await wrap(['sh', '-c', `${script}; sleep 60 # {port}`]);
    await host.line(/red/);
    expect(host.lines.toSorted()).toEqual(['\u001B[31mred', `${'0'.repeat(2000)}…`, 'err', 'out']);
  });

  test('slows the program down instead of filling the memory', async () => {
    const flood = 'import sys\nfor n in range(10**9): print(n)';
    const { host, target } = await wrap(python(`${flood} # {port}`));
    const before = process.memoryUsage().rss;
    const [started, linesBefore] = [performance.now(), host.lines.length];
    await sleep(1000);
    const taken = host.lines.length - linesBefore;
    expect(taken).toBeGreaterThan(100);
    // 100 lines every 10 ms at the most, however long the machine took for that second.
    expect(taken).toBeLessThan(((performance.now() - started) / 10) * 100 * 1.5);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    await target.stop();
  });
});
