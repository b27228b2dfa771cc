import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { TlsTargetConfig } from '../../src/config/model.ts';
import { Secret } from '../../src/config/secret.ts';
import { createTarget } from '../../src/target/create-target.ts';
import type { Target } from '../../src/target/target.ts';
import { alone, describeTarget, GREETING, type Subject } from '../conformance/target-suite.ts';
import { startPython, startStreamServer, startTlsServer, type Running } from '../conformance/target-servers.ts';
import { closed, dialStream, openSockets, Received, refusal, until } from '../conformance/target-support.ts';
import { makeCertificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { suite } from '../support/packages.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const directory = makeTempDir();
const inDirectory = (name: string): string => path.join(directory.path, name);
afterAll(() => directory.remove());

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const tcp = (port: number, host = '127.0.0.1'): Target => createTarget({ kind: 'tcp', host, port });
const unix = (name: string): Target => createTarget({ kind: 'unix', path: inDirectory(name) });
const behind = (server: Running, target: Target): Subject => ({ target, stop: () => server.stop() });

/** A listener whose queue is full and that accepts nobody: the next TCP connection waits for an answer. */
const FULL_LISTENER = `
import socket, sys
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)
waiting = []
for _ in range(2):
    c = socket.socket(); c.setblocking(False); c.connect_ex(s.getsockname()); waiting.append(c)
print('port', s.getsockname()[1], 'ready')
sys.stdin.readline()
`;

suite('the conformance of streams', { needs: ['python3'] }, () => {
  describeTarget('a TCP target', {
    kind: 'stream',
    fastRead: [true, false],
    async open() {
      const server = await startStreamServer(LOOPBACK);
      return behind(server, tcp(server.port));
    },
    failing: [
      { when: 'nobody listens', code: 'TARGET_REFUSED', open: async () => alone(tcp(await freePort())) },
      {
        when: 'nobody listens on any address of a name',
        code: 'TARGET_REFUSED',
        open: async () => alone(tcp(await freePort(), 'localhost')),
      },
      {
        when: 'its name does not exist',
        code: 'TARGET_NAME_NOT_FOUND',
        open: async () => alone(tcp(80, 'no-such-host.invalid')),
      },
    ],
    async stuck() {
      const listener = await startPython(FULL_LISTENER, []);
      const port = Number(/port (\d+)/.exec(listener.output)?.[1]);
      return { target: tcp(port), stop: async () => void (await listener.stop('SIGKILL')) };
    },
  });
});

describeTarget('a Unix target', {
  kind: 'stream',
  fastRead: [true, false],
  async open() {
    const server = await startStreamServer({ path: inDirectory('echo.sock') });
    return behind(server, unix('echo.sock'));
  },
  failing: [
    { when: 'the socket is missing', code: 'TARGET_NOT_FOUND', open: async () => alone(unix('missing.sock')) },
    {
      when: 'the path is a file that nobody listens on',
      code: 'TARGET_REFUSED',
      async open() {
        writeFileSync(inDirectory('plain'), '');
        return alone(unix('plain'));
      },
    },
    {
      when: 'the path is too long for the system',
      code: 'TARGET_UNIX_PATH_TOO_LONG',
      open: async () => alone(unix('x'.repeat(108))),
    },
  ],
});

describe('a TCP target', () => {
  test('reaches the address that answers when a name has several', async () => {
    const server = await startStreamServer(LOOPBACK);
    const connection = await dialStream(tcp(server.port, 'localhost'));
    const received = new Received(connection);
    await until(() => received.text.length >= GREETING.length);
    expect(received.text).toBe(GREETING);
    await closed(connection);
    await server.stop();
  });

  test('reads nothing on its own and allows half-open', async () => {
    const server = await startStreamServer(LOOPBACK);
    const { duplex } = await dialStream(tcp(server.port));
    const socket = duplex as Socket;
    expect(socket.isPaused()).toBe(true);
    expect(socket.allowHalfOpen).toBe(true);
    socket.destroy();
    await server.stop();
  });

  test('tells its owner about a reset by the target', async () => {
    const server = await startStreamServer(LOOPBACK, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.resetAndDestroy());
    });
    const connection = await dialStream(tcp(server.port), { fastRead: true });
    const errors: NodeJS.ErrnoException[] = [];
    connection.duplex.on('error', (error) => errors.push(error));
    connection.duplex.resume();
    connection.duplex.write('hello');
    await until(() => connection.duplex.closed);
    expect(errors.map(({ code }) => code)).toEqual(['ECONNRESET']);
    await server.stop();
  });
});

