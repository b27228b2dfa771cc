import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN } from '../support/bridge-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { Child } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { findProgram, suite } from '../support/packages.ts';
import { BINARY, clientFrame, CLOSE, closeFrame, PING, PONG, RawClient, TEXT } from '../support/raw-client.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { sleep, until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

/*
 * The same black-box cases against Debian's websockify (0.10) and against ours, with the same command line. Where they
 * differ the difference stands here as two values, and in docs/migrate/from-websockify.md as a row.
 */

/** Which of the two programs a case runs against. */
type Program = 'ancestor' | 'bascule';

/** What is expected: of both, or of each. */
type Both<Value> = Value | Readonly<Record<Program, Value>>;

/** Starts one of the two on a free port and waits until it takes connections. */
async function serve(program: Program, options: readonly string[], operands: readonly string[]): Promise<number> {
  const port = await freePort();
  const args = [...options, `127.0.0.1:${port}`, ...operands];
  const child =
    program === 'ancestor'
      ? new Child(findProgram('websockify') ?? '', args, { env: { ...process.env, PYTHONUNBUFFERED: '1' } })
      : new Child(process.execPath, [BIN, 'websockify', ...args]);
  atTestEnd(() => child.stop('SIGKILL'));
  await until(`${program} listens`, () => {
    if (child.ended) throw new Error(`${program} ended: ${child.output}`);
    return takesConnections(port);
  });
  return port;
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** A case: what one program does, and what is expected. */
function compare<Value>(name: string, expected: Both<Value>, run: (program: Program) => Promise<Value>): void {
  test.each(['ancestor', 'bascule'] as const)(`${name}: %s`, async (program) => {
    const differs = typeof expected === 'object' && expected !== null && 'ancestor' in expected;
    expect(await run(program)).toEqual(differs ? expected[program] : expected);
  });
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '' });
    });
    sent.on('error', reject).end();
  });
}

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
};

/** The status of a handshake with other headers. */
async function handshakeStatus(port: number, headers: Record<string, string | null>, path = '/'): Promise<number> {
  const all = Object.entries({ ...HANDSHAKE, ...headers }).filter(([, value]) => value !== null);
  return (await ask(port, path, { headers: Object.fromEntries(all) })).status;
}

/** What came back of a message, and how. */
interface RoundTrip {
  readonly protocol: string;
  readonly text: string;
  readonly binary: boolean | undefined;
}

/** Sends a message and tells what comes back. */
async function roundTrip(
  port: number,
  options: { protocols?: string[]; path?: string; message?: Buffer | string },
): Promise<RoundTrip> {
  const { protocols = [], path = '/', message = Buffer.from('hello') } = options;
  const client = await WsClient.open(`ws://127.0.0.1:${port}${path}`, { protocols });
  client.send(message);
  await client.receive(message.length);
  const [first] = client.messages;
  const result = { protocol: client.ws.protocol, text: client.data.toString(), binary: first?.binary };
  await client.close();
  return result;
}

const echoServer = (): Promise<TcpTarget> => TcpTarget.listen(echo);

const basic = (credentials: string): { Authorization: string } => ({
  Authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
});

/** A directory to serve. */
function site(): string {
  const directory = tempDir();
  mkdirSync(join(directory, 'sub'));
  mkdirSync(join(directory, 'docs'));
  writeFileSync(join(directory, 'vnc.html'), '<title>page</title>');
  writeFileSync(join(directory, 'app.js'), 'export {};');
  writeFileSync(join(directory, 'docs/index.html'), 'the index');
  writeFileSync(join(directory, '.hidden'), 'secret');
  symlinkSync('/etc/hostname', join(directory, 'outside'));
  return directory;
}

