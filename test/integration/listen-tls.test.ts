import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import type { ListenerConfig, TlsConfig } from '../../src/config/model.ts';
import { Secret } from '../../src/config/secret.ts';
import { Listener } from '../../src/listen/listener.ts';
import { makeCertificate } from '../support/certificates.ts';
import { Child } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { sleep, until } from '../support/wait.ts';
import { listenerConfig } from './listen-config.ts';
import { Client, serves, type Front, handshake, request, startFront } from './listen-front.ts';

function tls(changes: Partial<TlsConfig> = {}): TlsConfig {
  const { cert, key } = makeCertificate();
  return { cert, key: new Secret(key), passphrase: null, minVersion: 'TLSv1.2', ciphers: null, ...changes };
}

function secure(changes: Partial<ListenerConfig> = {}, limits: Partial<ListenerConfig['limits']> = {}): ListenerConfig {
  return listenerConfig({ tls: tls(), ...changes }, limits);
}

async function expectEmpty(front: Front): Promise<void> {
  await until('nothing is left', () => front.listener.connections === 0 && front.http.connections === 0);
}

suite('one port for TLS and plain text', { needs: ['openssl'] }, () => {
  test('serves both', async () => {
    const front = await startFront(secure());
    expect(front.bound).toMatchObject({ url: `https://127.0.0.1:${front.port}/`, secure: true });
    expect(await serves(Client.tls(front.port))).toBe(true);
    expect(await serves(front.port)).toBe(true);
    expect(front.upgrades.map((req) => 'encrypted' in req.socket)).toEqual([true, false]);
    await expectEmpty(front);
  });

  test('a certificate of its own authority is trusted by a client that knows that', async () => {
    const ca = makeCertificate({ cn: 'ca.test', authority: true });
    const { cert, key } = makeCertificate({ cn: 'bridge.test', ca });
    const front = await startFront(secure({ tls: tls({ cert, key: new Secret(key) }) }));
    expect(
      await serves(Client.tls(front.port, { ca: ca.cert, servername: 'bridge.test', rejectUnauthorized: true })),
    ).toBe(true);
  });

  test('an encrypted key opens with its passphrase', async () => {
    const { cert, key } = makeCertificate({ passphrase: 'open sesame' });
    const front = await startFront(
      secure({ tls: tls({ cert, key: new Secret(key), passphrase: new Secret('open sesame') }) }),
    );
    expect(await serves(Client.tls(front.port))).toBe(true);
  });

  test('a plain head may arrive byte by byte, and nothing of it is lost or mixed up', async () => {
    const front = await startFront(secure());
    const client = Client.plain(front.port);
    await client.dribble(handshake());
    await client.until(/^HTTP\/1\.1 101 /);
    expect(front.upgrades[0]?.headers['sec-websocket-version']).toBe('13');
  });

  test('a TLS hello may arrive byte by byte', async () => {
    const front = await startFront(secure());
    const raw = connect(front.port, '127.0.0.1').setNoDelay();
    expect(await serves(new Client(connectTls({ socket: byteByByte(raw), rejectUnauthorized: false })))).toBe(true);
  });

  test.each(['plain', 'tls'] as const)('a flood behind a %s handshake passes in order', async (kind) => {
    const front = await startFront(secure());
    const client = Client[kind](front.port);
    const data = Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 31) & 0xff));
    client.send(Buffer.concat([Buffer.from(handshake()), data]));
    await until('all has come back', () => client.received.length >= 129 + data.length);
    expect(client.received.subarray(-data.length).equals(data)).toBe(true);
  });

  test('several plain requests over one connection pass the sniffer', async () => {
    const front = await startFront(secure(), { endpoints: new Map([['/', (_req, res) => void res.end('<fine>')]]) });
    const client = Client.plain(front.port).send(request('GET / HTTP/1.1'));
    await client.until(/<fine>/);
    client.send(request('GET / HTTP/1.1') + request('GET / HTTP/1.1'));
    await client.until(/<fine>[^]*<fine>[^]*<fine>/);
    expect(front.codes()).toEqual([]);
  });

  test('HTTP/1.1 is negotiated, and a second connection resumes the session', async () => {
    const front = await startFront(secure());
    const first = connectTls({
      port: front.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    atTestEnd(() => first.destroy());
    const session = await new Promise<Buffer>((resolve) => first.once('session', resolve));
    expect(first.alpnProtocol).toBe('http/1.1');
    const second = Client.tls(front.port, { session });
    await new Promise((resolve) => second.socket.once('secureConnect', resolve));
    expect((second.socket as TLSSocket).isSessionReused()).toBe(true);
    expect(await serves(second)).toBe(true);
  });

  test('a client may end its half of a connection and still gets the rest, with TLS too', async () => {
    const front = await startFront(secure());
    const client = Client.tls(front.port).send(handshake(), 'x'.repeat(200_000));
    client.socket.end();
    await client.untilEnd();
    expect(client.text).toMatch(/\r\n\r\nx{200000}$/);
    expect(front.upgrades[0]?.socket.allowHalfOpen).toBe(true);
  });
});

