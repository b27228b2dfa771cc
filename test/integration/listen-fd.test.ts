import { buildSync } from 'esbuild';
import { existsSync, openSync, renameSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { beforeAll, afterAll, describe, expect, test } from 'vitest';
import { Listener } from '../../src/listen/listener.ts';
import { Child } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { makeTempDir, tempDir } from '../support/temp-dir.ts';
import { listenerConfig } from './listen-config.ts';
import { Client } from './listen-front.ts';

const directory = makeTempDir();
const script = join(directory.path, 'child.mjs');

beforeAll(() => {
  const entry = new URL('listen-fd-child.ts', import.meta.url).pathname;
  buildSync({
    entryPoints: [entry],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
});
afterAll(() => directory.remove());

/** Listens, hands the descriptor to a child as number 3 and stops listening here. */
async function passOn(
  listenOptions: { port: number; host: string } | { path: string },
): Promise<{ child: Child; server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(listenOptions, resolve);
  });
  // oxlint-disable-next-line no-underscore-dangle
  const { fd } = (server as Server & { _handle: { fd: number } })._handle;
  const child = new Child(process.execPath, [script, '3'], { stdio: ['ignore', 'pipe', 'pipe', fd] });
  atTestEnd(() => child.stop());
  return { child, server };
}

describe('an inherited descriptor', () => {
  test('of a TCP socket is listened on', async () => {
    const { child, server } = await passOn({ port: 0, host: '127.0.0.1' });
    const { port } = server.address() as { port: number };
    const [, bound = ''] = await child.waitForOutput(/bound (.*)\n/);
    server.close();
    expect(JSON.parse(bound)).toEqual({
      address: `127.0.0.1:${port}`,
      url: `http://127.0.0.1:${port}/`,
      secure: false,
      port,
    });
    expect(await Client.plain(port).untilEnd()).toBe('from the child');
  });

  test('of a Unix socket is listened on, and its file is the parent’s to remove', async () => {
    const path = join(tempDir(), 'a.sock');
    const { child, server } = await passOn({ path });
    const [, bound = ''] = await child.waitForOutput(/bound (.*)\n/);
    renameSync(path, `${path}.kept`);
    server.close();
    expect(JSON.parse(bound)).toEqual({ address: 'fd:3', url: 'fd:3', secure: false });
    expect(await Client.plain(`${path}.kept`).untilEnd()).toBe('from the child');
    await child.stop();
    expect(existsSync(`${path}.kept`)).toBe(true);
  });
});

/** Listens on a descriptor of this process. */
function open(fd: number): Promise<unknown> {
  const hooks = { onConnection: (): void => {}, onRefused: (): void => {} };
  return new Listener(listenerConfig({ address: { kind: 'fd', fd } }), hooks).listen();
}

describe('a descriptor that is no listening socket is refused', () => {
  test('because nothing is open there', async () => {
    await expect(open(987)).rejects.toMatchObject({
      code: 'LISTEN_FD_INVALID',
      detail: expect.stringContaining('fd:987') as string,
    });
  });

  test('because it is a file', async () => {
    await expect(open(openSync('/dev/null', 'r'))).rejects.toMatchObject({ code: 'LISTEN_FD_INVALID' });
  });

  test('because it is no number of a descriptor', async () => {
    await expect(open(-1)).rejects.toMatchObject({ code: 'LISTEN_FD_INVALID' });
  });

  test('because the program itself uses it already', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(join(tempDir(), 'a.sock'), resolve);
    });
    atTestEnd(() => server.close());
    // oxlint-disable-next-line no-underscore-dangle
    const { fd } = (server as Server & { _handle: { fd: number } })._handle;
    await expect(open(fd)).rejects.toMatchObject({ code: 'LISTEN_FD_INVALID' });
    expect(server.listening).toBe(true);
  });
});
