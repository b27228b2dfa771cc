import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, runBridge } from '../support/bridge-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { Child } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { PYTHON, suite } from '../support/packages.ts';
import { RawClient } from '../support/raw-client.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** Exit statuses of what an inetd has started. */
type Statuses = (number | null)[];

/** An inetd of the kind 'nowait': accepts, and starts the bridge with the connection in place of its standard streams. */
async function nowait(args: readonly string[]): Promise<{ readonly port: number; readonly statuses: Statuses }> {
  const statuses: Statuses = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const child = spawn(process.execPath, [BIN, ...args], { stdio: [socket, socket, socket] });
    child.once('exit', (code) => statuses.push(code));
    child.once('spawn', () => socket.destroy());
    atTestEnd(() => child.kill('SIGKILL'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTestEnd(() => server.close());
  return { port: (server.address() as AddressInfo).port, statuses };
}

/** Binds what it is told, and becomes the bridge with the listening socket as its standard input. */
const WAIT_STARTER = `
import os, socket, sys
kind, where, *command = sys.argv[1:]
listening = socket.socket(socket.AF_UNIX if kind == 'unix' else socket.AF_INET)
listening.bind(where if kind == 'unix' else ('127.0.0.1', 0))
listening.listen(8)
print('at', listening.getsockname()[1] if kind == 'tcp' else where, file=sys.stderr, flush=True)
os.dup2(listening.fileno(), 0)
os.execv(command[0], command)
`;

/** An inetd of the kind 'wait': starts the bridge with the listening socket as its standard input. */
async function wait(
  args: readonly string[],
  kind: 'tcp' | 'unix',
  where: string,
): Promise<{ bridge: Child; port: string }> {
  const bridge = new Child(PYTHON, ['-c', WAIT_STARTER, kind, where, process.execPath, BIN, ...args]);
  atTestEnd(() => bridge.stop('SIGKILL'));
  const [, port = ''] = await bridge.waitForOutput(/^at (\S+)$/m);
  await bridge.waitForOutput(/listening on/);
  return { bridge, port };
}

async function exchange(client: WsClient): Promise<void> {
  client.send('hello');
  expect((await client.receive(5)).toString()).toBe('hello');
}

describe('started by inetd for one client', () => {
  test('serves one session and ends', async () => {
    const target = await TcpTarget.listen(echo);
    const { port, statuses } = await nowait(['websockify', '--inetd', target.address]);
    const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
    await exchange(client);
    await client.close();
    await until('it has ended', () => statuses.length === 1);
    expect(statuses).toEqual([0]);
  });

  test('serves each client by a process of its own', async () => {
    const target = await TcpTarget.listen(echo);
    const { port, statuses } = await nowait(['--inetd', target.address]);
    const clients = await Promise.all([1, 2].map(() => WsClient.open(`ws://127.0.0.1:${port}/`)));
    for (const client of clients) await exchange(client);
    expect(statuses).toEqual([]);
    for (const client of clients) await client.close();
    await until('both have ended', () => statuses.length === 2);
    expect(statuses).toEqual([0, 0]);
  });

  test('writes nothing but the protocol to the client, whatever it has to say', async () => {
    const { port, statuses } = await nowait(['websockify', '-v', '--inetd', '127.0.0.1:1', '--libserver']);
    const client = await RawClient.open(port);
    expect((await client.readClose()).code).toBe(1011);
    client.socket.end();
    await until('it has ended', () => statuses.length === 1);
  });

  test('ends when a client goes away before it has said anything', async () => {
    const { port, statuses } = await nowait(['websockify', '--inetd', '127.0.0.1:1']);
    const client = new RawClient(port);
    await once(client.socket, 'connect');
    client.socket.destroy();
    await until('it has ended', () => statuses.length === 1);
    expect(statuses).toEqual([0]);
  });
});

suite('started by inetd with a certificate', { needs: ['openssl'] }, () => {
  test('speaks TLS with its client', async () => {
    const target = await TcpTarget.listen(echo);
    const { certFile, keyFile } = makeCertificate();
    const { port, statuses } = await nowait([
      'websockify',
      '--inetd',
      '--cert',
      certFile,
      '--key',
      keyFile,
      target.address,
    ]);
    const client = await WsClient.open(`wss://127.0.0.1:${port}/`, { rejectUnauthorized: false });
    await exchange(client);
    await client.close();
    await until('it has ended', () => statuses.length === 1);
    expect(statuses).toEqual([0]);
  });
});

suite('started by inetd with a listening socket', { needs: ['python:websockets'] }, () => {
  test('serves one client after another, as its ancestor does', async () => {
    const target = await TcpTarget.listen(echo);
    const { bridge, port } = await wait(['websockify', '--inetd', target.address], 'tcp', '');
    for (const _ of [1, 2]) {
      const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
      await exchange(client);
      await client.close();
    }
    expect(await bridge.stop()).toEqual({ code: 0, signal: null });
  });

  test('serves a Unix socket, too', async () => {
    const target = await TcpTarget.listen(echo);
    const path = join(tempDir(), 'bridge.sock');
    const { bridge } = await wait(['websockify', '--inetd', target.address], 'unix', path);
    const client = await WsClient.open(`ws+unix://${path}:/`);
    await exchange(client);
    await client.close();
    expect(await bridge.stop()).toEqual({ code: 0, signal: null });
  });
});

test('without a socket it says so', async () => {
  const { code, stderr } = await runBridge(['websockify', '--inetd', 'localhost:5900']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^bascule: error INETD_NO_SOCKET: /);
});