suite("side by side with Debian's websockify", { needs: ['websockify', 'openssl'] }, () => {
  compare('relays without a subprotocol', { protocol: '', text: 'hello', binary: true }, async (program) =>
    roundTrip(await serve(program, [], [(await echoServer()).address]), {}),
  );
  compare('takes binary', { protocol: 'binary', text: 'hello', binary: true }, async (program) =>
    roundTrip(await serve(program, [], [(await echoServer()).address]), { protocols: ['binary'] }),
  );
  compare('prefers binary to base64', { protocol: 'binary', text: 'hello', binary: true }, async (program) =>
    roundTrip(await serve(program, [], [(await echoServer()).address]), { protocols: ['base64', 'binary'] }),
  );
  compare('upgrades at any path', { protocol: 'binary', text: 'hello', binary: true }, async (program) =>
    roundTrip(await serve(program, [], [(await echoServer()).address]), {
      protocols: ['binary'],
      path: '/some/path?x=1',
    }),
  );

  compare('answers a ping with its payload', { opcode: PONG, payload: 'are you there' }, async (program) => {
    const client = await RawClient.open(await serve(program, [], [(await echoServer()).address]));
    client.write(clientFrame('are you there', { opcode: PING }));
    const { opcode, payload } = await client.readFrame();
    return { opcode, payload: payload.toString() };
  });

  compare('pings a silent client with --heartbeat', true, async (program) => {
    const client = await RawClient.open(await serve(program, ['--heartbeat', '1'], [(await echoServer()).address]));
    return (await client.readFrame()).opcode === PING;
  });

  compare('closes with 1000 when the target ends', 1000, async (program) => {
    const target = await TcpTarget.listen((socket) => socket.end('bye'));
    const client = await RawClient.open(await serve(program, [], [target.address]));
    await client.readPayload(3);
    return (await client.readClose()).code;
  });

  compare('closes with 1011 when the target is down', 1011, async (program) => {
    const client = await RawClient.open(await serve(program, [], [`127.0.0.1:${await freePort()}`]));
    return (await client.readClose()).code;
  });

  compare('answers a Close frame with its code', 1000, async (program) => {
    const client = await RawClient.open(await serve(program, [], [(await echoServer()).address]));
    client.write(closeFrame(1000));
    return (await client.readClose()).code;
  });

  // The ancestor closes with 1003. To a byte stream text is bytes like any other.
  compare('takes text frames', { ancestor: CLOSE, bascule: BINARY }, async (program) => {
    const client = await RawClient.open(await serve(program, [], [(await echoServer()).address]));
    client.write(clientFrame('hello', { opcode: TEXT }));
    return (await client.readFrame()).opcode;
  });

  // 1005 stands for a missing code and must not be sent (RFC 6455 §7.4.1).
  compare('answers a Close frame without a code', { ancestor: [3, 237], bascule: [] }, async (program) => {
    const client = await RawClient.open(await serve(program, [], [(await echoServer()).address]));
    client.write(clientFrame('', { opcode: CLOSE }));
    return [...(await client.readFrame()).payload.subarray(0, 2)];
  });

  compare('takes fragmented messages', 'fragmented', async (program) => {
    const client = await RawClient.open(await serve(program, [], [(await echoServer()).address]));
    client.write(clientFrame('frag', { opcode: BINARY, fin: false }));
    client.write(clientFrame('ment', { opcode: 0, fin: false }));
    client.write(clientFrame('ed', { opcode: 0 }));
    return (await client.readPayload(10)).toString();
  });

  compare('ends a client that does not mask', { ancestor: 1002, bascule: 1002 }, async (program) => {
    const client = await RawClient.open(await serve(program, [], [(await echoServer()).address]));
    client.write(clientFrame('hello', { masked: false }));
    const { opcode, payload } = await client.readFrame();
    return opcode === CLOSE ? payload.readUInt16BE(0) : opcode;
  });

  compare(
    'refuses wrong handshakes',
    {
      ancestor: { noKey: 400, version: 400, noVersion: 400, badKey: 101 },
      // RFC 6455 §4.2.2 and §4.4 ask for 426 with the versions that are spoken, and for a key of 16 bytes.
      bascule: { noKey: 400, version: 426, noVersion: 426, badKey: 400 },
    },
    async (program) => {
      const port = await serve(program, [], [(await echoServer()).address]);
      return {
        noKey: await handshakeStatus(port, { 'Sec-WebSocket-Key': null }),
        version: await handshakeStatus(port, { 'Sec-WebSocket-Version': '12' }),
        noVersion: await handshakeStatus(port, { 'Sec-WebSocket-Version': null }),
        badKey: await handshakeStatus(port, { 'Sec-WebSocket-Key': 'short' }),
      };
    },
  );

  compare('refuses files without --web', [405, 405], async (program) => {
    const port = await serve(program, [], [(await echoServer()).address]);
    return [(await ask(port, '/')).status, (await ask(port, '/', { method: 'HEAD' })).status];
  });

  compare('looks past newlines at the end of a token', [101, 101], async (program) => {
    const file = join(tempDir(), 'tokens.conf');
    writeFileSync(file, `one: ${(await echoServer()).address}\n`);
    const port = await serve(program, ['--token-plugin', 'TokenFile', '--token-source', file], []);
    return [await handshakeStatus(port, {}, '/?token=one%0A'), await handshakeStatus(port, {}, '/?token=one%0A%0A')];
  });

  compare('takes the host name as it is sent for a token', 101, async (program) => {
    const file = join(tempDir(), 'tokens.conf');
    writeFileSync(file, `VM1: ${(await echoServer()).address}\n`);
    const port = await serve(program, ['--token-plugin', 'TokenFile', '--token-source', file, '--host-token'], []);
    return handshakeStatus(port, { Host: `VM1:${port}` });
  });

  compare('takes a name and a password in Latin-1', [101, 401], async (program) => {
    const auth = ['--auth-plugin', 'BasicHTTPAuth', '--auth-source', 'josé:contraseña'];
    const port = await serve(program, auth, [(await echoServer()).address]);
    const status = (text: string): Promise<number> =>
      handshakeStatus(port, { Authorization: `Basic ${Buffer.from(text, 'latin1').toString('base64')}` });
    return [await status('josé:contraseña'), await status('josé:contrasena')];
  });

  compare(
    'serves files',
    {
      ancestor: {
        page: [200, 'text/html'],
        script: [200, 'javascript'],
        index: 'the index',
        missing: 404,
        post: 501,
        head: 200,
        hidden: 200,
        traversal: 404,
        outside: 200,
      },
      // Dotfiles and links that lead out of the directory are not served.
      bascule: {
        page: [200, 'text/html'],
        script: [200, 'javascript'],
        index: 'the index',
        missing: 404,
        post: 405,
        head: 200,
        hidden: 403,
        traversal: 403,
        outside: 403,
      },
    },
    async (program) => {
      const port = await serve(program, ['--web', site()], [(await echoServer()).address]);
      const status = async (path: string, method = 'GET'): Promise<number> =>
        (await ask(port, path, { method })).status;
      const typed = async (path: string): Promise<unknown[]> => {
        const { status: code, headers } = await ask(port, path);
        return [code, /text\/html|javascript/.exec(headers['content-type'] ?? '')?.[0]];
      };
      return {
        page: await typed('/vnc.html'),
        script: await typed('/app.js'),
        index: (await ask(port, '/docs/')).text,
        missing: await status('/nothing'),
        post: await status('/vnc.html', 'POST'),
        head: await status('/vnc.html', 'HEAD'),
        hidden: await status('/.hidden'),
        traversal: await status('/../../../../etc/passwd'),
        outside: await status('/outside'),
      };
    },
  );

  compare(
    'lists directories, and sends to their slash',
    { listing: 200, named: true, redirect: 301, location: '/sub/' },
    async (program) => {
      const port = await serve(program, ['--web', site()], [(await echoServer()).address]);
      const listing = await ask(port, '/');
      const redirect = await ask(port, '/sub');
      return {
        listing: listing.status,
        named: listing.text.includes('vnc.html'),
        redirect: redirect.status,
        location: new URL(redirect.headers.location ?? '', 'http://localhost').pathname,
      };
    },
  );

  compare(
    'serves files and WebSockets on one port',
    { status: 200, protocol: 'binary', text: 'hello', binary: true },
    async (program) => {
      const port = await serve(program, ['--web', site()], [(await echoServer()).address]);
      const { status } = await ask(port, '/vnc.html');
      return { status, ...(await roundTrip(port, { protocols: ['binary'], path: '/websockify' })) };
    },
  );

  compare(
    'finds the target of a token',
    {
      ancestor: { known: 'hello', unknown: 'no answer', none: 'no answer' },
      bascule: { known: 'hello', unknown: 404, none: 404 },
    },
    async (program) => {
      const file = join(tempDir(), 'tokens.conf');
      writeFileSync(file, `# a comment\none: ${(await echoServer()).address}\n`);
      const port = await serve(program, ['--token-plugin', 'TokenFile', '--token-source', file], []);
      const refusal = (path: string): Promise<number | string> =>
        handshakeStatus(port, {}, path).catch(() => 'no answer');
      return {
        known: (await roundTrip(port, { path: '/?token=one' })).text,
        unknown: await refusal('/?token=two'),
        none: await refusal('/'),
      };
    },
  );

  compare('sees a new token in its file', 'hello', async (program) => {
    const file = join(tempDir(), 'tokens.conf');
    writeFileSync(file, 'one: localhost:1\n');
    const port = await serve(program, ['--target-config', file], []);
    const target = await echoServer();
    writeFileSync(file, `one: localhost:1\ntwo: ${target.address}\n`);
    const found = await until('the token is known', () => roundTrip(port, { path: '/?token=two' }).catch(() => null));
    return found.text;
  });

  compare('connects to a Unix socket', 'hello', async (program) => {
    const path = join(tempDir(), 'target.sock');
    await TcpTarget.listen(echo, { path });
    const port = await serve(program, ['--unix-target', path], []);
    return (await roundTrip(port, {})).text;
  });

  // What --timeout ends is the server: the last session ends it.
  compare('goes on with its sessions after --timeout', 'again', async (program) => {
    const port = await serve(program, ['--timeout', '1'], [(await echoServer()).address]);
    const client = await RawClient.open(port);
    await sleep(3000);
    client.write(clientFrame('again'));
    return (await client.readPayload(5)).toString();
  });

  compare('speaks TLS and plain text on one port', ['hello', 'hello'], async (program) => {
    const { certFile, keyFile } = makeCertificate();
    const target = await echoServer();
    const port = await serve(program, ['--cert', certFile, '--key', keyFile], [target.address]);
    const texts: string[] = [];
    for (const scheme of ['wss', 'ws']) {
      const client = await WsClient.open(`${scheme}://127.0.0.1:${port}/`, { rejectUnauthorized: false });
      client.send(Buffer.from('hello'));
      texts.push((await client.receive(5)).toString());
      await client.close();
    }
    return texts;
  });

  compare('refuses plain text with --ssl-only', 'no answer', async (program) => {
    const { certFile, keyFile } = makeCertificate();
    const port = await serve(program, ['--cert', certFile, '--key', keyFile, '--ssl-only'], ['localhost:1']);
    return handshakeStatus(port, {}).catch(() => 'no answer');
  });

  compare(
    'asks for a name and a password',
    {
      ancestor: { none: [401, true], wrong: 401, right: 101, file: 401, fileRight: 200 },
      bascule: { none: [401, true], wrong: 401, right: 101, file: 401, fileRight: 200 },
    },
    async (program) => {
      const auth = ['--auth-plugin', 'BasicHTTPAuth', '--auth-source', 'jane:se:cret', '--web-auth', '--web', site()];
      const port = await serve(program, auth, [(await echoServer()).address]);
      const first = await ask(port, '/', { headers: HANDSHAKE });
      return {
        none: [first.status, (first.headers['www-authenticate'] ?? '').startsWith('Basic realm=')],
        wrong: await handshakeStatus(port, basic('jane:guess')),
        right: await handshakeStatus(port, basic('jane:se:cret')),
        file: (await ask(port, '/vnc.html')).status,
        fileRight: (await ask(port, '/vnc.html', { headers: basic('jane:se:cret') })).status,
      };
    },
  );

  compare('takes pages of the expected origins only', { right: 101, wrong: 403, none: 403 }, async (program) => {
    const auth = ['--auth-plugin', 'ExpectOrigin', '--auth-source', 'https://a.example https://b.example'];
    const port = await serve(program, auth, [(await echoServer()).address]);
    return {
      right: await handshakeStatus(port, { Origin: 'https://b.example' }),
      wrong: await handshakeStatus(port, { Origin: 'https://c.example' }),
      none: await handshakeStatus(port, {}),
    };
  });
});
