import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { listenerConfig } from './listen-config.ts';
import { Client, serves, type Front, request, startFront } from './listen-front.ts';

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends one request, exactly as written, on a connection of its own. */
async function ask(front: Front, line: string, ...headers: string[]): Promise<Answer> {
  const client = Client.plain(front.port).send(request(`${line} HTTP/1.1`, 'Connection: close', ...headers));
  return parse(await client.untilEnd());
}

function parse(text: string): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [status = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  return { status: Number(status.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}

/** A web root with this and that in it, next to a secret. */
function makeSite(): string {
  const base = tempDir();
  const root = join(base, 'root');
  mkdirSync(join(root, 'docs'), { recursive: true });
  mkdirSync(join(root, 'empty dir'));
  mkdirSync(join(root, '.git'));
  mkdirSync(join(base, 'root-sibling'));
  writeFileSync(join(base, 'root-sibling', 'secret.txt'), 'SECRET');
  writeFileSync(join(base, 'secret.txt'), 'SECRET');
  writeFileSync(join(root, 'index.html'), '<h1>home</h1>');
  writeFileSync(join(root, 'docs', 'index.html'), '<h1>docs</h1>');
  writeFileSync(join(root, 'app.js'), '0123456789');
  writeFileSync(join(root, 'empty.txt'), '');
  writeFileSync(join(root, 'a b%ä.txt'), 'odd name');
  writeFileSync(join(root, '.env'), 'SECRET');
  writeFileSync(join(root, '.git', 'config'), 'SECRET');
  symlinkSync('../secret.txt', join(root, 'leak.txt'));
  symlinkSync('..', join(root, 'up'));
  symlinkSync('../root-sibling', join(root, 'sibling'));
  symlinkSync('.env', join(root, 'env.txt'));
  symlinkSync('app.js', join(root, 'alias.js'));
  symlinkSync('loop', join(root, 'loop'));
  return root;
}

const site = (listing = false): Promise<Front> => startFront(listenerConfig({ web: { root: makeSite(), listing } }));

describe('files', () => {
  test('are served with type, length, ETag and nosniff', async () => {
    const { status, headers, body } = await ask(await site(), 'GET /app.js?v=1');
    expect({ status, body }).toEqual({ status: 200, body: '0123456789' });
    expect(headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(headers.get('content-length')).toBe('10');
    expect(headers.get('etag')).toMatch(/^W\/"/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(headers.has('content-security-policy')).toBe(false);
    expect(headers.has('x-powered-by')).toBe(false);
  });

  test('are found by odd names, by absolute targets and by links within the root', async () => {
    const front = await site();
    expect((await ask(front, `GET /${encodeURIComponent('a b%ä.txt')}`)).body).toBe('odd name');
    expect((await ask(front, 'GET http://test.example/app.js')).body).toBe('0123456789');
    expect((await ask(front, 'GET /alias.js')).body).toBe('0123456789');
    expect((await ask(front, 'GET /empty.txt')).headers.get('content-length')).toBe('0');
  });

  test('HEAD gives the headers alone', async () => {
    const { status, headers, body } = await ask(await site(), 'HEAD /app.js');
    expect({ status, body }).toEqual({ status: 200, body: '' });
    expect(headers.get('content-length')).toBe('10');
  });

  test('are not sent again to a client that has them', async () => {
    const front = await site();
    const etag = (await ask(front, 'GET /app.js')).headers.get('etag');
    expect(await ask(front, 'GET /app.js', `If-None-Match: ${etag}`)).toMatchObject({ status: 304, body: '' });
    expect(await ask(front, 'GET /app.js', 'If-Match: "other"')).toMatchObject({ status: 412 });
  });

  test('are sent in part', async () => {
    const front = await site();
    const part = await ask(front, 'GET /app.js', 'Range: bytes=2-4');
    expect(part).toMatchObject({ status: 206, body: '234' });
    expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(await ask(front, 'GET /app.js', 'Range: bytes=-3')).toMatchObject({ status: 206, body: '789' });
    const beyond = await ask(front, 'GET /app.js', 'Range: bytes=50-60');
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe('bytes */10');
    expect(await ask(front, 'GET /app.js', 'Range: bytes=0-1,4-5')).toMatchObject({ status: 200 });
  });

  test('several come over one connection', async () => {
    const front = await site();
    const client = Client.plain(front.port).send(request('GET /app.js HTTP/1.1'));
    await client.until(/0123456789$/);
    client.send(request('GET /missing HTTP/1.1'));
    await client.until(/HTTP\/1\.1 404 /);
    client.send(request('GET /docs/ HTTP/1.1'));
    await client.until(/docs<\/h1>$/);
    expect(front.codes()).toEqual([]);
  });

  test('other methods are 405 and end the connection, whatever body comes along', async () => {
    const front = await site();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const client = Client.plain(front.port).send(request(`${method} /app.js HTTP/1.1`, 'Content-Length: 5'), 'hello');
      const { status, headers } = parse(await client.untilEnd());
      expect({ method, status }).toEqual({ method, status: 405 });
      expect(headers.get('allow')).toBe('GET, HEAD');
      expect(headers.get('connection')).toBe('close');
    }
  });

  test('say who may frame them, where the config does, also when they are not sent again', async () => {
    const web = { root: makeSite(), listing: true, frameAncestors: "'self' https://portal.example" };
    const front = await startFront(listenerConfig({ web }));
    const rule = "frame-ancestors 'self' https://portal.example";
    const page = await ask(front, 'GET /docs/');
    expect(page.headers.get('content-security-policy')).toBe(rule);
    const again = await ask(front, 'GET /docs/', `If-None-Match: ${page.headers.get('etag')}`);
    expect(again.status).toBe(304);
    expect(again.headers.get('content-security-policy')).toBe(rule);
    const listing = await ask(front, 'GET /empty%20dir/');
    expect(listing.headers.get('content-security-policy')).toBe(`default-src 'none'; ${rule}`);
  });

  test('a WebSocket still opens on any path', async () => {
    expect(await serves((await site()).port)).toBe(true);
  });
});

describe('directories', () => {
  test('show their index page', async () => {
    const front = await site();
    expect((await ask(front, 'GET /')).body).toBe('<h1>home</h1>');
    expect((await ask(front, 'GET /docs/?x')).body).toBe('<h1>docs</h1>');
    expect((await ask(front, 'GET ///docs//')).body).toBe('<h1>docs</h1>');
  });

  test('are redirected to with their slash, never to another host', async () => {
    const front = await site();
    for (const path of ['/docs?a=b', '//docs?a=b', '/%64ocs?a=b']) {
      const { status, headers } = await ask(front, `GET ${path}`);
      expect(status).toBe(301);
      expect(headers.get('location')).toBe('./docs/?a=b');
    }
    expect((await ask(front, 'GET /empty%20dir')).headers.get('location')).toBe('./empty%20dir/');
  });

  test('without an index page are listed only when that is on', async () => {
    expect(await ask(await site(false), 'GET /empty%20dir/')).toMatchObject({ status: 404 });
    const { status, headers, body } = await ask(await site(true), 'GET /empty%20dir/');
    expect(status).toBe(200);
    expect(body).toContain('Index of /empty dir/');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('with an index page are not listed', async () => {
    expect((await ask(await site(true), 'GET /docs/')).body).toBe('<h1>docs</h1>');
  });

  test('a file is no directory', async () => {
    expect(await ask(await site(), 'GET /app.js/')).toMatchObject({ status: 404 });
    expect(await ask(await site(), 'GET /app.js/x')).toMatchObject({ status: 404 });
  });
});

describe('nothing outside the root and no dotfile is served', () => {
  test.each([
    ['/../secret.txt', 403],
    ['/docs/../../secret.txt', 403],
    ['/%2e%2e/secret.txt', 403],
    ['/..%2fsecret.txt', 403],
    ['/%2e%2e%2fsecret.txt', 403],
    ['/..%5csecret.txt', 403],
    ['/..', 403],
    ['/../root-sibling/secret.txt', 403],
    ['//../secret.txt', 403],
    ['/leak.txt', 403],
    ['/up/secret.txt', 403],
    ['/up/', 403],
    ['/sibling/secret.txt', 403],
    ['/.env', 403],
    ['/%2eenv', 403],
    ['/.git/config', 403],
    ['/.git/', 403],
    ['/env.txt', 403],
    ['/%252e%252e/secret.txt', 404],
    ['/etc/passwd', 404],
    ['/loop', 404],
    [`/${'x'.repeat(300)}`, 404],
    [`/${'x/'.repeat(3000)}`, 404],
    ['/app.js%00.txt', 400],
    ['/%', 400],
    ['/%zz', 400],
    ['/%ff', 400],
    ['/%c0%ae%c0%ae/secret.txt', 400],
    ['/%ed%a0%80', 400],
  ])('%s', async (path, status) => {
    const front = await site(true);
    const answer = await ask(front, `GET ${path}`);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('SECRET');
  });

  test('the listing does not show dotfiles', async () => {
    const root = tempDir();
    writeFileSync(join(root, '.env'), '');
    writeFileSync(join(root, 'seen'), '');
    const front = await startFront(listenerConfig({ web: { root, listing: true } }));
    const { body } = await ask(front, 'GET /');
    expect(body).toContain('seen');
    expect(body).not.toContain('.env');
  });

  test('the listing shows nothing that is refused', async () => {
    const root = join(tempDir(), 'root');
    mkdirSync(join(root, 'folder'), { recursive: true });
    mkdirSync(join(root, '.git'));
    writeFileSync(join(root, '.git', 'config'), 'SECRET');
    writeFileSync(join(root, '..', 'secret.txt'), 'SECRET');
    writeFileSync(join(root, 'file.txt'), 'seen');
    const links = { out: '../secret.txt', dangling: 'gone', round: 'round', dot: '.git/config', dots: '.git' };
    for (const [name, to] of Object.entries(links)) symlinkSync(to, join(root, name));
    symlinkSync('file.txt', join(root, 'to-file'));
    symlinkSync('folder', join(root, 'to-folder'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    writeFileSync(Buffer.concat([Buffer.from(join(root, 'odd')), Buffer.of(0xff)]), '');
    const front = await startFront(listenerConfig({ web: { root, listing: true } }));
    const { body } = await ask(front, 'GET /');
    const shown = [...body.matchAll(/href="\.\/([^"]+)"/g)].map(([, name]) => name);
    expect(shown).toEqual(['folder/', 'to-folder/', 'file.txt', 'to-file']);
    for (const name of shown) expect((await ask(front, `GET /${name}`)).status).toBe(200);
  });

  test('an index page that is a link to the outside is refused', async () => {
    const root = join(tempDir(), 'root');
    mkdirSync(root);
    writeFileSync(join(root, '..', 'secret.txt'), 'SECRET');
    symlinkSync('../secret.txt', join(root, 'index.html'));
    const front = await startFront(listenerConfig({ web: { root, listing: true } }));
    expect(await ask(front, 'GET /')).toMatchObject({ status: 403 });
  });

  test('a pipe in the root blocks nobody', async () => {
    const root = tempDir();
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const front = await startFront(listenerConfig({ web: { root, listing: false } }));
    expect(await ask(front, 'GET /pipe')).toMatchObject({ status: 403 });
  });

  test('a file that the bridge may not read is refused', async () => {
    const root = tempDir();
    writeFileSync(join(root, 'private.txt'), 'SECRET');
    chmodSync(join(root, 'private.txt'), 0);
    const front = await startFront(listenerConfig({ web: { root, listing: false } }));
    const isRoot = process.geteuid?.() === 0;
    // Root may read everything.
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await ask(front, 'GET /private.txt')).toMatchObject({ status: 403 });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

test('the root itself may be a link, which is followed anew each time', async () => {
  const base = tempDir();
  mkdirSync(join(base, 'v1'));
  writeFileSync(join(base, 'v1', 'x.txt'), 'one');
  symlinkSync('v1', join(base, 'current'));
  const front = await startFront(listenerConfig({ web: { root: join(base, 'current'), listing: false } }));
  expect((await ask(front, 'GET /x.txt')).body).toBe('one');
});

test('a root that has gone is answered, not crashed on', async () => {
  const front = await startFront(listenerConfig({ web: { root: join(tempDir(), 'gone'), listing: true } }));
  expect(await ask(front, 'GET /')).toMatchObject({ status: 404 });
});

test('clients that go away in the middle leave no file open', async () => {
  const root = tempDir();
  const file = join(root, 'big.bin');
  writeFileSync(file, '');
  truncateSync(file, 50_000_000);
  const front = await startFront(listenerConfig({ web: { root, listing: false } }));
  const clients = Array.from({ length: 10 }, () => Client.plain(front.port).send(request('GET /big.bin HTTP/1.1')));
  await until('all are being served', () => clients.every(({ received }) => received.length > 0));
  for (const { socket } of clients) socket.resetAndDestroy();
  const open = (): number =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === file;
      } catch {
        return false;
      }
    }).length;
  await until('the files are closed', () => open() === 0);
  expect(front.listener.connections).toBe(0);
});

test('a file that grows while it is read keeps the length that was announced', async () => {
  const root = tempDir();
  const file = join(root, 'log.txt');
  writeFileSync(file, 'x'.repeat(3_000_000));
  const front = await startFront(listenerConfig({ web: { root, listing: false } }));
  const client = Client.plain(front.port).send(request('GET /log.txt HTTP/1.1'));
  await client.until(/\r\n\r\nx/);
  appendFileSync(file, 'y'.repeat(1000));
  await until('it has come', () => client.received.length > 3_000_000);
  expect(client.text).not.toContain('y'.repeat(10));
});

test('a file that is cut short while it is read breaks the connection: the rest will never come', async () => {
  const root = tempDir();
  const file = join(root, 'log.txt');
  writeFileSync(file, '');
  truncateSync(file, 30_000_000);
  const front = await startFront(listenerConfig({ web: { root, listing: false } }));
  const client = Client.plain(front.port);
  client.socket.pause();
  client.send(request('GET /log.txt HTTP/1.1'));
  await until('the file is being read', () => client.socket.bytesRead > 0 || client.socket.readableLength > 0);
  truncateSync(file, 0);
  client.socket.resume();
  await client.untilEnd(5000);
  expect(client.received.length).toBeLessThan(30_000_000);
});
