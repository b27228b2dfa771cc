import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runBridge, spawnBridge, type BridgeProcess } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { RawClient } from '../support/raw-client.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sleep, until, within } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** Starts a dialect on a free port of loopback in front of an echo server. */
async function start(...options: readonly string[]): Promise<BridgeProcess> {
  const target = await TcpTarget.listen(echo);
  const bridge = await spawnBridge(['websockify', ...options, '127.0.0.1:0', target.address]);
  atTestEnd(() => bridge.stop('SIGKILL'));
  return bridge;
}

/** The status of a plain request. */
async function statusOf(bridge: BridgeProcess, headers: Record<string, string> = {}): Promise<number> {
  const sent = request({ port: bridge.port, host: '127.0.0.1', headers, agent: false });
  sent.end();
  const [response] = (await within('a response', once(sent, 'response'))) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

async function exchange(client: WsClient): Promise<void> {
  client.send('hello');
  expect((await client.receive(5)).toString()).toBe('hello');
}

describe('a bridge that runs once', () => {
  test('ends with status 0 after one session', async () => {
    const bridge = await start('--run-once');
    const client = await WsClient.open(bridge.url);
    await exchange(client);
    await client.close();
    expect(await within('the end', bridge.child.exit)).toEqual({ code: 0, signal: null });
  });

  test('counts no requests for files and no refused handshakes', async () => {
    const bridge = await start('--run-once', '--web', tempDir());
    expect(await statusOf(bridge)).toBe(200);
    expect(await statusOf(bridge, { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13' })).toBe(
      400,
    );
    const client = await WsClient.open(bridge.url);
    await exchange(client);
    expect(bridge.child.ended).toBeNull();
    await client.close();
    expect((await within('the end', bridge.child.exit)).code).toBe(0);
  });

  test('refuses further clients while its session lasts', async () => {
    const bridge = await start('--run-once');
    const client = await WsClient.open(bridge.url);
    await exchange(client);
    await expect(RawClient.open(bridge.port)).rejects.toThrow('503');
    await exchange2(client);
    await client.close();
    expect((await within('the end', bridge.child.exit)).code).toBe(0);
  });

  test('ends after a session whose target is down, too', async () => {
    const bridge = await spawnBridge(['websockify', '--run-once', '127.0.0.1:0', '127.0.0.1:1']);
    atTestEnd(() => bridge.stop('SIGKILL'));
    const client = new WsClient(bridge.url);
    expect((await client.whenClosed()).code).toBe(1011);
    expect((await within('the end', bridge.child.exit)).code).toBe(0);
  });
});

/** A second message of the same client. */
async function exchange2(client: WsClient): Promise<void> {
  client.send('again');
  expect((await client.receive(10)).toString()).toBe('helloagain');
}

describe('a bridge with a time to live', () => {
  test('ends with status 0 when it is over', async () => {
    const bridge = await start('--timeout', '1');
    expect(await within('the end', bridge.child.exit, 5000)).toEqual({ code: 0, signal: null });
    expect(bridge.output).toContain('ending: the time to live is over');
  });

  test('lets nobody in then, and ends with its last session', async () => {
    const bridge = await start('--timeout', '1');
    const client = await WsClient.open(bridge.url);
    await exchange(client);
    await bridge.waitForLine(/the time to live is over/);
    const late = new WsClient(bridge.url);
    expect((await late.whenClosed()).code).toBe(1006);
    await exchange2(client);
    expect(bridge.child.ended).toBeNull();
    await client.close();
    expect((await within('the end', bridge.child.exit)).code).toBe(0);
  });

  test('ends at a signal while it waits for its last session', async () => {
    const bridge = await start('--timeout', '1');
    const client = await WsClient.open(bridge.url);
    await bridge.waitForLine(/the time to live is over/);
    bridge.child.signal('SIGTERM');
    expect((await client.whenClosed()).code).toBe(1001);
    expect((await within('the end', bridge.child.exit)).code).toBe(0);
  });
});

describe('a bridge with an idle limit', () => {
  test('ends when nobody comes', async () => {
    const bridge = await start('--idle-timeout', '1');
    expect(await within('the end', bridge.child.exit, 5000)).toEqual({ code: 0, signal: null });
  });

  test('does not end while a session is open, and does afterwards', async () => {
    const bridge = await start('--idle-timeout', '1');
    const client = await WsClient.open(bridge.url);
    await sleep(1600);
    await exchange(client);
    await client.close();
    const closed = performance.now();
    expect((await within('the end', bridge.child.exit, 5000)).code).toBe(0);
    expect(performance.now() - closed).toBeGreaterThan(800);
  });
});

/** Wraps a script of the shell, which is told its port. */
function wrap(mode: string, script: string): string[] {
  return ['websockify', `--wrap-mode=${mode}`, '--wrap-port-env=PORT', '127.0.0.1:0', '--', 'sh', '-c', script];
}

describe('a wrapped program', () => {
  test('ends the bridge with its own status', async () => {
    expect((await runBridge(wrap('exit', 'exit 7'))).code).toBe(7);
  });

  test('does not outlive the bridge', async () => {
    const bridge = await spawnBridge(wrap('exit', 'echo pid=$$; sleep 1000 & wait'));
    atTestEnd(() => bridge.stop('SIGKILL'));
    const pid = Number((await bridge.waitForLine(/pid=(\d+)/))[1]);
    expect(() => process.kill(pid, 0)).not.toThrow();
    expect(await bridge.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await until('the program has ended', () => !existsSync(`/proc/${pid}`));
  });
});

test('SIGHUP opens the log file anew', async () => {
  const directory = tempDir();
  const log = join(directory, 'bridge.log');
  const bridge = await start('--log-file', log);
  renameSync(log, `${log}.1`);
  const first = await WsClient.open(bridge.url);
  await until('the old file goes on', () => readFileSync(`${log}.1`, 'utf8').includes('#1 open'));
  bridge.child.signal('SIGHUP');
  await until('there is a new file', () => existsSync(log));
  await first.close();
  await until('the new file is used', () => readFileSync(log, 'utf8').includes('#1 closed'));
  expect(readFileSync(`${log}.1`, 'utf8')).not.toContain('#1 closed');
});

test('SIGHUP ends a bridge without a log file in order: its terminal has gone', async () => {
  const bridge = await start();
  const client = await WsClient.open(bridge.url);
  bridge.child.signal('SIGHUP');
  expect((await client.whenClosed()).code).toBe(1001);
  expect(await within('the end', bridge.child.exit)).toEqual({ code: 0, signal: null });
});
