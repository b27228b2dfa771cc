import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, runBridge, spawnBridge, startBridge } from '../support/bridge-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { Child } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { pluginFile } from '../support/plugin-file.ts';
import { RawClient } from '../support/raw-client.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until, within } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

describe('shutting down', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s tells every client 1001, lets targets end and exits with 0',
    async (signal) => {
      const target = await TcpTarget.listen(echo);
      const bridge = await startBridge(target.address);
      const clients = await Promise.all(Array.from({ length: 5 }, () => WsClient.open(bridge.url)));
      for (const client of clients) client.send('last words');
      await Promise.all(clients.map((client) => client.receive(10)));
      const exit = bridge.stop(signal);
      for (const client of clients) {
        expect(await client.whenClosed()).toEqual({ code: 1001, reason: 'The bridge is shutting down.' });
      }
      expect(await exit).toEqual({ code: 0, signal: null });
      await until('every target has been let go', () => target.sockets.every((socket) => socket.readableEnded));
    },
  );

  test('clients that do not answer are cut off after the grace', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address, '--shutdown-grace', '300ms', '--close-timeout', '60s');
    const client = await RawClient.open(bridge.port);
    const exit = bridge.stop('SIGTERM');
    expect((await client.readClose()).code).toBe(1001);
    expect(await exit).toEqual({ code: 0, signal: null });
    await client.whenEnded();
  });

  test('a second signal ends it at once', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(
      target.address,
      '--shutdown-grace',
      '10m',
      '--close-timeout',
      '10m',
      '--linger',
      '10m',
    );
    const client = await RawClient.open(bridge.port);
    bridge.child.signal('SIGTERM');
    await client.readClose();
    expect(bridge.child.ended).toBeNull();
    bridge.child.signal('SIGTERM');
    const { code, signal } = await within('the end', bridge.child.exit);
    expect(code ?? signal).not.toBe(0);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s while it starts ends it before it listens', async (signal) => {
    const gate = join(tempDir(), 'gate');
    const module = pluginFile(`import { existsSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      export const apiVersion = 1;
      export const createAuthenticator = async ({ log }) => {
        log.warn('it starts');
        while (!existsSync('${gate}')) await sleep(10);
        return { authenticate: () => ({ name: 'ada' }) };
      };`);
    const bridge = new Child(process.execPath, [BIN, '127.0.0.1:0', 'echo:', '--auth-plugin', module]);
    atTestEnd(() => bridge.stop('SIGKILL'));
    await bridge.waitForOutput(/it starts/);
    bridge.signal(signal);
    await bridge.waitForOutput(/closing; once more/);
    writeFileSync(gate, '');
    expect(await within('the end', bridge.exit)).toEqual({ code: 0, signal: null });
    expect(bridge.output).not.toMatch(/listening on|SHUTDOWN/);
  });

  test('no new client is taken meanwhile', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startBridge(target.address, '--shutdown-grace', '10s', '--close-timeout', '10s');
    const client = await RawClient.open(bridge.port);
    const exit = bridge.stop('SIGTERM');
    await client.readClose();
    await expect(WsClient.open(bridge.url)).rejects.toThrow(/ECONNREFUSED|503|hang up/);
    client.socket.destroy();
    expect((await exit).code).toBe(0);
  });
});

/** Runs the bridge to its failure: its exit code and what it said, which is short and no stack. */
async function failure(...args: string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const { code, stdout, stderr } = await runBridge(args);
  const text = `${stdout}${stderr}`.trim();
  if (/^\s+at /m.test(text) || text.split('\n').length > 3) throw new Error(`not a message for a person: ${text}`);
  return { code, text };
}

/** What a failure is expected to be. */
function failed(code: number, pattern: RegExp): { readonly code: number; readonly text: string } {
  return { code, text: expect.stringMatching(pattern) as string };
}

