import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { BIN, spawnBridge, type BridgeProcess } from '../support/bridge-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { Child, runChild } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { tempDir } from '../support/temp-dir.ts';

const SCRIPT = fileURLToPath(new URL('../../docker/healthcheck.mjs', import.meta.url));

/** Asks for one process: other bridges may run on this machine. */
function check(pid: number): ReturnType<typeof runChild> {
  return runChild(process.execPath, [SCRIPT, String(pid)]);
}

/** A bridge that listens where there is no port. */
async function listening(args: readonly string[]): Promise<Child> {
  const child = new Child(process.execPath, [BIN, ...args]);
  atTestEnd(() => child.stop('SIGKILL'));
  await child.waitForOutput(/listening/i);
  return child;
}

async function bridge(...args: readonly string[]): Promise<BridgeProcess> {
  const started = await spawnBridge(args);
  atTestEnd(() => started.stop('SIGKILL'));
  return started;
}

describe('the health check of the container image finds a bridge that listens', () => {
  test.each([
    ['on one address', ['127.0.0.1:0', 'echo:'], '127.0.0.1'],
    ['on all addresses of IPv4', ['0.0.0.0:0', 'echo:'], '127.0.0.1'],
    ['on one address of IPv6', ['[::1]:0', 'echo:'], '[0000:0000:0000:0000:0000:0000:0000:0001]'],
    ['on all addresses', ['[::]:0', 'echo:'], '127.0.0.1'],
  ])('%s', async (_name, args, host) => {
    const { pid, port } = await bridge(...args);
    expect(await check(pid)).toMatchObject({ code: 0, stdout: `${host}:${port}: fine\n`, stderr: '' });
  });

  suite('on a port', { needs: ['openssl'] }, () => {
    const { certFile, keyFile } = makeCertificate();
    const tls = ['--cert', certFile, '--key', keyFile];

    test.each([
      ['with TLS', tls],
      ['with TLS alone', [...tls, '--tls-only']],
      ['for clients with certificates', [...tls, '--tls-only', '--verify-client']],
    ])('%s', async (_name, args) => {
      const { pid, port } = await bridge('127.0.0.1:0', 'echo:', ...args);
      expect(await check(pid)).toMatchObject({ code: 0, stdout: `127.0.0.1:${port}: fine\n`, stderr: '' });
    });
  });

  test('on a Unix socket with a space in its path', async () => {
    const file = join(tempDir(), 'the bridge.sock');
    const child = await listening([`unix:${file}`, 'echo:']);
    expect(await check(child.pid)).toMatchObject({ code: 0, stdout: `${file}: fine\n` });
    child.signal('SIGSTOP');
    expect(await check(child.pid)).toMatchObject({ code: 1, stderr: `no answer from ${file}\n` });
    child.signal('SIGCONT');
  });

  test('on a Unix socket that only its config file names', async () => {
    const directory = tempDir();
    const config = join(directory, 'bridge.yaml');
    writeFileSync(config, `listen: unix:${directory}/b.sock\ntarget: 'echo:'\n`);
    const { pid } = await listening(['serve', '--config', config]);
    expect(await check(pid)).toMatchObject({ code: 0, stdout: 'a Unix socket (not asked): fine\n' });
  });
});

describe('the health check of the container image fails', () => {
  test('when the bridge hangs', async () => {
    const { pid, port, child } = await bridge('127.0.0.1:0', 'echo:');
    child.signal('SIGSTOP');
    expect(await check(pid)).toMatchObject({ code: 1, stderr: `no answer from 127.0.0.1:${port}\n` });
  });

  test('when nothing listens', async () => {
    const child = new Child(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    atTestEnd(() => child.stop());
    expect(await check(child.pid)).toMatchObject({ code: 1, stderr: 'the bridge listens nowhere\n' });
  });
});
