import { once } from 'node:events';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { ListenerConfig, TlsConfig } from '../../src/config/model.ts';
import { Secret } from '../../src/config/secret.ts';
import type { Handshake } from '../../src/handshake.ts';
import { readHandshake } from '../../src/http/read-handshake.ts';
import { createBridge } from '../../src/index.ts';
import { type Certificate, makeCertificate } from '../support/certificates.ts';
import { Child } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';
import { listenerConfig } from './listen-config.ts';
import { Client, type Front, handshake, serves, startFront } from './listen-front.ts';

/** What a client shows: its certificate with the rest of the chain, and the key. */
function show({ cert, key }: Certificate, ...chain: readonly Certificate[]): ConnectionOptions {
  return { cert: [cert, ...chain.map((link) => link.cert)].join('\n'), key };
}

/** What authenticators get to see of a client that is let in. */
async function admitted(front: Front, client: Client): Promise<Handshake> {
  client.send(handshake());
  await client.until(/^HTTP\/1\.1 101 /);
  client.send('ping!');
  await client.until(/\r\n\r\nping!$/);
  const req = front.upgrades.at(-1)!;
  return readHandshake(req, req.socket, 'test');
}

/** Connects, and waits until the front has refused that. Whatever the client sends gets no answer. */
async function refusal(front: Front, options: ConnectionOptions): Promise<{ detail: string; remedy: string }> {
  const client = Client.tls(front.port, options).send(handshake());
  await until('the client is cut off', () => client.closed || client.ended || client.error);
  await until('it is noted', () => front.refused.length > 0);
  expect(client.text).toBe('');
  expect(front.upgrades).toEqual([]);
  expect(front.codes()).toEqual(['TLS_HANDSHAKE_FAILED']);
  expect(front.refused[0]!.client.address).toBe('127.0.0.1');
  await until('nothing is left', () => front.listener.connections === 0);
  return front.refused[0]!.error;
}