suite('tlsOnly', { needs: ['openssl'] }, () => {
  test('drops plain text without an answer and says why', async () => {
    const front = await startFront(secure({ tlsOnly: true }));
    const client = Client.plain(front.port).send(handshake());
    expect(await client.untilEnd()).toBe('');
    expect(front.codes()).toEqual(['TLS_REQUIRED']);
    expect(front.refused[0]?.client.address).toBe('127.0.0.1');
    expect(await serves(Client.tls(front.port))).toBe(true);
    await expectEmpty(front);
  });
});

suite('versions and ciphers', { needs: ['openssl'] }, () => {
  test('an older version than allowed is refused', async () => {
    const front = await startFront(secure({ tls: tls({ minVersion: 'TLSv1.3' }) }));
    const client = Client.tls(front.port, { maxVersion: 'TLSv1.2' });
    await until('the client fails', () => client.error);
    await until('it is noted', () => front.refused.length === 1);
    expect(front.refused[0]?.error).toMatchObject({
      code: 'TLS_HANDSHAKE_FAILED',
      detail: expect.stringMatching(/protocol/) as string,
    });
    expect(front.refused[0]?.client).toMatchObject({ family: 'ipv4', address: '127.0.0.1' });
    await expectEmpty(front);
  });

  test('TLS 1.0 works where it was asked for', async () => {
    const front = await startFront(secure({ tls: tls({ minVersion: 'TLSv1' }) }));
    const client = Client.tls(front.port, { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' });
    client.socket.once('secureConnect', () => {
      expect((client.socket as TLSSocket).getProtocol()).toBe('TLSv1');
    });
    expect(await serves(client)).toBe(true);
  });

  test('the ciphers are those given', async () => {
    const ciphers = 'ECDHE-ECDSA-AES256-GCM-SHA384';
    const front = await startFront(secure({ tls: tls({ ciphers }) }));
    const client = Client.tls(front.port, { maxVersion: 'TLSv1.2' });
    await new Promise((resolve) => client.socket.once('secureConnect', resolve));
    expect((client.socket as TLSSocket).getCipher().name).toBe(ciphers);
    const other = Client.tls(front.port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' });
    await until('the other fails', () => other.error);
  });
});

suite('rubbish on a TLS port is refused, and nobody else notices', { needs: ['openssl'] }, () => {
  test.each<[string, Buffer | string, string[]]>([
    [
      'noise after the first byte of a record',
      Buffer.concat([Buffer.of(0x16), Buffer.alloc(5000, 0x5a)]),
      ['TLS_HANDSHAKE_FAILED'],
    ],
    [
      'noise after the first byte of an old hello',
      Buffer.concat([Buffer.of(0x80), Buffer.alloc(5000, 0x5a)]),
      ['TLS_HANDSHAKE_FAILED'],
    ],
    ['neither TLS nor HTTP', Buffer.alloc(5000, 0xff), ['HTTP_BAD_REQUEST']],
  ])('%s', async (_name, bytes, codes) => {
    const front = await startFront(secure());
    const other = Client.tls(front.port).send(handshake());
    await other.until(/^HTTP\/1\.1 101 /);
    const client = Client.plain(front.port).send(bytes);
    await client.untilEnd();
    await until('it is noted', () => front.refused.length > 0);
    expect(front.codes()).toEqual(codes);
    other.send('undisturbed');
    await other.until(/undisturbed$/);
    other.socket.destroy();
    client.socket.destroy();
    await expectEmpty(front);
  });

  test('rubbish inside TLS is refused inside TLS', async () => {
    const front = await startFront(secure());
    const client = Client.tls(front.port).send('\x16\x03\x01 what?');
    expect(await client.untilEnd()).toMatch(/^HTTP\/1\.1 400 /);
    expect(front.codes()).toEqual(['HTTP_BAD_REQUEST']);
    await expectEmpty(front);
  });

  test('silence ends at the deadline', async () => {
    const front = await startFront(secure({}, { sniffTimeout: 150 }));
    await Client.plain(front.port).untilEnd(2000);
    expect(front.codes()).toEqual(['SNIFF_TIMEOUT']);
    await expectEmpty(front);
  });

  test('half a hello and then silence ends at the deadline', async () => {
    const front = await startFront(secure({}, { sniffTimeout: 150 }));
    await Client.plain(front.port).send(Buffer.from('16030100c8010000c40303', 'hex')).untilEnd(2000);
    expect(front.codes()).toEqual(['TLS_HANDSHAKE_TIMEOUT']);
    expect(front.refused[0]?.client.address).toBe('127.0.0.1');
    await expectEmpty(front);
  });

  test('a finished handshake and then silence ends at the deadline of the request', async () => {
    const front = await startFront(secure({}, { headerTimeout: 200 }));
    expect(await Client.tls(front.port).untilEnd(3000)).toMatch(/^HTTP\/1\.1 408 /);
    expect(front.codes()).toEqual(['HTTP_TIMEOUT']);
    await expectEmpty(front);
  });

  test('half a hello and then the end is noticed at once', async () => {
    const front = await startFront(secure());
    const client = Client.plain(front.port).send(Buffer.from('16030100c8010000c40303', 'hex'));
    client.socket.end();
    await client.untilEnd(1000);
    expect(front.refused[0]?.error).toMatchObject({ code: 'TLS_HANDSHAKE_FAILED', detail: 'the client broke it off' });
    await expectEmpty(front);
  });

  test('clients that break off anywhere leave nothing behind', async () => {
    const front = await startFront(secure());
    const hello = await recordHello();
    const sockets: Socket[] = Array.from({ length: 40 }, (_, i) => {
      const socket = connect(front.port, '127.0.0.1').on('error', () => {});
      socket.write(hello.subarray(0, i * 15));
      setTimeout(() => (i % 2 ? socket.resetAndDestroy() : socket.destroy()), i % 7);
      return socket;
    });
    await until('all are closed', () => sockets.every(({ closed }) => closed), 2000);
    expect(await serves(Client.tls(front.port))).toBe(true);
    await expectEmpty(front);
  });

  test.each(['-tls1_2', '-tls1_3'])(
    'a client that does not trust the certificate says so, with %s',
    async (version) => {
      const front = await startFront(secure());
      const args = ['s_client', version, '-verify_return_error', '-connect', `127.0.0.1:${front.port}`];
      const client = new Child('openssl', args);
      atTestEnd(() => client.stop());
      await until('it is noted', () => front.refused.length > 0);
      expect(front.refused[0]?.error).toMatchObject({
        code: 'TLS_HANDSHAKE_FAILED',
        detail: expect.stringMatching(/alert unknown ca|bad certificate/) as string,
      });
      await expectEmpty(front);
    },
  );
});

suite('ending what is pending', { needs: ['openssl'] }, () => {
  test('ends connections that sniff or shake hands, and no others', async () => {
    const front = await startFront(secure());
    const settled = Client.tls(front.port).send(handshake());
    await settled.until(/^HTTP\/1\.1 101 /);
    const silent = Client.plain(front.port);
    const half = Client.plain(front.port).send(Buffer.from('16030100c8010000c40303', 'hex'));
    await until('all are there', () => front.listener.connections === 3);
    await sleep(50);
    await front.listener.close();
    front.listener.destroyPending();
    await until('both are gone', () => front.listener.connections === 1);
    await until('they have noticed', () => silent.ended && half.ended);
    settled.send('still here');
    await settled.until(/still here$/);
    expect(front.codes()).toEqual(['TLS_HANDSHAKE_FAILED']);
  });
});

suite('a listener with TLS', { needs: ['openssl'] }, () => {
  test('a bad certificate keeps the listener from starting', async () => {
    const hooks = { onConnection: (): void => {}, onRefused: (): void => {} };
    const listener = new Listener(secure({ tls: tls({ cert: 'nonsense' }) }), hooks);
    await expect(listener.listen()).rejects.toMatchObject({ code: 'TLS_CERTIFICATE_INVALID' });
    await listener.close();
  });

  test('over the limit a TLS port drops connections: their language is not known yet', async () => {
    const front = await startFront(secure({}, { connections: 1 }));
    const first = Client.tls(front.port).send(handshake());
    await first.until(/^HTTP\/1\.1 101 /);
    expect(await Client.plain(front.port).untilEnd()).toBe('');
    expect(front.codes()).toEqual(['LIMIT_CONNECTIONS']);
  });
});

/** The first flight of a TLS client. */
async function recordHello(): Promise<Buffer> {
  let hello: Buffer | null = null;
  const wire = new Duplex({
    read: () => {},
    write: (chunk: Buffer) => {
      hello = chunk;
    },
  });
  const client = connectTls({ socket: wire, rejectUnauthorized: false }).on('error', () => {});
  await until('the hello is written', () => hello !== null);
  client.destroy();
  return hello!;
}

/** A stream that writes to a socket one byte at a time. */
function byteByByte(socket: Socket): Duplex {
  const wire = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      const next = (i: number): void => {
        if (i === chunk.length) done();
        else socket.write(chunk.subarray(i, i + 1), () => setImmediate(next, i + 1));
      };
      next(0);
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => wire.push(chunk));
  socket.on('end', () => wire.push(null));
  return wire;
}
