import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { JwtTokens } from '../../src/route/jwt-tokens.ts';
import { routeTo, startInProcess } from '../support/bridge-in-process.ts';
import { Child, runChild } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { PYTHON, suite } from '../support/packages.ts';
import { handshakeRequest, RawClient } from '../support/raw-client.ts';
import { TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';

/** What becomes of a handshake: 'one' or 'two' from the server it leads to, or how it was refused. */
async function outcome(port: number, path: string, headers: Record<string, string> = {}): Promise<string> {
  const client = new RawClient(port);
  client.write(handshakeRequest(port, path, headers));
  const head = await client.readHead().catch(() => 'closed');
  const [, status = 'closed'] = /^HTTP\/1\.1 (\d+)/.exec(head) ?? [];
  return status === '101' ? (await client.readPayload(3)).toString() : status;
}

async function outcomes(port: number, places: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const place of places) answers.push(`${place} ${await outcome(port, place)}`);
  return answers;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function startWebsockify(...args: string[]): Promise<number> {
  const port = await freePort();
  const child = new Child('websockify', [...args, `127.0.0.1:${port}`]);
  atTestEnd(() => child.stop('SIGKILL'));
  await child.waitForOutput(/proxying from/);
  // It says so before it listens.
  await until('websockify listens', () => listens(port));
  return port;
}

/** The same file for both, with all that a file may have. */
async function tokenFile(): Promise<string> {
  const one = await TcpTarget.listen((socket) => socket.write('one'));
  const two = await TcpTarget.listen((socket) => socket.write('two'));
  const v6 = await TcpTarget.listen((socket) => socket.write('two'), { host: '::1', port: 0 });
  const path = join(tempDir(), 'tokens');
  const lines = [
    '# consoles',
    '',
    `plain: ${one.address}`,
    `  indented:\t${one.address}  `,
    `twice: ${one.address}`,
    `twice: ${two.address}`,
    `a:b: ${one.address}`,
    `with space: ${one.address}`,
    `v6: ::1:${v6.port}`,
    `Büro: ${one.address}`,
    `127.0.0.1: ${one.address}`,
    'nonsense',
    `no-space:${one.address}`,
    `#comment: ${one.address}`,
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  return path;
}

suite('the token files of websockify', { needs: ['websockify'] }, () => {
  test('mean the same here', async () => {
    const path = await tokenFile();
    const theirs = await startWebsockify('--token-plugin', 'TokenFile', '--token-source', path);
    const source = { kind: 'file', path, watch: true } as const;
    const ours = await startInProcess({
      routes: [routeTo({ kind: 'token', from: 'query', source, defaultPort: null })],
    });
    const known = [
      '/?token=plain',
      '/websockify?token=indented',
      '/x?token=twice',
      '/?token=a:b',
      '/?token=with%20space',
      '/?token=with+space',
      '/?token=v6',
      '/?token=B%C3%BCro',
      '/?token=&token=plain',
      '/?token=plain&token=twice',
    ];
    const unknown = [
      '/',
      '/?token',
      '/?token=',
      '/?token=PLAIN',
      '/?token=nonsense',
      '/?token=no-space',
      '/?token=%23comment',
      '/?Token=plain',
      '/websockify%3Ftoken=plain',
      '/token=plain',
    ];
    const expected = await outcomes(theirs, known);
    for (const answer of expected) expect(answer).toMatch(/ (one|two)$/);
    expect(await outcomes(ours.port, known)).toEqual(expected);
    // There the connection is closed without an answer.
    expect(await outcomes(theirs, unknown)).toEqual(unknown.map((place) => `${place} closed`));
    expect(await outcomes(ours.port, unknown)).toEqual(unknown.map((place) => `${place} 404`));
  });

  test('mean the same by host name', async () => {
    const path = await tokenFile();
    const theirs = await startWebsockify('--host-token', '--token-plugin', 'TokenFile', '--token-source', path);
    const source = { kind: 'file', path, watch: true } as const;
    const ours = await startInProcess({
      routes: [routeTo({ kind: 'token', from: 'host', source, defaultPort: null })],
    });
    for (const [host, refused] of [['plain'], ['plain:6080'], ['127.0.0.1:1'], ['none', true]] as const) {
      const answers = [
        await outcome(theirs, '/?token=x', { Host: host }),
        await outcome(ours.port, '/', { Host: host }),
      ];
      expect(answers).toEqual(refused ? ['closed', '404'] : ['one', 'one']);
    }
  });
});

suite('the tokens of jwcrypto, which websockify uses', { needs: ['python:jwcrypto'] }, () => {
  const script = `
import sys, json
from jwcrypto import jwk, jwt
key = jwk.JWK()
data = open(sys.argv[1], 'rb').read()
try:
    key.import_from_pem(data)
except Exception:
    key.import_key(k=data.decode(), kty='oct')
token = jwt.JWT(header={'alg': sys.argv[2]}, claims={'host': 'vm', 'port': 5900})
token.make_signed_token(key)
text = token.serialize()
if len(sys.argv) > 3:
    outer = jwt.JWT(header={'alg': sys.argv[3], 'enc': 'A256CBC-HS512' if len(sys.argv) < 5 else sys.argv[4]}, claims=text)
    outer.make_encrypted_token(key)
    text = outer.serialize()
print(text)`;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' });
  const shared = Buffer.alloc(32, 'shared').toString('base64url');

  test.each([
    ['HS256', shared, []],
    ['HS512', shared, []],
    ['RS256', rsa, []],
    ['ES256', ec, []],
    ['RS256', rsa, ['RSA-OAEP']],
    ['RS256', rsa, ['RSA-OAEP-256', 'A128GCM']],
    ['HS256', shared, ['A256KW']],
    ['HS256', shared, ['dir', 'A256GCM']],
    ['ES256', ec, ['ECDH-ES+A256KW']],
  ])('are accepted here: %s', async (alg, key, encryption) => {
    const path = join(tempDir(), 'key');
    writeFileSync(path, key);
    const { stdout, stderr } = await runChild(PYTHON, ['-c', script, path, alg, ...encryption]);
    expect(stderr).toBe('');
    const tokens = new JwtTokens(new Secret(String(key)));
    expect(await tokens.lookup(stdout.trim())).toEqual({ host: 'vm', port: 5900 });
  });
});
