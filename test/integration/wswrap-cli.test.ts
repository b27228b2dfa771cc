import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { spawnBridge } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { PYTHON, suite } from '../support/packages.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** Listens on the port that it is given, knows nothing of a bridge, and says everything twice. */
const SERVER = `
import os, socket, sys
server = socket.create_server(('', int(sys.argv[1])))
print('pid', os.getpid(), flush=True)
while True:
    client, _ = server.accept()
    data = client.recv(100)
    client.sendall(data + data)
    client.close()
`;

suite('wswrap', { needs: ['cc', 'C headers', 'python:websockets'] }, () => {
  test.each([
    ['wswrap', []],
    ['wsproxy', ['--']],
    ['websockify', ['--']],
  ])('makes the port of a program speak WebSocket, by the command line of %s', async (dialect, dashes) => {
    const port = await freePort();
    const bridge = await spawnBridge([dialect, `127.0.0.1:${port}`, ...dashes, PYTHON, '-c', SERVER, String(port)]);
    atTestEnd(() => bridge.stop('SIGKILL'));
    const pid = Number((await bridge.waitForLine(/pid (\d+)/))[1]);
    const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
    client.send('hello');
    expect((await client.receive(10)).toString()).toBe('hellohello');
    expect((await client.whenClosed()).code).toBe(1000);
    expect(await bridge.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await until('the program has ended', () => !existsSync(`/proc/${pid}`));
  });
});
