import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ListenerConfig } from '../../src/config/model.ts';
import { Listener } from '../../src/listen/listener.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { tempDir } from '../support/temp-dir.ts';
import { listenerConfig } from './listen-config.ts';
import { serves, startFront } from './listen-front.ts';

const HOOKS = { onConnection: (): void => {}, onRefused: (): void => {} };

function at(path: string, mode = 0o600): ListenerConfig {
  return listenerConfig({ address: { kind: 'unix', path, mode } });
}

/** A socket file whose owner has gone without removing it. */
async function makeStale(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(`${path}.made`, resolve);
  });
  renameSync(`${path}.made`, path);
  await new Promise((resolve) => {
    server.close(resolve);
  });
}

describe('a Unix listener', () => {
  test('takes connections and says where it listens', async () => {
    const path = join(tempDir(), 'a.sock');
    const front = await startFront(at(path));
    expect(front.bound).toEqual({ address: path, url: `unix:${path}`, secure: false });
    expect(await serves(path)).toBe(true);
  });

  test('knows its clients as Unix clients', async () => {
    const path = join(tempDir(), 'a.sock');
    const front = await startFront(
      listenerConfig({ address: { kind: 'unix', path, mode: 0o600 } }, { connections: 1 }),
    );
    expect(await serves(path)).toBe(true);
    front.listener.destroyPending();
    expect(front.upgrades[0]?.socket.remoteAddress).toBeUndefined();
  });

  test.each([0o600, 0o660, 0o666, 0o777])('has mode %i, whatever the umask, which stays as it was', async (mode) => {
    const path = join(tempDir(), 'a.sock');
    const before = process.umask(0o027);
    atTestEnd(() => process.umask(before));
    await startFront(at(path, mode));
    expect(statSync(path).mode & 0o777).toBe(mode);
    expect(process.umask()).toBe(0o027);
  });

  test('leaves nothing but its socket in the directory, and takes that away on close', async () => {
    const directory = tempDir();
    const front = await startFront(at(join(directory, 'a.sock')));
    expect(readdirSync(directory)).toEqual(['a.sock']);
    await front.listener.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('replaces a stale socket file', async () => {
    const path = join(tempDir(), 'a.sock');
    await makeStale(path);
    expect(lstatSync(path).isSocket()).toBe(true);
    await startFront(at(path));
    expect(await serves(path)).toBe(true);
  });

  test('does not remove a socket that another program has put in its place', async () => {
    const path = join(tempDir(), 'a.sock');
    const first = await startFront(at(path));
    renameSync(path, `${path}.old`);
    const second = await startFront(at(path));
    await first.listener.close();
    expect(existsSync(path)).toBe(true);
    expect(await serves(path)).toBe(true);
    await second.listener.close();
    expect(existsSync(path)).toBe(false);
  });

  test('does not mind when its socket has been removed', async () => {
    const path = join(tempDir(), 'a.sock');
    const front = await startFront(at(path));
    renameSync(path, `${path}.old`);
    await expect(front.listener.close()).resolves.toBeUndefined();
  });

  test.each(['x', 'a-much-longer-name.socket'])(
    'takes a path of the greatest length, with the name %s',
    async (name) => {
      const base = tempDir();
      const padding = 'd'.repeat(107 - base.length - name.length - 2);
      const directory = join(base, padding);
      mkdirSync(directory);
      const path = join(directory, name);
      expect(Buffer.byteLength(path)).toBe(107);
      await startFront(at(path));
      expect(await serves(path)).toBe(true);
      expect(readdirSync(directory)).toEqual([name]);
    },
  );
});

describe('a Unix listener that cannot listen says why, and leaves everything as it was', () => {
  test('the path is too long, in bytes', async () => {
    await expect(new Listener(at(`/tmp/${'ä'.repeat(52)}`), HOOKS).listen()).rejects.toMatchObject({
      code: 'LISTEN_UNIX_PATH_TOO_LONG',
    });
  });

  test('another program listens there', async () => {
    const path = join(tempDir(), 'a.sock');
    await startFront(at(path));
    await expect(new Listener(at(path), HOOKS).listen()).rejects.toMatchObject({
      code: 'LISTEN_UNIX_LIVE',
      detail: path,
    });
    expect(await serves(path)).toBe(true);
  });

  test.each(['file', 'directory', 'link'])('the path is a %s', async (kind) => {
    const directory = tempDir();
    const path = kind === 'directory' ? directory : join(directory, 'a.sock');
    if (kind === 'file') writeFileSync(path, 'precious');
    if (kind === 'link') symlinkSync('elsewhere', path);
    await expect(new Listener(at(path), HOOKS).listen()).rejects.toMatchObject({ code: 'LISTEN_UNIX_NOT_SOCKET' });
    expect(readdirSync(directory)).toEqual(kind === 'directory' ? [] : ['a.sock']);
  });

  test('the directory is missing', async () => {
    await expect(new Listener(at(join(tempDir(), 'none', 'a.sock')), HOOKS).listen()).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      remedy: expect.stringContaining('Create the directory') as string,
    });
  });

  test('the directory may not be written to', async () => {
    const directory = tempDir();
    const isRoot = process.geteuid?.() === 0;
    chmodSync(directory, 0o555);
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(new Listener(at(join(directory, 'a.sock')), HOOKS).listen()).rejects.toMatchObject({
        code: 'LISTEN_NO_PERMISSION',
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(directory, 0o755);
    }
  });

  test('of two that start at the same moment on one path at most one is left behind, and one works', async () => {
    const path = join(tempDir(), 'a.sock');
    await makeStale(path);
    const listeners = [new Listener(at(path), HOOKS), new Listener(at(path), HOOKS)];
    atTestEnd(() => Promise.all(listeners.map((listener) => listener.close())));
    const results = await Promise.allSettled(listeners.map((listener) => listener.listen()));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'LISTEN_UNIX_LIVE' } });
  });
});
