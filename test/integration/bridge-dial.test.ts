import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import { startBridge } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { clientFrame, RawClient } from '../support/raw-client.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/** Connects to a target that cannot be reached, and expects the client to be told why, and the log to say more. */
async function expectRefusal(target: string, code: ErrorCode, ...options: string[]): Promise<void> {
  const bridge = await startBridge(target, ...options);
  const idle = bridge.sockets;
  const client = await WsClient.open(bridge.url);
  client.send('lost');
  expect(await client.whenClosed()).toEqual({ code: 1011, reason: ERRORS[code].sentence });
  await bridge.waitForLine(new RegExp(code));
  expect(bridge.output).not.toMatch(/^\s+at .*:\d+:\d+/m);
  await bridge.whenSocketsAre(idle);
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
    await expectRefusal(`127.0.0.1:${await freePort()}`, 'TARGET_REFUSED');
  });

  test('has a name that does not exist', async () => {
    await expectRefusal('no-such-host.invalid:5900', 'TARGET_NAME_NOT_FOUND');
  });

  test('does not answer', async () => {
    await expectRefusal(`127.0.0.1:${await fullPort()}`, 'TARGET_TIMEOUT', '--connect-timeout', '300ms');
  });

  test('is a Unix socket that does not exist', async () => {
    await expectRefusal(`unix:${join(tempDir(), 'none.sock')}`, 'TARGET_NOT_FOUND');
  });

  test('is a UDP port that nobody listens on', async () => {
    await expectRefusal(`udp://127.0.0.1:${await freePort()}`, 'TARGET_REFUSED');
  });

  test('does not answer, and the client goes away meanwhile', async () => {
    const bridge = await startBridge(`127.0.0.1:${await fullPort()}`, '--connect-timeout', '60s');
    const idle = bridge.sockets;
    const polite = await WsClient.open(bridge.url);
    const rude = await RawClient.open(bridge.port, { extra: clientFrame('waits in vain') });
    await until('both are being connected', () => bridge.sockets >= idle + 4);
    await polite.close();
    rude.socket.resetAndDestroy();
    await bridge.whenSocketsAre(idle, 5000);
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