suite('client certificates', { needs: ['openssl'] }, () => {
  const server = makeCertificate();
  const ca = makeCertificate({ cn: 'authority.test', authority: true });
  const intermediate = makeCertificate({ cn: 'department.authority.test', authority: true, ca });
  const alice = makeCertificate({ cn: 'alice', ca, usage: 'clientAuth' });
  const carol = makeCertificate({ cn: 'carol', ca });
  const otherAuthority = makeCertificate({ cn: 'elsewhere.test', authority: true });

  function listener(
    clientCertificates: NonNullable<TlsConfig['clientCertificates']> = { ca: ca.cert },
    tls: Partial<TlsConfig> = {},
  ): ListenerConfig {
    const { cert, key } = server;
    const plain = { cert, key: new Secret(key), passphrase: null, minVersion: 'TLSv1.2', ciphers: null } as const;
    return listenerConfig({ tls: { ...plain, clientCertificates, ...tls } });
  }

  const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

  describe.each(VERSIONS)('a client certificate, with %s', (maxVersion) => {
    test('of the authority lets in, and is seen behind', async () => {
      const front = await startFront(listener());
      const seen = await admitted(front, Client.tls(front.port, { ...show(alice), maxVersion }));
      expect(seen.peerCertificate?.subject.CN).toBe('alice');
      expect(front.codes()).toEqual([]);
    });

    test('of an intermediate authority lets in when the client shows the chain', async () => {
      const bob = makeCertificate({ cn: 'bob', ca: intermediate });
      const front = await startFront(listener());
      const seen = await admitted(front, Client.tls(front.port, { ...show(bob, intermediate), maxVersion }));
      expect(seen.peerCertificate?.subject.CN).toBe('bob');
    });

    test('of an intermediate authority that the listener knows needs no chain', async () => {
      const bob = makeCertificate({ cn: 'bob', ca: intermediate });
      const front = await startFront(listener({ ca: `Root\n${ca.cert}\nDepartment\n${intermediate.cert}` }));
      expect(await serves(Client.tls(front.port, { ...show(bob), maxVersion }))).toBe(true);
    });

    test.each<[string, ConnectionOptions, RegExp]>([
      ['that is missing', {}, /^the client sent no certificate$/],
      [
        'of another authority',
        show(makeCertificate({ cn: 'alice', ca: otherAuthority })),
        /no authority .* has signed/,
      ],
      ['that is signed by itself', show(makeCertificate({ cn: 'alice' })), /no authority .* has signed/],
      [
        'that is signed by itself in the name of the authority',
        show(makeCertificate({ cn: 'authority.test' })),
        /no authority .* has signed/,
      ],
      [
        'of an intermediate authority that is not shown',
        show(makeCertificate({ cn: 'bob', ca: intermediate })),
        /no authority .* has signed/,
      ],
      ['that has expired', show(makeCertificate({ cn: 'alice', ca, days: -1 })), /has expired/],
      ['that is for servers', show(makeCertificate({ cn: 'alice', ca, usage: 'serverAuth' })), /not made for clients/],
      [
        'of somebody who is no authority',
        show(makeCertificate({ cn: 'mallory', ca: carol }), carol),
        /may not sign others|not for signing/,
      ],
    ])('%s fails in the handshake, which says why', async (_name, options, why) => {
      const { detail, remedy } = await refusal(await startFront(listener()), { ...options, maxVersion });
      expect(detail).toMatch(why);
      expect(remedy).toMatch(/^Give the client a valid certificate/);
    });

    test('is still known when the client resumes its session', async () => {
      const front = await startFront(listener());
      const first = Client.tls(front.port, { ...show(alice), maxVersion });
      const ticket = once(first.socket, 'session') as Promise<[Buffer]>;
      first.send(handshake());
      const [session] = await ticket;
      // Without showing it again.
      const second = Client.tls(front.port, { session, maxVersion });
      const seen = await admitted(front, second);
      expect((second.socket as TLSSocket).isSessionReused()).toBe(true);
      expect(seen.peerCertificate?.subject.CN).toBe('alice');
    });
  });

  describe('a listener that wants client certificates', () => {
    test('serves plain clients on the same port, who have none', async () => {
      const front = await startFront(listener());
      const seen = await admitted(front, Client.plain(front.port));
      expect(seen.secure).toBe(false);
      expect(seen.peerCertificate).toBeUndefined();
    });

    test('tells clients which authorities count', async () => {
      const front = await startFront(listener());
      const args = ['s_client', '-tls1_2', '-connect', `127.0.0.1:${front.port}`];
      const client = new Child('openssl', args);
      atTestEnd(() => client.stop());
      const [, name] = await client.waitForOutput(/Acceptable client certificate CA names\n(.*)\n/);
      expect(name).toBe('CN = authority.test');
    });

    test('trusts the authorities of the system when none are given, so not private ones', async () => {
      const front = await startFront(listener({ ca: null }));
      expect((await refusal(front, show(alice))).detail).toMatch(/no authority/);
    });

    test('does not take a session of another listener, which asked for nothing', async () => {
      const { clientCertificates: _, ...tls } = listener().tls!;
      const open = await startFront(listenerConfig({ tls }));
      const first = Client.tls(open.port);
      const [session] = (await once(first.socket, 'session')) as [Buffer];
      expect((await refusal(await startFront(listener()), { session })).detail).toMatch(/sent no certificate/);
    });
  });

  test('a listener that asks for no certificate shows none that a client brings along', async () => {
    const { clientCertificates: _, ...tls } = listener().tls!;
    const front = await startFront(listenerConfig({ tls }));
    const seen = await admitted(front, Client.tls(front.port, show(alice)));
    expect(seen.secure).toBe(true);
    expect(seen.peerCertificate).toBeUndefined();
  });

  test('a bridge lets in by the name in the certificate, and headers that claim one count for nothing', async () => {
    const bridge = createBridge({
      listen: 0,
      target: 'echo:',
      tls: { cert: server.cert, key: server.key, verifyClient: true, clientCa: ca.cert },
      auth: { certificateNames: ['alice'] },
    });
    await bridge.listen();
    atTestEnd(() => bridge.close(0));
    const { port } = new URL(bridge.addresses[0]!.url);
    const trust = { rejectUnauthorized: false };

    const client = await WsClient.open(`wss://127.0.0.1:${port}/`, { ...trust, cert: alice.cert, key: alice.key });
    client.send('hello');
    expect((await client.receive(5)).toString()).toBe('hello');

    const status = async (url: string, options: object): Promise<unknown> => {
      const { ws } = new WsClient(url, { ...trust, ...options });
      const [, response] = (await once(ws, 'unexpected-response')) as [unknown, { statusCode: number }];
      return response.statusCode;
    };
    const mallory = makeCertificate({ cn: 'mallory', ca });
    expect(await status(`wss://127.0.0.1:${port}/`, { cert: mallory.cert, key: mallory.key })).toBe(403);
    const claim = { headers: { SSL_CLIENT_S_DN_CN: 'alice', 'X-SSL-Client-CN': 'alice' } };
    expect(await status(`ws://127.0.0.1:${port}/`, claim)).toBe(403);
  });
});
