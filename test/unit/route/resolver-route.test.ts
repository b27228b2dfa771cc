import { describe, expect, test } from 'vitest';
import type { ResolverTargetConfig, RouteConfig } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import { ResolverRoute } from '../../../src/route/resolver-route.ts';
import type { Peer } from '../../../src/route/resolver.ts';
import { createTarget } from '../../../src/target/create-target.ts';
import { makeHandshake } from '../../../src/testing/handshake.ts';
import { relayConfig } from '../bridge/relay-config.ts';
import { pluginFile } from '../../support/plugin-file.ts';

/** A route whose plugin has this body, and is given these options. */
function open(body: string, options: ResolverTargetConfig['options'] = [], more: Partial<RouteConfig> = {}) {
  const warnings: string[] = [];
  const module = pluginFile(`export const apiVersion = 1;\n${body}`);
  const target: ResolverTargetConfig = { kind: 'resolver', plugin: { kind: 'plugin', module, source: null }, options };
  const config: RouteConfig = {
    name: 'the route',
    match: { path: null, host: null },
    target,
    subprotocols: ['binary'],
    relay: relayConfig(),
    ...more,
  };
  return {
    route: new ResolverRoute(config, target, createTarget, (message) => warnings.push(message)),
    module,
    warnings,
  };
}

/** A route whose plugin answers with an expression of JavaScript, which knows the handshake and the identity. */
const answering = (answer: string, more: Partial<RouteConfig> = {}): ResolverRoute =>
  open(
    `export const createResolver = () => ({ resolve: async (handshake, identity, signal) => (${answer}) });`,
    [],
    more,
  ).route;

const find = (route: ResolverRoute, signal = new AbortController().signal): Promise<Peer> =>
  route.resolve(makeHandshake({ path: '/vm' }), { name: 'ada' }, signal);

const labelOf = async (answer: string): Promise<string> => (await find(answering(answer))).target.label;

async function failure(route: ResolverRoute): Promise<BridgeError> {
  const error: unknown = await find(route).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BridgeError);
  expect((error as BridgeError).row.stage).toBe('route');
  return error as BridgeError;
}

