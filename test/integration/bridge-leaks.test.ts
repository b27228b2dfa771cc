import { describe, expect, test } from 'vitest';
import { startBridge } from '../support/bridge-process.ts';
import { freePort } from '../support/free-port.ts';
import { clientFrame, closeFrame, RawClient } from '../support/raw-client.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { WsClient } from '../support/ws-client.ts';

/** Every way in which a session ends. */
const ENDINGS: Readonly<Record<string, (port: number) => Promise<void>>> = {
  async 'a close handshake'(port) {
    const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
    client.send('hello');
    await client.receive(5);
    await client.close();
  },
  async 'the end of the stream'(port) {
    const client = await RawClient.open(port, { extra: clientFrame('hello') });
    client.socket.end();
    await client.whenEnded();
  },
  async 'a reset'(port) {
    const client = await RawClient.open(port, { extra: clientFrame('hello') });
    client.socket.resetAndDestroy();
  },
  async 'a Close frame and silence'(port) {
    const client = await RawClient.open(port);
    client.write(closeFrame(1000));
    await client.whenEnded();
    client.socket.destroy();
  },
  async 'a broken frame'(port) {
    const client = await RawClient.open(port, { extra: clientFrame('x', { masked: false }) });
    await client.readClose();
    client.socket.destroy();
  },
  async 'the end of the target'(port) {
    const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
    client.send('q');
    await client.whenClosed();
  },
  async 'a reset of the target'(port) {
    const client = await WsClient.open(`ws://127.0.0.1:${port}/`);
    client.send('r');
    await client.whenClosed();
  },
};

describe('what sessions leave behind', () => {
  test.each([[[]], [['--no-fast-read']]])('no sockets, however they end (%j)', async (options: string[]) => {
    const target = await TcpTarget.listen((socket) => {
      socket.once('end', () => socket.end());
      socket.once('data', (first: Buffer) => {
        if (first[0] === 0x71) socket.end();
        else if (first[0] === 0x72) socket.resetAndDestroy();
        else {
          socket.write(first);
          echo(socket);
        }
      });
    });
    const bridge = await startBridge(target.address, ...options);
    const idle = bridge.sockets;
    for (let round = 0; round < 8; round++) {
      await Promise.all(Object.values(ENDINGS).flatMap((end) => [end(bridge.port), end(bridge.port)]));
    }
    await bridge.whenSocketsAre(idle);
    expect(target.sockets.every((socket) => socket.closed || socket.readableEnded)).toBe(true);
  });

  test('no sockets when the target refuses', async () => {
    const bridge = await startBridge(`127.0.0.1:${await freePort()}`);
    const idle = bridge.sockets;
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        expect((await (await WsClient.open(bridge.url)).whenClosed()).code).toBe(1011);
      }),
    );
    await bridge.whenSocketsAre(idle);
  });

  test('no memory to speak of', async () => {
    const bridge = await startBridge('echo:');
    const session = async (): Promise<void> => {
      const client = await WsClient.open(bridge.url);
      client.send(Buffer.alloc(1000));
      await client.receive(1000);
      await client.close();
    };
    const many = async (count: number): Promise<number> => {
      for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, session));
      return bridge.memory;
    };
    await many(1000);
    const middle = await many(1000);
    const end = await many(2000);
    // A leak of whole sessions would cost tens of megabytes here; the garbage collector may have its whims.
    expect(end - middle).toBeLessThan(25_000_000);
  });
});
