import { once } from 'node:events';
import { createServer } from 'node:net';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { createClient } from '@redis/client';
import { CompactEncrypt, SignJWT } from 'jose';
import { afterAll, beforeAll, test } from 'vitest';
import type { TokenSourceConfig } from '../../src/config/model.ts';
import { Secret } from '../../src/config/secret.ts';
import { createTokenSource } from '../../src/route/create-token-source.ts';
import type { TokenSource } from '../../src/route/token-source.ts';
import { describeTokenSource } from '../../src/testing/token-source-suite.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { startHttpApi } from '../support/http-api.ts';
import { suite } from '../support/packages.ts';
import { RedisServer } from '../support/redis.ts';
import { makeTempDir, tempDir } from '../support/temp-dir.ts';

const KNOWN = [
  { token: 'kitchen-3f9a', address: 'localhost:5900' },
  { token: 'Büro & Lager', address: '[::1]:5901' },
];
const UNKNOWN = ['kitchen-3f9', 'kitchen-3f9aa', 'KITCHEN-3F9A', 'something else', ''];
const JSON_KNOWN = [
  { token: 'kitchen-3f9a', address: { host: 'localhost', port: 5900 } },
  { token: 'office', address: { host: '::1', port: '5901' } },
];

const make = (config: TokenSourceConfig): TokenSource => createTokenSource(config, () => {});
const lines = (): string => KNOWN.map(({ token, address }) => `${token}: ${address}\n`).join('');

for (const watch of [true, false]) {
  describeTokenSource(`a file (watch ${watch})`, {
    test,
    known: KNOWN,
    unknown: UNKNOWN,
    create: () => {
      const path = join(tempDir(), 'tokens');
      writeFileSync(path, `# consoles\n\n${lines()}`);
      return make({ kind: 'file', path, watch });
    },
  });
}

describeTokenSource('a directory of files', {
  test,
  known: KNOWN,
  unknown: UNKNOWN,
  create: () => {
    const path = tempDir();
    for (const [index, line] of lines().trim().split('\n').entries()) writeFileSync(join(path, `${index}.conf`), line);
    mkdirSync(join(path, 'more'));
    return make({ kind: 'file', path, watch: true });
  },
});

describeTokenSource('file names', {
  test,
  known: KNOWN,
  unknown: [...UNKNOWN, 'outside', 'subdirectory', 'empty'],
  create: () => {
    const base = tempDir();
    const directory = join(base, 'tokens');
    mkdirSync(join(directory, 'subdirectory'), { recursive: true });
    for (const { token, address } of KNOWN) writeFileSync(join(directory, token), `${address}\n`);
    writeFileSync(join(directory, 'empty'), '');
    writeFileSync(join(base, 'secret'), 'localhost:1');
    symlinkSync('../secret', join(directory, 'outside'));
    return make({ kind: 'file-name', directory });
  },
});

for (const format of ['plain', 'json'] as const) {
  const known = format === 'plain' ? KNOWN : JSON_KNOWN;
  describeTokenSource(`an HTTP API (${format})`, {
    test,
    known,
    unknown: UNKNOWN,
    create: async () => {
      const { url } = await startHttpApi((req, res) => {
        const token = decodeURIComponent((req.url ?? '').slice('/tokens/'.length));
        const found = known.find((entry) => entry.token === token);
        res.writeHead(found ? 200 : 404);
        res.end(typeof found?.address === 'object' ? JSON.stringify(found.address) : found?.address);
      });
      return make({ kind: 'http', url: `${url}/tokens/%s`, format });
    },
  });
}

const SHARED = 'a shared secret of the portal and the bridge';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (
  key: { export(options: { format: 'pem'; type: 'pkcs8' | 'spki' }): string | Buffer },
  type: 'pkcs8' | 'spki',
): Secret => new Secret(key.export({ format: 'pem', type }).toString());
const claims = { host: 'localhost', port: 5900 };
const address = { host: 'localhost', port: 5900 };
const signed = (alg: string, key: Parameters<SignJWT['sign']>[0]): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(key);