describe('a start that fails', () => {
  test('port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    atTestEnd(() => other.close());
    const { port } = other.address() as AddressInfo;
    expect(await failure(`127.0.0.1:${port}`, 'localhost:5900')).toEqual(failed(1, new RegExp(`${port}.*taken`)));
  });

  test.each<[string, number, RegExp, string[]]>([
    ['address of another machine', 1, /192\.0\.2\.1/, ['192.0.2.1:0', 'localhost:1']],
    [
      'web root that does not exist',
      1,
      /no-such-directory.*web root/s,
      ['0', 'localhost:1', '--web', '/no-such-directory'],
    ],
    ['certificate that does not exist', 1, /none\.pem/, ['0', 'localhost:1', '--cert', '/none.pem']],
    ['no target', 2, /TARGET/, []],
    ['option that does not exist', 2, /--kepalive.*--keepalive/s, ['0', 'localhost:1', '--kepalive', '3s']],
    ['target that is no address', 2, /localhost:99999/, ['0', 'localhost:99999']],
  ])('%s', async (_name, code, pattern, args) => {
    expect(await failure(...args)).toEqual(failed(code, pattern));
  });

  test('Unix path that is too long', async () => {
    const path = join(tempDir(), 'x'.repeat(120));
    expect(await failure(`unix:${path}`, 'localhost:1')).toEqual(failed(1, /too long/));
  });

  test('Unix path that is a file', async () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, 'precious');
    expect(await failure(`unix:${file}`, 'localhost:5900')).toEqual(failed(1, /not a socket/));
  });

  test('Unix path that is a directory', async () => {
    const directory = join(tempDir(), 'directory');
    mkdirSync(directory);
    expect(await failure(`unix:${directory}`, 'localhost:5900')).toEqual(failed(1, /not a socket/));
  });
});

suite('a start that fails over certificates', { needs: ['openssl'] }, () => {
  test('key of another certificate', async () => {
    const { certFile } = makeCertificate({ cn: 'one.example' });
    const { keyFile } = makeCertificate({ cn: 'two.example' });
    expect(await failure('0', 'echo:', '--cert', certFile, '--key', keyFile)).toEqual(failed(1, /does not belong/));
  });

  test('wrong passphrase', async () => {
    const { certFile, keyFile } = makeCertificate({ passphrase: 'right' });
    const file = join(tempDir(), 'passphrase');
    writeFileSync(file, 'wrong\n');
    const tls = ['--cert', certFile, '--key', keyFile, '--key-password-file', file];
    expect(await failure('0', 'echo:', ...tls)).toEqual(failed(1, /passphrase/));
  });

  test('but the right passphrase is taken', async () => {
    const { certFile, keyFile } = makeCertificate({ passphrase: 'right' });
    const file = join(tempDir(), 'passphrase');
    writeFileSync(file, 'right\n');
    const bridge = await startBridge('echo:', '--cert', certFile, '--key', keyFile, '--key-password-file', file);
    expect(bridge.url).toMatch(/^wss:/);
  });
});

describe('a Unix socket file', () => {
  test('that a dead bridge left behind is replaced; a live one is not', async () => {
    const path = join(tempDir(), 'bridge.sock');
    const start = (): Child => {
      const bridge = new Child(process.execPath, [BIN, `unix:${path}`, 'echo:']);
      atTestEnd(() => bridge.stop('SIGKILL'));
      return bridge;
    };
    const killed = start();
    await until('it listens', () => existsSync(path));
    await killed.stop('SIGKILL');
    expect(existsSync(path)).toBe(true);
    const second = start();
    await second.waitForOutput(new RegExp(path));
    expect(await failure(`unix:${path}`, 'echo:')).toEqual(failed(1, /listening on that Unix socket/));
    expect(second.ended).toBeNull();
    await second.stop();
  });
});

describe('the demo', () => {
  test('moves to the next free port when its own is taken, and says so', async () => {
    const other = createServer()
      .on('error', () => undefined)
      .listen(6080, '127.0.0.1');
    await once(other, 'listening').catch(() => undefined);
    atTestEnd(() => other.close());
    const bridge = await spawnBridge(['demo']);
    atTestEnd(() => bridge.stop('SIGKILL'));
    expect(bridge.port).toBeGreaterThan(6080);
    expect(bridge.output).toMatch(/6080/);
    expect((await bridge.stop('SIGINT')).code).toBe(0);
  });
});
