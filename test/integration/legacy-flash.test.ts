import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ListenerConfig } from '../../src/config/model.ts';
import { suite } from '../support/packages.ts';
import { until } from '../support/wait.ts';
import { tls } from './legacy-bridge.ts';
import { listenerConfig } from './listen-config.ts';
import { Client, serves, startFront, type Front } from './listen-front.ts';

/** A port: what its certificate needs, and what makes it different. */
const PORTS: readonly (readonly [name: string, needs: readonly string[], changes: () => Partial<ListenerConfig>])[] = [
  ['without TLS', [], () => ({})],
  ['with TLS', ['openssl'], () => ({ tls: tls() })],
  ['with TLS only', ['openssl'], () => ({ tls: tls(), tlsOnly: true })],
];
const REQUEST = '<policy-file-request/>\0';
const POLICY = /^<\?xml .*<allow-access-from domain="\*" to-ports="\*"\/>.*<\/cross-domain-policy>\n\0$/s;

function start(changes: Partial<ListenerConfig> = {}, limits: Partial<ListenerConfig['limits']> = {}): Promise<Front> {
  return startFront(listenerConfig({ legacyProtocols: true, ...changes }, limits));
}

async function expectEmpty(front: Front): Promise<void> {
  await until('nothing is left', () => front.listener.connections === 0 && front.http.connections === 0);
}

for (const [port, needs, changes] of PORTS) {
  suite(`a Flash policy request on a port ${port}`, { needs }, () => {
    test('is answered and closed', async () => {
      const front = await start(changes());
      const client = Client.plain(front.port).send(REQUEST);
      expect(await client.untilEnd()).toMatch(POLICY);
      client.socket.end();
      await expectEmpty(front);
      expect(front.codes()).toEqual([]);
    });

    test('may come byte by byte', async () => {
      const front = await start(changes());
      const client = Client.plain(front.port);
      await client.dribble(REQUEST);
      expect(await client.untilEnd()).toMatch(POLICY);
    });

    test('that is none is refused', async () => {
      const front = await start(changes());
      const client = Client.plain(front.port).send('<policy-file-request>\0');
      expect(await client.untilEnd()).toBe('');
      await expectEmpty(front);
      expect(front.codes()).toEqual(['FLASH_POLICY']);
    });

    test('that stops in the middle is ended at the deadline', async () => {
      const front = await start(changes(), { sniffTimeout: 200 });
      const client = Client.plain(front.port).send('<policy-file');
      expect(await client.untilEnd()).toBe('');
      expect(front.codes()).toEqual(['SNIFF_TIMEOUT']);
      await expectEmpty(front);
    });
  });
}

describe('beside Flash', () => {
  test('WebSockets are served as ever', async () => {
    const front = await start();
    expect(await serves(front.port)).toBe(true);
    const slow = Client.plain(front.port);
    await slow.dribble('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await slow.until(/^HTTP\/1\.1 426 /)).toContain('WebSocket');
  });

  test.each([0x16, 0x80])('a client that speaks TLS (%i) to a port without is told so', async (first) => {
    const front = await start();
    const client = Client.plain(front.port).send(Buffer.from([first, 3, 1, 0, 5, 1, 0, 0, 1, 0]));
    await client.untilEnd();
    await until('it is refused', () => front.codes().length > 0);
    expect(front.codes()).toEqual([first === 0x16 ? 'TLS_NOT_CONFIGURED' : 'HTTP_BAD_REQUEST']);
  });

  test('a request that waits goes with its listener', async () => {
    const front = await start();
    const [half, whole] = [Client.plain(front.port).send('<pol'), Client.plain(front.port).send(REQUEST)];
    await whole.untilEnd();
    await sleep(50);
    expect(front.listener.connections).toBe(2);
    front.listener.destroyPending();
    await until('both are gone', () => front.listener.connections === 0);
    await half.untilEnd();
    expect(front.codes()).toEqual([]);
  });
});

describe('without legacyProtocols', () => {
  for (const [port, needs, changes] of PORTS.slice(0, 2)) {
    suite(`on a port ${port}`, { needs }, () => {
      test('a policy request is no HTTP', async () => {
        const front = await start({ ...changes(), legacyProtocols: false });
        const client = Client.plain(front.port).send(REQUEST);
        expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 400 /);
        expect(front.codes()).toEqual(['HTTP_BAD_REQUEST']);
      });
    });
  }

  suite('on a port with TLS only', { needs: ['openssl'] }, () => {
    test('a policy request is plain text', async () => {
      const front = await start({ tls: tls(), tlsOnly: true, legacyProtocols: false });
      expect(await Client.plain(front.port).send(REQUEST).untilEnd()).toBe('');
      expect(front.codes()).toEqual(['TLS_REQUIRED']);
    });
  });

  test('and without TLS nothing is sniffed', async () => {
    const off = await start({ legacyProtocols: false }, { sniffTimeout: 100 });
    const on = await start({}, { sniffTimeout: 100 });
    const silent = connect(off.port, '127.0.0.1').on('error', () => {});
    const refused = connect(on.port, '127.0.0.1').on('error', () => {});
    await until('the sniffer gave up', () => on.codes().includes('SNIFF_TIMEOUT'));
    await sleep(150);
    // It went straight to HTTP, which has a deadline of its own.
    expect(off.http.connections).toBe(1);
    expect(off.codes()).toEqual([]);
    silent.destroy();
    refused.destroy();
  });
});