const hs256 = await signed('HS256', Buffer.from(SHARED));
const es256 = await signed('ES256', ec.privateKey);
const rs256 = await signed('RS256', rsa.privateKey);
const nested = await new CompactEncrypt(Buffer.from(rs256))
  .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
  .encrypt(rsa.publicKey);
const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${hs256.split('.')[1]}.`;

describeTokenSource('JWT (HS256)', {
  test,
  known: [{ token: hs256, address }],
  unknown: [none, es256, rs256, nested, `${hs256.slice(0, -4)}AAAA`, 'not.a.jwt'],
  create: () => make({ kind: 'jwt', key: new Secret(SHARED) }),
});

describeTokenSource('JWT (ES256)', {
  test,
  known: [{ token: es256, address }],
  unknown: [none, hs256, rs256, nested],
  create: () => make({ kind: 'jwt', key: pem(ec.publicKey, 'spki') }),
});

describeTokenSource('JWT (RSA, also encrypted)', {
  test,
  known: [
    { token: rs256, address },
    { token: nested, address },
  ],
  unknown: [none, hs256, es256],
  create: () => make({ kind: 'jwt', key: pem(rsa.privateKey, 'pkcs8') }),
});

const socketDirectory = makeTempDir();
afterAll(socketDirectory.remove);

describeTokenSource('a socket directory', {
  test,
  known: [
    { token: 'console.sock', address: `unix:${socketDirectory.path}/inside/console.sock` },
    { token: 'link', address: `unix:${socketDirectory.path}/inside/console.sock` },
  ],
  unknown: ['file', 'outside.sock', 'subdirectory', '../outside.sock', 'console.soc'],
  create: async () => {
    const directory = join(socketDirectory.path, 'inside');
    const outside = join(socketDirectory.path, 'outside.sock');
    if (!existsSync(directory)) {
      mkdirSync(join(directory, 'subdirectory'), { recursive: true });
      writeFileSync(join(directory, 'file'), '');
      symlinkSync('console.sock', join(directory, 'link'));
      symlinkSync('../outside.sock', join(directory, 'outside.sock'));
    }
    for (const path of [join(directory, 'console.sock'), outside]) {
      const server = createServer().listen(path);
      await once(server, 'listening');
      atTestEnd(() => server.close());
    }
    return make({ kind: 'unix-directory', directory });
  },
});

describeTokenSource('the template json-tokens.mjs', {
  test,
  known: [...KNOWN, ...JSON_KNOWN.slice(1)],
  unknown: UNKNOWN,
  create: () => {
    const source = join(tempDir(), 'tokens.json');
    const tokens = [...KNOWN, ...JSON_KNOWN.slice(1)].map((entry) => [entry.token, entry.address] as const);
    writeFileSync(source, JSON.stringify(Object.fromEntries(tokens)));
    return make({
      kind: 'plugin',
      module: resolve(import.meta.dirname, '../../examples/plugins/json-tokens.mjs'),
      source,
    });
  },
});

suite('with Redis', { needs: ['redis-server'] }, () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
    const client = await createClient({ socket: { host: '127.0.0.1', port: server.port } }).connect();
    for (const entry of KNOWN) await client.set(`consoles:${entry.token}`, JSON.stringify({ host: entry.address }));
    await client.set('consoles:plain', ' localhost:7000\n');
    await client.set('outside', 'localhost:1');
    client.destroy();
  });

  afterAll(() => server.stop());

  describeTokenSource('Redis', {
    test,
    known: [...KNOWN, { token: 'plain', address: 'localhost:7000' }],
    unknown: [...UNKNOWN, 'outside', ':outside', 'consoles:plain'],
    create: () =>
      make({ kind: 'redis', host: '127.0.0.1', port: server.port, database: 0, password: null, namespace: 'consoles' }),
  });
});
