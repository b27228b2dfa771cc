import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { PeerFilesTargetConfig, RouteConfig } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import type { Handshake } from '../../../src/handshake.ts';
import { PeerFilesRoute } from '../../../src/route/peer-files-route.ts';
import type { Peer } from '../../../src/route/resolver.ts';
import { createTarget } from '../../../src/target/create-target.ts';
import { makeHandshake } from '../../../src/testing/handshake.ts';
import { relayConfig } from '../bridge/relay-config.ts';
import { tempDir } from '../../support/temp-dir.ts';

const SECRET = 'a-secret-session';

/** A directory with files, and a route that leads to the peers in them. */
function open(
  files: Readonly<Record<string, string>>,
  expressions: readonly string[],
  more: Partial<RouteConfig> = {},
) {
  const base = tempDir();
  const path = join(base, 'peers');
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  const target: PeerFilesTargetConfig = { kind: 'peer-files', path, expressions, directory: '/srv/app' };
  const config: RouteConfig = {
    name: 'consoles',
    match: { path: null, host: null },
    target,
    subprotocols: ['binary'],
    relay: relayConfig(),
    ...more,
  };
  return { base, path, route: new PeerFilesRoute(config, target, createTarget) };
}

const withCookie = (id: string, subprotocols: readonly string[] = []): Handshake =>
  makeHandshake({ path: '/vm', headers: { cookie: `id=${id}` }, subprotocols });

const find = (route: PeerFilesRoute, handshake: Handshake, signal = new AbortController().signal): Promise<Peer> =>
  route.resolve(handshake, null, signal);

async function failure(route: PeerFilesRoute, handshake: Handshake): Promise<BridgeError> {
  const error: unknown = await find(route, handshake).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BridgeError);
  expect((error as BridgeError).row.stage).toBe('route');
  return error as BridgeError;
}

