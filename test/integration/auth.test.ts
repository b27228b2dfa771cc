import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { hashSync } from 'bcryptjs';
import { describe, expect, test } from 'vitest';
import type { AuthConfig, ListenerConfig } from '../../src/config/model.ts';
import { Secret } from '../../src/config/secret.ts';
import { type InProcessBridge, makeBridge, routeTo, startInProcess } from '../support/bridge-in-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { suite } from '../support/packages.ts';
import { pluginFile } from '../support/plugin-file.ts';
import { handshakeRequest, RawClient } from '../support/raw-client.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

const PASSWORD = 'a-secret-password';
const CHALLENGE = 'WWW-Authenticate: Basic realm="bascule", charset="UTF-8"';
const users: AuthConfig = { kind: 'basic', users: [{ name: 'ada', password: new Secret(PASSWORD) }], htpasswd: null };

const basic = (pair: string): { Authorization: string } => ({
  Authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
});

function start(
  auth: readonly AuthConfig[],
  listener: Partial<ListenerConfig> = {},
  lookupTimeout = 5000,
): Promise<InProcessBridge> {
  return startInProcess({ auth, routes: [routeTo({ kind: 'echo' })], ...listener }, { lookupTimeout });
}

/** The head of the answer to a handshake. */
async function shake(port: number, headers: Record<string, string> = {}): Promise<string> {
  const client = new RawClient(port);
  client.write(handshakeRequest(port, '/', headers));
  return client.readHead();
}

interface Answer {
  readonly status: number | undefined;
  readonly challenge: string | undefined;
  readonly body: string;
}