describe('a Unix target', () => {
  test('takes a path of the greatest length', async () => {
    const name = 'y'.repeat(107 - Buffer.byteLength(inDirectory('')) - 1);
    const server = await startStreamServer({ path: inDirectory(name) });
    const connection = await dialStream(unix(name));
    const received = new Received(connection);
    await until(() => received.text.length >= GREETING.length);
    expect(received.text).toBe(GREETING);
    await closed(connection);
    await server.stop();
  });
});

suite('TLS targets', { needs: ['openssl'] }, () => {
  const hosts = ['localhost', 'bascule.test'];
  const authority = makeCertificate({ cn: 'authority.test', authority: true });
  const passphrase = 'sesame';
  const certificates = {
    server: makeCertificate({ cn: 'server', names: hosts, ca: authority }),
    expired: makeCertificate({ cn: 'expired', names: hosts, ca: authority, days: -1 }),
    selfSigned: makeCertificate({ names: hosts }),
    client: makeCertificate({ cn: 'client', ca: authority }),
    locked: makeCertificate({ cn: 'client', ca: authority, passphrase }),
  };

  const config = (port: number, more: Partial<TlsTargetConfig> = {}): TlsTargetConfig => ({
    kind: 'tls',
    host: '127.0.0.1',
    port,
    servername: null,
    verify: true,
    ca: authority.cert,
    cert: null,
    key: null,
    passphrase: null,
    minVersion: 'TLSv1.2',
    ...more,
  });
  const tls = (port: number, more: Partial<TlsTargetConfig> = {}): Target => createTarget(config(port, more));

  describeTarget('a TLS target', {
    kind: 'stream',
    async open() {
      const server = await startTlsServer(certificates.server);
      return behind(server, tls(server.port));
    },
    failing: [
      { when: 'nobody listens', code: 'TARGET_REFUSED', open: async () => alone(tls(await freePort())) },
      {
        when: 'it answers in plain text',
        code: 'TARGET_TLS',
        async open() {
          const server = await startStreamServer(LOOPBACK);
          return behind(server, tls(server.port));
        },
      },
      {
        when: 'it hangs up during the handshake',
        code: 'TARGET_TLS',
        async open() {
          const server = await startStreamServer(LOOPBACK, (socket) => socket.once('data', () => socket.destroy()));
          return behind(server, tls(server.port));
        },
      },
    ],
    async stuck() {
      const server = await startStreamServer(LOOPBACK, (socket) => socket.resume());
      return behind(server, tls(server.port));
    },
  });

  let server: Running | null = null;
  let before = 0;
  const serve = async (...args: Parameters<typeof startTlsServer>): Promise<number> => {
    before = openSockets();
    server = await startTlsServer(...args);
    return server.port;
  };
  afterEach(async () => {
    if (!server) return;
    await server.stop();
    server = null;
    await until(() => openSockets() === before);
  });

  test.each([
    ['a self-signed certificate', 'selfSigned', {}, /self.signed/, /ca/],
    ['an expired certificate', 'expired', {}, /expired/, /[Rr]enew/],
    ['an unknown authority', 'server', { ca: null }, /unable to (get|verify)/, /ca/],
    ['a certificate for another name', 'server', { servername: 'other.test' }, /other\.test/, /servername/],
  ] as const)('refuses %s and says what helps', async (_what, name, more, detail, remedy) => {
    const port = await serve(certificates[name]);
    const error = await refusal(tls(port, more));
    expect(error).toMatchObject({ code: 'TARGET_TLS' });
    expect(error.detail).toMatch(detail);
    expect(error.remedy).toMatch(remedy);
    expect(error.message).not.toContain('\n');
  });

  test('says that a target in plain text is one', async () => {
    server = await startStreamServer(LOOPBACK);
    before = openSockets() - 1;
    const error = await refusal(tls(server.port));
    expect(error.detail).not.toMatch(/\.c:\d/);
    expect(error.remedy).toContain('tcp://');
  });

  test('accepts any certificate when verification is off', async () => {
    const port = await serve(certificates.selfSigned);
    const connection = await dialStream(tls(port, { verify: false }));
    const received = new Received(connection);
    await until(() => received.text.length >= GREETING.length);
    expect(received.text).toBe(GREETING);
    await closed(connection);
  });

  test.each([
    ['the host name as SNI', { host: 'localhost' }, 'localhost'],
    ['the configured name as SNI', { servername: 'bascule.test' }, 'bascule.test'],
    ['no SNI for an IP address', {}, false],
  ] as const)('sends %s', async (_what, more, expected) => {
    let seen: unknown = null;
    const port = await serve(certificates.server, (socket) => {
      seen = (socket as Socket & { servername?: unknown }).servername;
      socket.on('error', () => {});
    });
    const connection = await dialStream(tls(port, more));
    await until(() => seen !== null);
    expect(seen).toBe(expected);
    await closed(connection);
  });

  test('shows its client certificate, with an encrypted key too', async () => {
    const names: string[] = [];
    const options = { ...certificates.server, ca: authority.cert, requestCert: true, rejectUnauthorized: false };
    const port = await serve(options, (socket) => {
      const peer = socket as Socket & { authorized?: boolean; getPeerCertificate?: () => { subject: { CN: string } } };
      names.push(peer.authorized ? (peer.getPeerCertificate?.().subject.CN ?? '') : 'nobody');
      socket.on('error', () => {});
    });
    const { client, locked } = certificates;
    const plain = { cert: client.cert, key: new Secret(client.key) };
    const encrypted = { cert: locked.cert, key: new Secret(locked.key), passphrase: new Secret(passphrase) };
    for (const [index, more] of [{}, plain, encrypted].entries()) {
      const connection = await dialStream(tls(port, more));
      await until(() => names.length > index);
      await closed(connection);
    }
    expect(names).toEqual(['nobody', 'client', 'client']);
  });

  test('refuses an older protocol than the configured one', async () => {
    const port = await serve({ ...certificates.server, maxVersion: 'TLSv1.2' });
    const error = await refusal(tls(port, { minVersion: 'TLSv1.3' }));
    expect(error).toMatchObject({ code: 'TARGET_TLS' });
    expect(error.remedy).toContain('minVersion');
  });

  test.each([
    ['authorities that are no PEM', { ca: 'rubbish' }, 'TLS_CERTIFICATE_INVALID'],
    ['a client certificate without a key', () => ({ cert: certificates.client.cert }), 'TLS_KEY_INVALID'],
    ['a key without a certificate', () => ({ key: new Secret(certificates.client.key) }), 'TLS_CERTIFICATE_INVALID'],
    ['a key that is no PEM', () => ({ cert: certificates.client.cert, key: new Secret('xx') }), 'TLS_KEY_INVALID'],
    [
      'the key of another certificate',
      () => ({ cert: certificates.client.cert, key: new Secret(certificates.server.key) }),
      'TLS_KEY_MISMATCH',
    ],
    [
      'an encrypted key without its passphrase',
      () => ({ cert: certificates.locked.cert, key: new Secret(certificates.locked.key) }),
      'TLS_PASSPHRASE_WRONG',
    ],
  ] as const)('refuses %s before any dial', (_what, more, code) => {
    expect(() => tls(1, typeof more === 'function' ? more() : more)).toThrow(expect.objectContaining({ code }));
  });
});