describe('a route by peer files', () => {
  test('leads to the peer of the first file that is there', async () => {
    const { route } = open({ 'vms/7': 'tcp://seven:1 *\n', default: 'tcp://default:1 *\n', vm: 'tcp://vm:1 *\n' }, [
      'vms/%cookie:id%',
      '%header:x-none%',
      'no/such/%endpoint%',
      'default',
      '%endpoint%',
    ]);
    expect((await find(route, withCookie('7'))).target.label).toBe('tcp://seven:1');
    expect((await find(route, withCookie('8'))).target.label).toBe('tcp://default:1');
    expect((await find(route, makeHandshake())).target.label).toBe('tcp://default:1');
  });

  test('gives what the route says, the subprotocol of the line, and the framing of the line or else of the route', async () => {
    const framing = { framer: { name: 'auto', config: null }, unframer: { name: 'newline', config: null } };
    const text = 'tcp://a:1 chat newline crlf\ntcp://b:1 vnc\nudp://c:1 *\n';
    const { route } = open({ vm: text }, ['%endpoint%'], { framing });
    const peer = await find(route, withCookie('', ['vnc', 'chat']));
    expect(peer).toMatchObject({
      route: 'consoles',
      relay: relayConfig(),
      subprotocols: ['chat'],
      strictSubprotocols: true,
    });
    expect(peer.framing).toEqual({ ...framing, framer: { name: 'newline', config: 'crlf' } });
    expect((await find(route, withCookie('', ['vnc']))).framing).toEqual(framing);
    expect((await find(open({ vm: text }, ['%endpoint%']).route, withCookie('', ['vnc']))).framing).toBeUndefined();
  });

  test('takes relative sockets from its directory, and shares targets', async () => {
    const { route } = open({ vm: 'unix://app.sock *\n' }, ['%endpoint%']);
    const peers = await Promise.all([find(route, withCookie('1')), find(route, withCookie('2'))]);
    expect(peers[0].target.label).toBe('unix:/srv/app/app.sock');
    expect(peers[0].target).toBe(peers[1].target);
  });

  test('sees a file that changes, comes and goes', async () => {
    const { route, path } = open({}, ['%endpoint%']);
    expect((await failure(route, withCookie('1'))).code).toBe('PEER_NOT_FOUND');
    for (const host of ['one', 'two']) {
      writeFileSync(join(path, 'vm'), `tcp://${host}:1 *\n`);
      expect((await find(route, withCookie('1'))).target.label).toBe(`tcp://${host}:1`);
    }
    rmSync(join(path, 'vm'));
    expect((await failure(route, withCookie('1'))).row.status).toBe(404);
  });

  test('takes the first line for a client in any of its files', async () => {
    const files = { vm: 'tcp://a:1 chat\n', empty: '# nothing\n', default: 'tcp://b:1 vnc\ntcp://c:1 chat\n' };
    const { route, path } = open(files, ['empty', '%endpoint%', 'default']);
    const labelFor = async (...offered: string[]): Promise<string> =>
      (await find(route, withCookie('1', offered))).target.label;
    expect(await labelFor('chat')).toBe('tcp://a:1');
    expect(await labelFor('vnc')).toBe('tcp://b:1');
    expect(await labelFor()).toBe('tcp://a:1');
    const error = await failure(route, withCookie('1', ['mqtt', 'amqp']));
    expect(error).toMatchObject({ code: 'PEER_NOT_FOUND', row: { status: 404 } });
    expect(error.detail).toBe(`${path}/empty, ${path}/vm, ${path}/default (no line for mqtt, amqp)`);
  });

  test.each([
    ['tcp://a:1 *\ntcp://b chat\n', 2, "'tcp://b': the port is missing"],
    ['tcp://a:1 *\ntcp://b:1 chat nwline\n', 2, "there is no framing called 'nwline'"],
    ['tcp://a:1 chat fixedlength zero\n', 1, 'fixedlength'],
    ['udp://a:1 chat newline\n', 1, 'newline is for streams'],
    ['tls://a:1?ca=/etc/ca.pem chat\n', 1, 'no files may be named here'],
    ['tcp://a:1\n', 1, 'there is no subprotocol'],
  ])('names the place of a line that is wrong: %j', async (text, line, what) => {
    const { route, path } = open({ vm: text.replace('*', 'other') }, ['%endpoint%']);
    const error = await failure(route, withCookie('1', ['chat']));
    expect(error).toMatchObject({ code: 'PEER_INVALID', row: { status: 500 } });
    expect(error.detail).toContain(`${path}/vm:${line} (`);
    expect(error.detail).toContain(what);
  });

  test('never lets a value lead out of the directory', async () => {
    const { route, base, path } = open({ 'vms/inside': 'tcp://inside:1 *\n' }, [
      'vms/%cookie:id%',
      'vms/%query:a%/%query:b%',
    ]);
    writeFileSync(join(base, 'outside'), 'tcp://outside:1 *\n');
    mkdirSync(join(base, 'elsewhere'));
    writeFileSync(join(base, 'elsewhere/file'), 'tcp://outside:1 *\n');
    writeFileSync(join(path, 'beside'), 'tcp://outside:1 *\n');
    writeFileSync(join(path, 'vms/.hidden'), 'tcp://outside:1 *\n');
    symlinkSync('../../outside', join(path, 'vms/link'));
    symlinkSync('../../elsewhere', join(path, 'vms/directory'));
    symlinkSync('inside', join(path, 'vms/alias'));
    symlinkSync('circle', join(path, 'vms/circle'));
    const values = [
      '../beside',
      '..',
      '.',
      '../../outside',
      '/etc/passwd',
      '%2e%2e%2fbeside',
      '.hidden',
      'link',
      'circle',
      'directory',
      'x'.repeat(5000),
    ];
    for (const value of values) expect((await failure(route, withCookie(value))).row.status).toBe(404);
    for (const [a, b] of [
      ['..', 'beside'],
      ['directory', 'file'],
      ['inside', 'x'],
      ['.', 'inside'],
      ['..\0', 'beside'],
    ]) {
      const query = new URLSearchParams([
        ['a', a!],
        ['b', b!],
      ]);
      expect((await failure(route, makeHandshake({ query }))).row.status).toBe(404);
    }
    expect((await find(route, withCookie('inside'))).target.label).toBe('tcp://inside:1');
    expect((await find(route, withCookie('alias'))).target.label).toBe('tcp://inside:1');
  });

  test('follows the operator wherever the part of the operator leads', async () => {
    const { route, base, path } = open({}, ['link/%cookie:id%', '../default']);
    mkdirSync(join(base, 'elsewhere'));
    writeFileSync(join(base, 'elsewhere/7'), 'tcp://seven:1 *\n');
    writeFileSync(join(base, 'default'), 'tcp://default:1 *\n');
    symlinkSync('../elsewhere', join(path, 'link'));
    expect((await find(route, withCookie('7'))).target.label).toBe('tcp://seven:1');
    expect((await find(route, withCookie('8'))).target.label).toBe('tcp://default:1');
  });

  test('refuses with 500, instead of going on, when a file cannot be read', async () => {
    const { route, path } = open({ 'vms/7': 'x'.repeat(256 * 1024 + 1), default: 'tcp://b:1 *\n' }, [
      'vms/%cookie:id%',
      'default',
    ]);
    const error = await failure(route, withCookie('7'));
    expect(error).toMatchObject({ code: 'ROUTE_FAILED', row: { status: 500 } });
    expect(error.detail).toBe(`peer file ${path}/vms/%cookie:id% (it is larger than 256 KiB)`);
  });

  test('repeats nothing that a client sent in a cookie', async () => {
    const { route } = open({ [`${SECRET}-1`]: 'tcp://a:1 other\n', [`${SECRET}-2`]: 'nonsense\n' }, ['%cookie:id%']);
    for (const id of [`${SECRET}-1`, `${SECRET}-2`, `${SECRET}-3`]) {
      const error = await failure(route, withCookie(id, ['chat']));
      expect(inspect(error, { depth: 9 })).not.toContain(SECRET);
    }
  });

  test('needs its directory when it starts, and none of the files', async () => {
    const { route, path } = open({}, ['%endpoint%']);
    await route.start();
    rmSync(path, { recursive: true });
    await expect(route.start()).rejects.toMatchObject({
      code: 'PEER_FILES_INVALID',
      detail: `${path} (it does not exist)`,
    });
    writeFileSync(path, '');
    await expect(route.start()).rejects.toMatchObject({ detail: `${path} (it is no directory)` });
  });
});