describe('a route by a resolver plugin', () => {
  test.each([
    ["{ address: 'tcp://vm:5900' }", 'tcp://vm:5900'],
    ["{ address: 'vm:5900' }", 'tcp://vm:5900'],
    ["{ address: 'udp://vm:53' }", 'udp://vm:53'],
    ["{ address: 'tls://vm:993?servername=a.example' }", 'tls://vm:993'],
    ["{ address: 'unix:///run/app.sock' }", 'unix:/run/app.sock'],
    ["{ address: 'unix-dgram:/run/app.sock' }", 'unix-dgram:/run/app.sock'],
    ["{ address: { host: 'vm', port: 5900 } }", 'tcp://vm:5900'],
    ["{ address: { host: '::1', port: '5900' } }", 'tcp://[::1]:5900'],
    ["{ address: { host: 'udp://vm', port: 53 } }", 'udp://vm:53'],
    ['{ address: `tcp://${identity.name}${handshake.path.slice(1)}:1` }', 'tcp://adavm:1'],
  ])('leads to the address that it gives: %s', async (answer, label) => expect(await labelOf(answer)).toBe(label));

  test('gives what the route says, and what the plugin says in place of it', async () => {
    const framing = { framer: { name: 'auto', config: null }, unframer: null };
    const more = { framing, strictSubprotocols: true };
    const address = "address: 'vm:1'";
    expect(await find(answering(`{ ${address} }`, more))).toMatchObject({
      route: 'the route',
      subprotocols: ['binary'],
      strictSubprotocols: true,
      relay: relayConfig(),
      framing,
    });
    expect((await find(answering(`{ ${address}, subprotocol: 'chat' }`))).subprotocols).toEqual(['chat']);
    expect((await find(answering(`{ ${address}, subprotocol: '*' }`))).subprotocols).toEqual(['*']);
    expect((await find(answering(`{ ${address}, subprotocol: '' }`))).subprotocols).toEqual([]);
    const framed = await find(answering(`{ ${address}, framing: 'separator', framingConfig: ';' }`));
    expect(framed.framing).toEqual({ framer: { name: 'separator', config: ';' }, unframer: null });
  });

  test('names the framing plugin of its route by module or file, without a config of its own', async () => {
    const framer = {
      name: 'plugin',
      config: 'x',
      plugin: { kind: 'plugin', module: '/srv/resp.mjs', source: 'x' },
    } as const;
    const more = { framing: { framer, unframer: null } };
    const besides = {
      framing: { framer: { name: 'auto', config: null }, unframer: null },
      framingPlugins: [framer.plugin],
    };
    for (const own of [more, besides])
      for (const name of [
        'resp',
        'resp.mjs',
        './resp.mjs',
        'srv/resp.mjs',
        '/srv/resp.mjs',
        "resp', framingConfig: 'x",
      ])
        expect((await find(answering(`{ address: 'vm:1', framing: '${name}' }`, own))).framing?.framer).toEqual(framer);
    expect((await find(answering("{ address: 'vm:1' }", besides))).framing?.framer?.name).toBe('auto');
    expect((await find(answering("{ address: 'vm:1', framing: 'json' }", besides))).framing?.framer?.plugin).toBe(
      undefined,
    );
    for (const answer of ["framing: '/srv/other.mjs'", "framing: 'resp', framingConfig: 'y'"])
      expect((await failure(answering(`{ address: 'vm:1', ${answer} }`, more))).code).toBe('PEER_INVALID');
  });

  test('shares targets among sessions', async () => {
    const route = answering("{ address: 'vm:1' }");
    expect((await find(route)).target).toBe((await find(route)).target);
  });

  test.each([
    ['null', 'PEER_NOT_FOUND', 404, ''],
    ['undefined', 'PEER_NOT_FOUND', 404, ''],
    ['{ refuse: 404 }', 'PEER_NOT_FOUND', 404, ''],
    ["{ refuse: 403, reason: 'not on Sundays' }", 'PEER_DENIED', 403, ' (not on Sundays)'],
    ["{ refuse: 503, reason: 'all are\\nbusy' }", 'PEER_UNAVAILABLE', 503, ' (all are)'],
  ])('refuses with %s', async (answer, code, status, detail) => {
    const error = await failure(answering(answer));
    expect(error).toMatchObject({ code, row: { status } });
    expect(error.detail).toMatch(/^plugin .*\.mjs/);
    expect(error.detail.endsWith(detail)).toBe(true);
  });

  test.each([
    ["'vm:1'", 'it gave a string'],
    ['42', 'it gave a number'],
    ['{}', 'an object without an address'],
    ['{ address: 7 }', 'an object without an address'],
    ['{ address: {} }', 'an object without an address'],
    ["{ address: 'vm:1', subprotocol: 'a,b' }", 'a subprotocol that is none'],
    ["{ address: 'vm:1', subprotocol: 7 }", 'a subprotocol that is none'],
    ["{ address: 'vm:1', framing: 7 }", 'a framing that is no text'],
    ["{ address: 'vm:1', framing: 'json', framingConfig: {} }", 'a framing that is no text'],
    ['{ refuse: 200 }', 'it refuses with 200'],
    ["{ refuse: 'toString' }", 'it refuses with toString'],
    ["(() => { throw new Error('no\\nluck'); })()", 'no'],
    ["Promise.reject('no luck')", 'no luck'],
    ['Promise.reject(Object.create(null))', 'something that has no text'],
    ['{ refuse: Object.create(null) }', 'it refuses with something that has no text'],
    ["{ get address() { throw new Error('no luck'); } }", 'no luck'],
  ])('fails with 500 for %s', async (answer, what) => {
    const error = await failure(answering(answer));
    expect(error).toMatchObject({ code: 'ROUTE_FAILED', row: { status: 500 } });
    expect(error.detail).toContain(`(${what.startsWith('a') ? 'it gave ' : ''}${what}`);
  });

  test.each([
    ["{ address: 'vm' }", 'the port is missing'],
    ["{ address: 'echo:' }", 'the port is missing'],
    ["{ address: 'http://vm:1' }", 'a peer has no scheme'],
    ...["'x'", '70000', '0', "''", "'1e3'", "'0x50'", "' 80'", '80.5', '-1', 'NaN'].map((port) => [
      `{ address: { host: 'vm', port: ${port} } }`,
      'is not a port from 1 to 65535',
    ]),
    ["{ address: 'unix://app.sock' }", 'is not absolute'],
    ["{ address: 'tls://vm:1?key=/etc/key' }", 'no files may be named here'],
    ["{ address: 'vm:1', framing: 'nwline' }", 'no framing called'],
    ["{ address: 'udp://vm:1', framing: 'newline' }", 'is for streams'],
  ])('refuses a peer that cannot be used: %s', async (answer, what) => {
    const error = await failure(answering(answer));
    expect(error).toMatchObject({ code: 'PEER_INVALID', row: { status: 500 } });
    expect(error.detail).toMatch(/^plugin .*\.mjs \(/);
    expect(error.detail).toContain(what);
  });

  const COLLECTING = `
    export function createResolver() {
      const seen = [];
      return {
        async configure(name, value) {
          await null;
          if (name === 'bad') throw new Error('what is ' + name + '?');
          seen.push(name + '=' + value);
        },
        start() { seen.push('start'); if (seen.includes('stop=now')) throw new Error('stopped'); },
        resolve: () => ({ address: 'vm:1', subprotocol: seen.join('-').replaceAll('=', '.') }),
      };
    }`;

  test('gives the options in their order, once, before anything is resolved', async () => {
    const options = [
      { name: 'a', value: '1' },
      { name: 'b', value: '' },
      { name: 'a', value: '2' },
    ];
    const { route } = open(COLLECTING, options);
    await route.start();
    expect((await find(route)).subprotocols).toEqual(['a.1-b.-a.2-start']);
    // Without a start, too, and once for many.
    const other = open(COLLECTING, options).route;
    const peers = await Promise.all([find(other), find(other)]);
    for (const { subprotocols } of peers) expect(subprotocols).toEqual(['a.1-b.-a.2-start']);
  });

  test('does not start with an option that the plugin does not take', async () => {
    const bad = open(COLLECTING, [{ name: 'bad', value: 'hidden' }]);
    const error: unknown = await bad.route.start().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PLUGIN_OPTION', detail: `plugin ${bad.module} (option bad: what is bad?)` });
    const deaf = open('export const createResolver = () => ({ resolve: () => null });', [{ name: 'a', value: '1' }]);
    await expect(deaf.route.start()).rejects.toMatchObject({ code: 'PLUGIN_OPTION' });
    expect((await failure(deaf.route)).code).toBe('ROUTE_FAILED');
  });

  test('does not start when the plugin does not', async () => {
    const { route } = open(COLLECTING, [{ name: 'stop', value: 'now' }]);
    await expect(route.start()).rejects.toMatchObject({ code: 'PLUGIN_INVALID' });
    await expect(open('export const createAuthenticator = () => {};').route.start()).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
    });
    const module = pluginFile('export const apiVersion = 2;\nexport const createResolver = () => null;');
    const target = { kind: 'resolver', plugin: { kind: 'plugin', module, source: null }, options: [] } as const;
    const config = { name: '', match: { path: null, host: null }, target, subprotocols: [], relay: relayConfig() };
    await expect(new ResolverRoute(config, target, createTarget, () => {}).start()).rejects.toThrow(
      'written for version 2 of the plugin API',
    );
  });

  test('ends with the reason of the deadline, whatever the plugin does', async () => {
    for (const body of [
      'new Promise(() => {})',
      "new Promise((_, no) => signal.addEventListener('abort', () => no(1)))",
    ]) {
      const abort = new AbortController();
      const late = new BridgeError('ROUTE_TIMEOUT');
      const found = find(answering(body), abort.signal);
      setTimeout(() => abort.abort(late), 20);
      await expect(found).rejects.toBe(late);
    }
  });

  test('refuses once it has been disposed', async () => {
    const route = answering("{ address: 'vm:1' }");
    await find(route);
    await route.dispose();
    await route.dispose();
    await expect(find(route)).rejects.toMatchObject({ code: 'SHUTDOWN' });
  });
});
