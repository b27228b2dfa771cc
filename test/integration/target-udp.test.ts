import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createTarget } from '../../src/target/create-target.ts';
import type { Target } from '../../src/target/target.ts';
import { alone, describeTarget } from '../conformance/target-suite.ts';
import { startUdpServer } from '../conformance/target-servers.ts';
import { Datagrams, dialDatagram, openSockets, until } from '../conformance/target-support.ts';
import { freePort } from '../support/free-port.ts';

const udp = (port: number, host = '127.0.0.1'): Target => createTarget({ kind: 'udp', host, port });

describeTarget('a UDP target', {
  kind: 'datagram',
  async open() {
    const server = await startUdpServer();
    return { target: udp(server.port), stop: () => server.stop() };
  },
  failing: [
    {
      when: 'its name does not exist',
      code: 'TARGET_NAME_NOT_FOUND',
      open: async () => alone(udp(53, 'no-such-host.invalid')),
    },
  ],
});

describe('a UDP target', () => {
  test('reports the ICMP refusal of a port where nobody listens, and is closed then', async () => {
    const sockets = openSockets();
    const connection = await dialDatagram(udp(await freePort()));
    const received = new Datagrams(connection);
    connection.send(Buffer.from('anybody?'));
    await until(() => received.errors.length > 0);
    expect(received.errors).toMatchObject([{ code: 'TARGET_REFUSED' }]);
    await until(() => openSockets() === sockets);
  });

  test('tells an owner who starts late about a failure', async () => {
    const connection = await dialDatagram(udp(await freePort()));
    connection.send(Buffer.from('anybody?'));
    await delay(100);
    const received = new Datagrams(connection);
    await until(() => received.errors.length > 0);
    expect(received.errors).toMatchObject([{ code: 'TARGET_REFUSED' }]);
  });

  test('keeps a bounded number of datagrams while it is paused', async () => {
    const server = await startUdpServer();
    const connection = await dialDatagram(udp(server.port));
    const received = new Datagrams(connection);
    connection.send(Buffer.from('hello'));
    await until(() => received.messages.length === 1);
    connection.pause();
    const { port } = await new Promise<{ port: number }>((resolve) => {
      server.socket.once('message', (_data, from) => resolve(from));
      connection.send(Buffer.from('where am I?'));
    });
    for (let index = 0; index < 100; index++) {
      server.socket.send(Buffer.alloc(10_000, index), port, '127.0.0.1');
      await delay(1);
    }
    await delay(100);
    connection.resume();
    await delay(50);
    const bytes = received.messages.reduce((sum, message) => sum + message.length, 0);
    expect(bytes).toBeGreaterThan(200_000);
    expect(bytes).toBeLessThanOrEqual(256 * 1024 + 5);
    connection.close();
    await server.stop();
  });

  test('hears nobody but its target', async () => {
    const server = await startUdpServer();
    const stranger = await startUdpServer();
    const connection = await dialDatagram(udp(server.port));
    const received = new Datagrams(connection);
    const { port } = await new Promise<{ port: number }>((resolve) => {
      server.socket.once('message', (_data, from) => resolve(from));
      connection.send(Buffer.from('hello'));
    });
    stranger.socket.send('spam', port, '127.0.0.1');
    await until(() => received.messages.length > 0);
    await delay(50);
    expect(received.texts).toEqual(['hello']);
    connection.close();
    await server.stop();
    await stranger.stop();
  });

  test('allows the greatest datagram of its address family', async () => {
    const four = await dialDatagram(udp(9, '127.0.0.1'));
    expect(four.maxDatagram).toBe(65_507);
    four.close();
  });
});
