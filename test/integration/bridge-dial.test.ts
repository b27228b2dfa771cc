import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import { startBridge } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { clientFrame, closeFrame, RawClient } from '../support/raw-client.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient, type Closed } from '../support/ws-client.ts';

/** Connects to a target that cannot be reached; tells what the client was told and which errors were logged. */
async function refusal(target: string, ...options: string[]): Promise<Closed & { readonly logged: string[] }> {
  const bridge = await startBridge(target, ...options);
  const idle = bridge.sockets;
  const client = await WsClient.open(bridge.url);
  client.send('lost');
  const closed = await client.whenClosed();
  await bridge.waitForLine(/TARGET_\w+/);
  await bridge.whenSocketsAre(idle);
  return { ...closed, logged: [...new Set(bridge.output.match(/\b(?:TARGET|INTERNAL)_?\w*/g))] };
}

/** What is expected: the client gets the sentence of the error table, the log its code. */
function refused(code: ErrorCode): Awaited<ReturnType<typeof refusal>> {
  return { code: 1011, reason: ERRORS[code].sentence, logged: [code] };
}

/** A port whose queue of connections is full, so that a further one is neither taken nor refused. */
async function fullPort(): Promise<number> {
  const program = `
    const { createServer } = require('node:net');
    const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, server.address().port + '\\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  atTestEnd(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  let connected = 0;
  let waiting = 0;
  // The queue is full as soon as one of them has to wait.
  for (let i = 0; i < 4; i++) {
    const filler = connect({ port, host: '127.0.0.1' });
    filler.on('error', () => undefined);
    atTestEnd(() => filler.destroy());
    waiting += 1;
    filler.once('connect', () => {
      connected += 1;
      waiting -= 1;
    });
  }
  await until('the queue is full', () => connected >= 2 && waiting >= 1);
  return port;
}

describe('a target that cannot be reached', () => {
  test('refuses', async () => {
    expect(await refusal(`127.0.0.1:${await freePort()}`)).toEqual(refused('TARGET_REFUSED'));
  });

  test('has a name that does not exist', async () => {
    expect(await refusal('no-such-host.invalid:5900')).toEqual(refused('TARGET_NAME_NOT_FOUND'));
  });

  test('does not answer', async () => {
    expect(await refusal(`127.0.0.1:${await fullPort()}`, '--connect-timeout', '300ms')).toEqual(
      refused('TARGET_TIMEOUT'),
    );
  });

  test('is a Unix socket that does not exist', async () => {
    expect(await refusal(`unix:${join(tempDir(), 'none.sock')}`)).toEqual(refused('TARGET_NOT_FOUND'));
  });

  test('is a UDP port that nobody listens on', async () => {
    expect(await refusal(`udp://127.0.0.1:${await freePort()}`)).toEqual(refused('TARGET_REFUSED'));
  });

  test.each<[string, (client: RawClient) => unknown]>([
    ['closes', (client) => client.write(closeFrame(1000))],
    ['ends its stream', (client) => client.socket.end()],
    ['resets', (client) => client.socket.resetAndDestroy()],
    [
      'sends something, then resets',
      (client) => client.socket.write(clientFrame('x'), () => client.socket.resetAndDestroy()),
    ],
  ])('does not answer, and the client %s meanwhile: the dial is given up', async (_name, leave) => {
    const bridge = await startBridge(`127.0.0.1:${await fullPort()}`, '--connect-timeout', '60s');
    const idle = bridge.sockets;
    const client = await RawClient.open(bridge.port);
    await until('the target is being dialled', () => bridge.sockets >= idle + 2);
    leave(client);
    await client.whenEnded();
    client.socket.destroy();
    await bridge.whenSocketsAre(idle, 5000);
    expect(bridge.output).not.toMatch(/INTERNAL/);
  });

  test('does not answer, and the client floods meanwhile: the bridge reads no more than it may hold', async () => {
    const bridge = await startBridge(`127.0.0.1:${await fullPort()}`, '--connect-timeout', '60s');
    const before = bridge.memory;
    const client = await RawClient.open(bridge.port);
    const frame = clientFrame(Buffer.alloc(65_536, 1));
    let flushed = 0;
    const write = (): void => {
      client.socket.write(frame, (error) => {
        if (error) return;
        flushed += frame.length;
        write();
      });
    };
    write();
    let last = -1;
    await until('the flood stands still', async () => {
      const still = flushed === last;
      last = flushed;
      await new Promise((resolve) => {
        setTimeout(resolve, 500);
      });
      return still;
    });
    expect(flushed).toBeLessThan(40_000_000);
    expect(bridge.memory - before).toBeLessThan(40_000_000);
  });
});
