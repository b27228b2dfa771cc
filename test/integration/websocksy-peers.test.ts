import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { runBridge, spawnBridge } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { dnsQuery, readDnsAnswer, startDnsServer } from '../support/dns-server.ts';
import { startHttpApi } from '../support/http-api.ts';
import { pluginFile } from '../support/plugin-file.ts';
import { ByteClient } from '../support/byte-client.ts';
import { handshakeRequest } from '../support/raw-client.ts';
import { TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { startWebsocksy, type Websocksy } from '../support/websocksy.ts';
import { WsClient } from '../support/ws-client.ts';

/** A server that says its name and then everything it gets, in capitals. */
const named = (name: string): Promise<TcpTarget> =>
  TcpTarget.listen((socket) => {
    socket.write(`${name}\n`);
    socket.on('data', (data: Buffer) => socket.write(data.toString().toUpperCase()));
  });

/** What stands behind a connection, by its name; or the status with which it is refused. */
async function peerOf(
  url: string,
  options: { readonly headers?: Record<string, string>; readonly protocols?: string[] } = {},
): Promise<string | number> {
  const client = new WsClient(url, { ...options });
  const refused = once(client.ws, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
  const status = await Promise.race([refused, once(client.ws, 'open').then(() => null)]);
  refused.catch(() => undefined);
  if (status) return status[1].statusCode ?? 0;
  const name = await until('the peer has said its name', () => /^(.*)\n/.exec(client.data.toString())?.[1]);
  return client.ws.protocol === '' ? name : `${name} (${client.ws.protocol})`;
}

const cookie = (text: string): { headers: Record<string, string> } => ({ headers: { cookie: text } });

/** A directory of peer files. */
function peerFiles(files: Readonly<Record<string, string>>): string {
  const directory = tempDir();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

const startFiles = (path: string, ...expressions: readonly string[]): Promise<Websocksy> =>
  startWebsocksy(['-b', 'file', '-c', `path=${path}`, ...expressions.flatMap((each) => ['-c', `expression=${each}`])]);

describe('websocksy with peer files', () => {
  test('finds peers by cookie, header and address, and takes the next expression for what is missing', async () => {
    const [one, two, three] = await Promise.all([named('one'), named('two'), named('three')]);
    const path = peerFiles({
      'sessions/7': `tcp://${one.address} *\n`,
      ada: `${two.address} *\n`,
      vms_a: `tcp://${three.address} *\n`,
    });
    const { url, refused } = await startFiles(path, 'sessions/%cookie:id%', '%header:X-User%', '%endpoint%');
    expect(await peerOf(url, cookie('a=b; id=7'))).toBe('one');
    expect(await peerOf(url, { headers: { 'x-user': 'ada', cookie: 'id=8' } })).toBe('two');
    expect(await peerOf(`${url}vms/a?x=y`)).toBe('three');
    expect(await peerOf(`${url}vms/b`, cookie('id=8'))).toBe(404);
    expect(refused.map(({ code }) => code)).toEqual(['PEER_NOT_FOUND']);
  });

  test('chooses the line by subprotocol', async () => {
    const [one, two, any] = await Promise.all([named('one'), named('two'), named('any')]);
    const path = peerFiles({
      room: `# lines\n\ntcp://${one.address} chat\ntcp://${two.address} vnc\ntcp://${any.address} *\n`,
      strict: `tcp://${one.address} chat\n`,
    });
    const { url: bridge } = await startFiles(path, '%endpoint%');
    const url = `${bridge}room`;
    expect(await peerOf(url)).toBe('one');
    expect(await peerOf(url, { protocols: ['chat'] })).toBe('one (chat)');
    expect(await peerOf(url, { protocols: ['vnc', 'chat'] })).toBe('one (chat)');
    expect(await peerOf(url, { protocols: ['vnc'] })).toBe('two (vnc)');
    expect(await peerOf(url, { protocols: ['mqtt', 'amqp'] })).toBe('any (mqtt)');
    expect(await peerOf(`${bridge}strict`, { protocols: ['vnc'] })).toBe(404);
    expect(await peerOf(`${bridge}strict`)).toBe('one');
  });

  test('cuts the stream of each peer as its line says', async () => {
    const target = await TcpTarget.listen((socket) => socket.end('ab;cd;e'));
    const path = peerFiles({
      room: `tcp://${target.address} lines separator ;\ntcp://${target.address} auto\ntcp://${target.address} pairs fixedlength 2\n`,
    });
    const { url: bridge } = await startFiles(path, '%endpoint%');
    const url = `${bridge}room`;
    const messages = async (protocol: string): Promise<unknown[]> => {
      const client = await WsClient.open(url, { protocols: [protocol] });
      await client.whenClosed();
      return client.messages.map(({ data, binary }) => `${binary ? 'binary' : 'text'} ${data.toString()}`);
    };
    expect(await messages('lines')).toEqual(['binary ab;', 'binary cd;', 'binary e']);
    expect(await messages('pairs')).toEqual(['binary ab', 'binary ;c', 'binary d;', 'binary e']);
    expect(await messages('auto')).toEqual(['text ab;cd;e']);
  });

  test('cuts the stream of a peer by a plugin that its line names, and by no other', async () => {
    const target = await TcpTarget.listen((socket) => socket.end('abcd'));
    const plugin = pluginFile(
      `export const apiVersion = 1;
      export const createFraming = ({ source }) => ({
        createFramer: () => ({ push: (chunk) => [...chunk].map((byte) => ({ type: 'text', data: source + byte })) }),
      });`,
      'numbers.mjs',
    );
    const path = peerFiles({
      room: `tcp://${target.address} numbers numbers\ntcp://${target.address} auto\ntcp://${target.address} other ${plugin}x\n`,
    });
    const { url, refused } = await startWebsocksy([
      '-b',
      'file',
      '-c',
      `path=${path}`,
      '-c',
      'expression=%endpoint%',
      '-c',
      `framing-plugin=${plugin}:#`,
    ]);
    const messages = async (protocol: string): Promise<string[]> => {
      const client = await WsClient.open(`${url}room`, { protocols: [protocol] });
      await client.whenClosed();
      return client.messages.map(({ data }) => data.toString());
    };
    expect(await messages('numbers')).toEqual(['#97', '#98', '#99', '#100']);
    expect(await messages('auto')).toEqual(['abcd']);
    expect(await peerOf(`${url}room`, { protocols: ['other'] })).toBe(500);
    expect(refused.map(({ code }) => code)).toEqual(['PEER_INVALID']);
  });

  test('outlives a framing plugin that gives promises', async () => {
    const target = await TcpTarget.listen((socket) => socket.write('hello'));
    const plugin = pluginFile(`export const apiVersion = 1;
      const fail = async () => { throw new Error('no luck'); };
      export const createFraming = () => ({ createFramer: () => ({ push: fail, end: fail, dispose: fail }) });`);
    const bridge = await spawnBridge([
      'websocksy',
      '-l',
      '127.0.0.1',
      '-p',
      '0',
      '-c',
      `host=${target.address}`,
      '-c',
      `framing=${plugin}`,
    ]);
    atTestEnd(() => bridge.stop('SIGKILL'));
    for (let session = 1; session <= 2; session++) {
      const client = await WsClient.open(`ws://127.0.0.1:${bridge.port}/`);
      expect((await client.whenClosed()).code).toBe(1011);
      await bridge.child.waitForOutput(new RegExp(`(dispose failed: no luck[^]*){${session}}`));
    }
    expect(bridge.child.output).toContain('plugin.mjs (push: it gave a promise, and has to answer at once)');
  });

  test('leads to datagrams, too', async () => {
    const port = await startDnsServer({ 'a.example.com': '192.0.2.1' });
    const { url: bridge } = await startFiles(peerFiles({ room: `udp://127.0.0.1:${port} dns binary\n` }), '%endpoint%');
    const client = await WsClient.open(`${bridge}room`, { protocols: ['dns'] });
    client.send(dnsQuery(7, 'a.example.com'));
    await until('an answer has come', () => client.messages.length === 1);
    expect(readDnsAnswer(client.data)).toEqual({ id: 7, code: 0, address: '192.0.2.1' });
  });

  test('sees files that change, while sessions go on', async () => {
    const [one, two] = await Promise.all([named('one'), named('two')]);
    const path = peerFiles({ room: `tcp://${one.address} *\n` });
    const { url: bridge } = await startFiles(path, '%endpoint%');
    const url = `${bridge}room`;
    const client = await WsClient.open(url);
    await client.receive(4);
    writeFileSync(join(path, 'room'), `tcp://${two.address} *\n`);
    expect(await peerOf(url)).toBe('two');
    rmSync(join(path, 'room'));
    expect(await peerOf(url)).toBe(404);
    client.send('still');
    expect((await client.receive(9)).toString()).toBe('one\nSTILL');
  });

  test('names the place of a line that is wrong, and serves everybody else', async () => {
    const one = await named('one');
    const path = peerFiles({
      room: `tcp://${one.address} chat\ntcp://nowhere vnc\ntcp://${one.address} mud nwline\nudp://${one.address} dns newline\n`,
    });
    const { url: bridge, refused } = await startFiles(path, '%endpoint%');
    const url = `${bridge}room`;
    for (const protocol of ['vnc', 'mud', 'dns']) expect(await peerOf(url, { protocols: [protocol] })).toBe(500);
    expect(await peerOf(url, { protocols: ['chat'] })).toBe('one (chat)');
    expect(refused.map(({ code, detail }) => `${code} ${detail}`)).toEqual([
      `PEER_INVALID ${path}/room:2 ('tcp://nowhere': the port is missing)`,
      expect.stringContaining(`PEER_INVALID ${path}/room:3 (there is no framing called 'nwline'`),
      expect.stringContaining(`PEER_INVALID ${path}/room:4 (newline is for streams`),
    ]);
  });

  test('are not left by anything that a client sends', async () => {
    const [inside, outside] = await Promise.all([named('inside'), named('outside')]);
    const path = peerFiles({
      'peers/a': `tcp://${inside.address} *\n`,
      secret: `tcp://${outside.address} *\n`,
      'peers/.hidden': `tcp://${outside.address} *\n`,
    });
    symlinkSync('../secret', join(path, 'peers/link'));
    const { url, port, refused } = await startFiles(join(path, 'peers'), '%cookie:id%', '%endpoint%');
    expect(await peerOf(`${url}a`)).toBe('inside');
    for (const id of ['../secret', '..%2Fsecret', '%2e%2e/secret', '.hidden', 'link', '..', '.', 'x/'.repeat(200)])
      expect(await peerOf(url, cookie(`id=${id}`))).toBe(404);
    // Clients that write their request line themselves.
    for (const target of [
      '/../secret',
      '/%2e%2e/secret',
      '/..%2fsecret',
      '//secret',
      '/a%00',
      '/..\\secret',
      '/a/../../secret',
    ]) {
      const client = new ByteClient(port);
      client.write(handshakeRequest(port, target));
      expect(await client.readHead()).toMatch(/^HTTP\/1\.1 40[04] /);
    }
    expect(refused.every(({ row }) => row.status === 404)).toBe(true);
    expect(outside.sockets).toHaveLength(0);
  });
});

const HTTP_RESOLVER = resolve(import.meta.dirname, '../../examples/plugins/http-resolver.mjs');

describe('websocksy with a plugin for its backend', () => {
  test('asks a service where each connection leads', async () => {
    const one = await named('one');
    const asked: unknown[] = [];
    const { url: api } = await startHttpApi((req, res) => {
      let body = '';
      req.on('data', (chunk) => (body += chunk));
      req.on('end', () => {
        const { path, cookies } = JSON.parse(body) as { path: string; cookies: { id?: string } };
        asked.push(JSON.parse(body));
        const status = { '/denied': 403, '/busy': 503, '/broken': 500 }[path] ?? (cookies.id === '7' ? 200 : 404);
        res
          .writeHead(status)
          .end(JSON.stringify({ address: `tcp://${one.address}`, subprotocol: 'chat', framing: 'newline' }));
      });
    });
    const { url, refused } = await startWebsocksy([
      '-b',
      HTTP_RESOLVER,
      '-c',
      `url=${api}/peers`,
      '-c',
      'cookie=id',
      '-c',
      'header=X-Room',
    ]);
    const found = await peerOf(`${url}a?b=c`, {
      headers: { cookie: 'id=7; other=1', 'x-room': 'blue' },
      protocols: ['vnc', 'chat'],
    });
    expect(found).toBe('one (chat)');
    expect(asked[0]).toMatchObject({
      path: '/a',
      query: '?b=c',
      host: '127.0.0.1',
      client: '127.0.0.1',
      user: null,
      subprotocols: ['vnc', 'chat'],
      cookies: { id: '7' },
      headers: { 'x-room': 'blue' },
    });
    // The subprotocol that the service names is none that this client offers.
    expect(await peerOf(url, { ...cookie('id=7'), protocols: ['vnc'] })).toBe(404);
    expect(await peerOf(url)).toBe(404);
    expect(await peerOf(`${url}denied`)).toBe(403);
    expect(await peerOf(`${url}busy`)).toBe(503);
    expect(await peerOf(`${url}broken`)).toBe(500);
    expect(refused.map(({ code }) => code)).toEqual([
      'SUBPROTOCOL_REFUSED',
      'PEER_NOT_FOUND',
      'PEER_DENIED',
      'PEER_UNAVAILABLE',
      'ROUTE_FAILED',
    ]);
    expect(refused.at(-1)?.detail).toBe(`plugin ${HTTP_RESOLVER} (the service answered 500)`);
  });

  test('has a plugin that throws harm nobody else', async () => {
    const one = await named('one');
    const module = pluginFile(`
      export const apiVersion = 1;
      export const createResolver = () => ({
        resolve({ path }) {
          if (path === '/throws') throw new TypeError('no luck');
          if (path === '/rejects') return Promise.reject(null);
          if (path === '/nonsense') return 42;
          return { address: '${one.address}' };
        },
      });`);
    const { url, refused } = await startWebsocksy(['-b', module]);
    const client = await WsClient.open(url);
    for (const path of ['throws', 'rejects', 'nonsense']) expect(await peerOf(url + path)).toBe(500);
    expect(refused.map(({ code, detail }) => `${code} ${detail.replace(module, 'M')}`)).toEqual([
      'ROUTE_FAILED plugin M (no luck)',
      'ROUTE_FAILED plugin M (null)',
      'ROUTE_FAILED plugin M (it gave a number)',
    ]);
    client.send('still');
    expect((await client.receive(9)).toString()).toBe('one\nSTILL');
    expect(await peerOf(url)).toBe('one');
  });

  test('does not start with a plugin that cannot be used, or an option that it does not take', async () => {
    const missing = await runBridge(['websocksy', '-l', '127.0.0.1', '-p', '0', '-b', './no-such.mjs']);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toMatch(/error PLUGIN_NOT_FOUND: /);
    const option = await runBridge([
      'websocksy',
      '-l',
      '127.0.0.1',
      '-p',
      '0',
      '-b',
      HTTP_RESOLVER,
      '-c',
      'uri=hidden',
    ]);
    expect(option).toMatchObject({ code: 2 });
    expect(option.stderr).toMatch(
      /error PLUGIN_OPTION: plugin .*http-resolver\.mjs \(option uri: the options are url, cookie and header\)/,
    );
    expect(option.stderr).not.toContain('hidden');
    const unfinished = await runBridge(['websocksy', '-l', '127.0.0.1', '-p', '0', '-b', HTTP_RESOLVER]);
    expect(unfinished).toMatchObject({ code: 1 });
    expect(unfinished.stderr).toMatch(/error PLUGIN_INVALID: .*start failed: the option url is missing/);
  });
});

describe('peers in a config of bascule', () => {
  test('are for any route, beside others', async () => {
    const [one, two] = await Promise.all([named('one'), named('two')]);
    const directory = peerFiles({ 'peers/files': `tcp://${one.address} *\n` });
    pluginFile(
      `export const apiVersion = 1; export const createResolver = () => ({ resolve: () => ({ address: '${two.address}' }) });`,
      'resolver.mjs',
      directory,
    );
    writeFileSync(
      join(directory, 'bridge.yaml'),
      [
        'listen: 127.0.0.1:0',
        'routes:',
        "  - { path: /files, peerFiles: { path: peers, expressions: ['%endpoint%'] } }",
        '  - { path: /plugin, resolver: ./resolver.mjs }',
        `target: ${one.address}`,
      ].join('\n'),
    );
    const bridge = await spawnBridge(['serve', '--config', join(directory, 'bridge.yaml')]);
    atTestEnd(() => bridge.stop('SIGKILL'));
    expect(await peerOf(`${bridge.url}files`)).toBe('one');
    expect(await peerOf(`${bridge.url}plugin`)).toBe('two');
    expect(await peerOf(`${bridge.url}other`, { protocols: ['binary'] })).toBe('one (binary)');
  });
});
