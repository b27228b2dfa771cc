import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TokenSourceConfig, TokenTargetConfig } from '../../src/config/model.ts';
import { makeBridge, routeTo, startInProcess } from '../support/bridge-in-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { pluginFile } from '../support/plugin-file.ts';
import { handshakeRequest, RawClient } from '../support/raw-client.ts';
import { TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

const TOKEN = 'a-secret-token';

/** A server that says its name to everybody. */
const named = (name: string): Promise<TcpTarget> => TcpTarget.listen((socket) => socket.write(name));

const tokens = (source: TokenSourceConfig, changes: Partial<TokenTargetConfig> = {}): TokenTargetConfig => ({
  kind: 'token',
  from: 'query',
  source,
  defaultPort: null,
  ...changes,
});

/** What the server behind a path says. */
async function hear(url: string, length: number, host?: string): Promise<string> {
  const client = await WsClient.open(url, host === undefined ? {} : { headers: { Host: host } });
  const text = (await client.receive(length)).toString();
  await client.close();
  return text;
}

/** The status line and the body of a refused handshake. */
async function refusal(port: number, path: string): Promise<string> {
  const client = new RawClient(port);
  client.write(handshakeRequest(port, path));
  const [status = ''] = (await client.readHead()).split('\r\n');
  await client.whenEnded();
  return status;
}

describe('tokens in a file', () => {
  test('lead each client to its server, at any path', async () => {
    const [one, two] = [await named('one'), await named('two')];
    const path = join(tempDir(), 'tokens');
    writeFileSync(path, `${TOKEN}: ${one.address}\nother: ${two.address}\n`);
    const { url } = await startInProcess({ routes: [routeTo(tokens({ kind: 'file', path, watch: true }))] });
    expect(await hear(`${url}/?token=${TOKEN}`, 3)).toBe('one');
    expect(await hear(`${url}/websockify?token=other`, 3)).toBe('two');
    expect(await hear(`${url}/a/b?x=1&token=other&y`, 3)).toBe('two');
  });

  test('are refused with 404 when they are missing or unknown', async () => {
    const path = join(tempDir(), 'tokens');
    writeFileSync(path, 'known: 127.0.0.1:9\n');
    const bridge = await startInProcess({ routes: [routeTo(tokens({ kind: 'file', path, watch: true }))] });
    expect(await refusal(bridge.port, '/')).toBe('HTTP/1.1 404 Not Found');
    expect(await refusal(bridge.port, '/?token=unknown')).toBe('HTTP/1.1 404 Not Found');
    expect(await refusal(bridge.port, '/websockify%3Ftoken=known')).toBe('HTTP/1.1 404 Not Found');
    expect(bridge.refused()).toEqual(['TOKEN_MISSING', 'TOKEN_UNKNOWN', 'TOKEN_MISSING']);
  });

  test('come and go while the bridge runs', async () => {
    const target = await named('one');
    const path = join(tempDir(), 'tokens');
    writeFileSync(path, '');
    const { port, url } = await startInProcess({ routes: [routeTo(tokens({ kind: 'file', path, watch: true }))] });
    const status = (): Promise<string> => refusal(port, `/?token=${TOKEN}`);
    expect(await status()).toContain('404');
    writeFileSync(path, `${TOKEN}: ${target.address}\n`);
    await until('the token is known', async () => {
      const client = new WsClient(`${url}/?token=${TOKEN}`);
      await Promise.race([client.closed, new Promise((resolve) => client.ws.once('open', resolve))]);
      return client.ws.readyState === client.ws.OPEN;
    });
    rmSync(path);
    await until('the token is unknown again', async () => {
      const client = new WsClient(`${url}/?token=${TOKEN}`);
      await Promise.race([client.closed, new Promise((resolve) => client.ws.once('open', resolve))]);
      return client.ws.readyState !== client.ws.OPEN;
    });
  });

  test('are never told to anybody, whatever becomes of the session', async () => {
    const target = await named('one');
    const path = join(tempDir(), 'tokens');
    writeFileSync(path, `${TOKEN}: ${target.address}\n${TOKEN}-closed: 127.0.0.1:1\n`);
    const bridge = await startInProcess({ routes: [routeTo(tokens({ kind: 'file', path, watch: true }))] });
    await hear(`${bridge.url}/path?token=${TOKEN}`, 3);
    await refusal(bridge.port, `/path?token=${TOKEN}-unknown`);
    const closed = await WsClient.open(`${bridge.url}/path?token=${TOKEN}-closed`);
    expect((await closed.whenClosed()).code).toBe(1011);
    await until('all has been told', () => bridge.seen.filter(({ name }) => name === 'session:close').length === 2);
    expect(bridge.told()).toContain('/path');
    expect(bridge.told()).not.toContain(TOKEN);
  });

  test('may be host names', async () => {
    const target = await named('one');
    const path = join(tempDir(), 'tokens');
    writeFileSync(path, `vm1.example.com: 127.0.0.1\n`);
    const source = { kind: 'file', path, watch: true } as const;
    const changes = { from: 'host', defaultPort: target.port } as const;
    const { url, port } = await startInProcess({ routes: [routeTo(tokens(source, changes))] });
    expect(await hear(url, 3, 'VM1.example.com:6080')).toBe('one');
    expect(await refusal(port, `/?token=vm1.example.com`)).toContain('404');
  });

  test('are found after the routes, which may have other targets', async () => {
    const [one, two] = [await named('one'), await named('two')];
    const path = join(tempDir(), 'tokens');
    writeFileSync(path, `${TOKEN}: ${one.address}\n`);
    const byToken = { ...routeTo(tokens({ kind: 'file', path, watch: true })), match: { path: '/t/*', host: null } };
    const rest = routeTo({ kind: 'tcp', host: '127.0.0.1', port: two.port });
    const { url } = await startInProcess({ routes: [byToken, rest] });
    expect(await hear(`${url}/t/x?token=${TOKEN}`, 3)).toBe('one');
    expect(await hear(`${url}/other?token=${TOKEN}`, 3)).toBe('two');
  });
});

test('the name of a socket, as a token, is told to nobody', async () => {
  const directory = tempDir();
  await TcpTarget.listen((socket) => socket.write('one'), { path: join(directory, TOKEN) });
  const bridge = await startInProcess({ routes: [routeTo(tokens({ kind: 'unix-directory', directory }))] });
  expect(await hear(`${bridge.url}/?token=${TOKEN}`, 3)).toBe('one');
  for (const token of ['..', `../${directory.split('/').at(-1)}/${TOKEN}`, `./${TOKEN}`, `${TOKEN}/`])
    expect(await refusal(bridge.port, `/?token=${encodeURIComponent(token)}`)).toContain('404');
  await until('the session is over', () => bridge.seen.some(({ name }) => name === 'session:close'));
  expect(bridge.told()).toContain(`unix:${directory}/[token]`);
  expect(bridge.told()).not.toContain(TOKEN);
});

test.each(['file-name', 'unix-directory'] as const)('a directory has to be there at the start: %s', async (kind) => {
  const directory = join(tempDir(), 'missing');
  const bridge = startInProcess({ routes: [routeTo(tokens({ kind, directory }))] });
  await expect(bridge).rejects.toMatchObject({
    code: 'TOKEN_SOURCE_INVALID',
    detail: expect.stringContaining(`${directory} (it does not exist)`) as string,
  });
});

const plugin = (lookup: string): TokenSourceConfig => ({
  kind: 'plugin',
  source: null,
  module: pluginFile(`export const apiVersion = 1; export const createTokenSource = () => ({ lookup: ${lookup} });`),
});

describe('a plugin with tokens', () => {
  test('that hangs or throws ends one session and no other', async () => {
    const target = await named('one');
    const source = plugin(`(token) => {
    if (token === 'hang') return new Promise(() => {});
    if (token === 'throw') throw new Error('no luck with ' + token);
    if (token === 'nonsense') return { address: 7 };
    return '${target.address}';
  }`);
    const bridge = await startInProcess({ routes: [routeTo(tokens(source))] }, { lookupTimeout: 300 });
    const hanging = refusal(bridge.port, '/?token=hang');
    expect(await refusal(bridge.port, '/?token=throw')).toBe('HTTP/1.1 500 Internal Server Error');
    expect(await refusal(bridge.port, '/?token=nonsense')).toBe('HTTP/1.1 500 Internal Server Error');
    expect(await hear(`${bridge.url}/?token=good`, 3)).toBe('one');
    expect(await hanging).toBe('HTTP/1.1 503 Service Unavailable');
    expect(bridge.refused()).toEqual(['ROUTE_FAILED', 'ROUTE_FAILED', 'ROUTE_TIMEOUT']);
    expect(bridge.told()).toContain('no luck with');
    expect(bridge.told()).not.toContain('no luck with throw');
  });

  test('that cannot be made keeps the bridge from opening anything', async () => {
    const source: TokenSourceConfig = {
      kind: 'plugin',
      module: pluginFile('throw new Error("no luck");'),
      source: null,
    };
    const { server } = makeBridge({ routes: [routeTo(tokens(source))] });
    await expect(server.listen()).rejects.toMatchObject({ code: 'PLUGIN_INVALID' });
    expect(server.addresses).toEqual([]);
  });

  test('is disposed with the bridge', async () => {
    const text = `export const apiVersion = 1;
    export const createTokenSource = ({ log }) => ({ lookup: () => null, dispose() { log.warn('good bye'); } });`;
    const source: TokenSourceConfig = { kind: 'plugin', module: pluginFile(text), source: null };
    const { server, told } = makeBridge({ routes: [routeTo(tokens(source))] });
    atTestEnd(() => server.close(0));
    await server.listen();
    expect(told()).not.toContain('good bye');
    await server.close();
    expect(told()).toContain('good bye');
  });
});