/** Asks for a file. */
function get(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, headers, method, agent: false }, (res) => {
      let body = '';
      res.setEncoding('utf8').on('data', (text: string) => (body += text));
      res.on('end', () => resolve({ status: res.statusCode, challenge: res.headers['www-authenticate'], body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

function site(): string {
  const root = tempDir();
  writeFileSync(join(root, 'index.html'), '<h1>home</h1>');
  return root;
}

describe('a listener with users', () => {
  test('asks for credentials, and knows who connects', async () => {
    const bridge = await start([users]);
    const head = await shake(bridge.port);
    expect(head).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(head).toContain(`${CHALLENGE}\r\n`);
    expect(await shake(bridge.port, basic('ada:wrong-password'))).toMatch(/^HTTP\/1\.1 401 /);
    expect(await shake(bridge.port, basic('eve:a-secret-password'))).toMatch(/^HTTP\/1\.1 401 /);
    const client = await WsClient.open(bridge.url, { headers: basic(`ada:${PASSWORD}`) });
    client.send('hello');
    expect((await client.receive(5)).toString()).toBe('hello');
    const [session] = bridge.server.sessions;
    expect(session!.user).toBe('ada');
    await client.close();
    await until('the session is over', () => bridge.seen.some(({ name }) => name === 'session:close'));
    expect(bridge.refused()).toEqual(['AUTH_REQUIRED', 'AUTH_REQUIRED', 'AUTH_REQUIRED']);
    expect(bridge.told()).toContain('ada');
    expect(bridge.told()).not.toMatch(/a-secret-password|wrong-password|YWRh/);
  });

  test('takes the users of an htpasswd file', async () => {
    const htpasswd = join(tempDir(), 'htpasswd');
    writeFileSync(htpasswd, `ada:${hashSync(PASSWORD, 4)}\n`);
    const { port } = await start([{ kind: 'basic', users: [], htpasswd }]);
    expect(await shake(port, basic(`ada:${PASSWORD}`))).toMatch(/^HTTP\/1\.1 101 /);
    expect(await shake(port, basic('ada:wrong'))).toMatch(/^HTTP\/1\.1 401 /);
  });

  test('opens nothing when the htpasswd file is missing', async () => {
    const auth: AuthConfig[] = [{ kind: 'basic', users: [], htpasswd: join(tempDir(), 'none') }];
    const { server } = makeBridge({ auth, routes: [routeTo({ kind: 'echo' })] });
    await expect(server.listen()).rejects.toMatchObject({ code: 'HTPASSWD_INVALID' });
    expect(server.addresses).toEqual([]);
  });

  test('asks before it looks for a route', async () => {
    const bridge = await start([users], { routes: [] });
    expect(await shake(bridge.port)).toMatch(/^HTTP\/1\.1 401 /);
    expect(await shake(bridge.port, basic(`ada:${PASSWORD}`))).toMatch(/^HTTP\/1\.1 404 /);
  });
});

test('a listener with origins refuses pages of others, and whoever has no page', async () => {
  const { port } = await start([{ kind: 'origin', origins: ['https://good.example.com'] }]);
  expect(await shake(port, { Origin: 'https://good.example.com' })).toMatch(/^HTTP\/1\.1 101 /);
  expect(await shake(port, { Origin: 'https://evil.example.com' })).toMatch(/^HTTP\/1\.1 403 /);
  expect(await shake(port)).toMatch(/^HTTP\/1\.1 403 /);
});

suite('a listener with client certificates', { needs: ['openssl'] }, () => {
  test('knows clients by their common name', async () => {
    const authority = makeCertificate({ cn: 'authority', authority: true });
    const own = makeCertificate({ ca: authority });
    const tls = {
      cert: own.cert,
      key: new Secret(own.key),
      passphrase: null,
      minVersion: 'TLSv1.2',
      ciphers: null,
      clientCertificates: { ca: authority.cert },
    } as const;
    const bridge = await start([{ kind: 'client-certificate', names: ['ada'] }], { tls });
    const answer = async (cn: string): Promise<string> => {
      const { cert, key } = makeCertificate({ cn, ca: authority });
      const socket = connect({
        port: bridge.port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: authority.cert,
        cert,
        key,
      });
      try {
        const head = new Promise<string>((resolve, reject) => {
          socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1')));
          socket.once('error', reject);
        });
        socket.write(handshakeRequest(bridge.port));
        return await head;
      } finally {
        socket.destroy();
      }
    };
    expect(await answer('ada')).toMatch(/^HTTP\/1\.1 101 /);
    expect(await answer('eve')).toMatch(/^HTTP\/1\.1 403 /);
    // Plain text on the same port, with a header that claims a certificate.
    expect(await shake(bridge.port, { SSL_CLIENT_S_DN_CN: 'ada' })).toMatch(/^HTTP\/1\.1 403 /);
    const open = bridge.seen.find(({ name }) => name === 'session:open');
    expect(open?.event).toMatchObject({ session: { user: 'ada' } });
  });
});

describe('files', () => {
  test('are free where only connecting needs credentials', async () => {
    const { port } = await start([users], { web: { root: site(), listing: false } });
    expect(await get(port, '/')).toMatchObject({ status: 200, body: '<h1>home</h1>' });
    expect(await shake(port)).toMatch(/^HTTP\/1\.1 401 /);
  });

  test('need the same credentials with webAuth', async () => {
    const bridge = await start([users], { web: { root: site(), listing: false }, webAuth: true });
    const { port } = bridge;
    for (const path of ['/', '/index.html', '/none', '/.git/config'])
      expect(await get(port, path)).toMatchObject({
        status: 401,
        challenge: CHALLENGE.slice('WWW-Authenticate: '.length),
      });
    expect((await get(port, '/', {}, 'HEAD')).status).toBe(401);
    expect((await get(port, '/', {}, 'POST')).status).toBe(401);
    expect(bridge.seen.filter(({ name }) => name === 'connection:refused')).toEqual([]);
    expect(await get(port, '/', basic('ada:wrong-password'))).toMatchObject({ status: 401 });
    expect(bridge.refused()).toEqual(['AUTH_REQUIRED']);
    expect(await get(port, '/', basic(`ada:${PASSWORD}`))).toMatchObject({ status: 200, body: '<h1>home</h1>' });
    expect(await get(port, '/none', basic(`ada:${PASSWORD}`))).toMatchObject({ status: 404 });
    expect(bridge.told()).not.toMatch(/a-secret-password|wrong-password/);
  });

  test('are refused in time when a plugin hangs, and nobody gets in when it fails', async () => {
    const module = pluginFile(`export const apiVersion = 1;
      export const createAuthenticator = () => ({
        authenticate({ headers }) {
          if (headers['x-user'] === 'hang') return new Promise(() => {});
          throw new Error('no luck');
        },
      });`);
    const web = { root: site(), listing: false };
    const bridge = await start([{ kind: 'plugin', module, source: null }], { web, webAuth: true }, 200);
    expect((await get(bridge.port, '/', { 'X-User': 'hang' })).status).toBe(503);
    expect((await get(bridge.port, '/')).status).toBe(500);
    expect(await shake(bridge.port, { 'X-User': 'hang' })).toMatch(/^HTTP\/1\.1 503 /);
    expect(await shake(bridge.port)).toMatch(/^HTTP\/1\.1 500 /);
    expect(bridge.refused()).toEqual(['AUTH_TIMEOUT', 'AUTH_FAILED', 'AUTH_TIMEOUT', 'AUTH_FAILED']);
  });
});
