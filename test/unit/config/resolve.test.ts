import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { BridgeInput } from '../../../src/config/input.ts';
import { describeConfig } from '../../../src/config/describe.ts';
import { keyOf } from '../../../src/config/issue.ts';
import { resolveConfig, tryResolve } from '../../../src/config/resolve.ts';
import { BridgeError } from '../../../src/errors.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** What is wrong with an input, as 'key: what'. */
function issuesOf(input: unknown): string[] {
  const result = tryResolve(input);
  if (!('issues' in result)) throw new Error('nothing is wrong');
  return result.issues.map(({ path, what }) => `${keyOf(path)}: ${what}`);
}

function connect(): Duplex {
  return new Duplex();
}

/** A handler that lets its clients wait. */
function onSession(): void {}

describe('an input', () => {
  test('becomes a listener with a route that takes everything', () => {
    const { config } = resolveConfig({ listen: 7000, target: 'localhost:5900' });
    expect(config.listeners).toHaveLength(1);
    expect(config.listeners[0]).toMatchObject({
      name: '127.0.0.1:7000',
      address: { kind: 'tcp', host: '127.0.0.1', port: 7000 },
      routes: [{ name: 'default', match: { path: null, host: null }, target: { kind: 'tcp' } }],
    });
  });

  test('listens on port 6080 of this machine by default', () => {
    expect(resolveConfig({ target: 'echo:' }).config.listeners[0]!.address).toEqual({
      kind: 'tcp',
      host: '127.0.0.1',
      port: 6080,
    });
  });

  test('may hold a function as a target, also as { connect }', () => {
    for (const target of [connect, { connect }]) {
      const [route] = resolveConfig({ target }).config.listeners[0]!.routes;
      expect(route!.target).toEqual({ kind: 'function', connect });
    }
  });

  test('may hold a handler in place of a target, with a smaller greatest message unless one is given', () => {
    const { config } = resolveConfig({ onSession, routes: [{ path: '/a', onSession, relay: { maxMessage: '3MiB' } }] });
    expect(config.listeners[0]!.routes.map(({ target, relay }) => [target, relay.maxMessage])).toEqual([
      [{ kind: 'handler', onSession }, 3 * 1024 * 1024],
      [{ kind: 'handler', onSession }, 1024 * 1024],
    ]);
    const [given] = resolveConfig({ onSession, relay: { maxMessage: 0 } }).config.listeners[0]!.routes;
    expect(given!.relay.maxMessage).toBe(0);
    const [stream] = resolveConfig({ target: connect }).config.listeners[0]!.routes;
    expect(stream!.relay.maxMessage).toBe(16 * 1024 * 1024);
  });

  test('holds a target or a handler, not both, and no handler beside listeners', () => {
    expect(issuesOf({ target: 'echo:', onSession })).toEqual(['onSession: there is a target, too']);
    expect(issuesOf({ onSession, listeners: [{ target: 'echo:' }] })).toEqual([
      'onSession: beside listeners there is no place for onSession',
    ]);
    expect(issuesOf({ onSession: './handler.mjs' })).toEqual([
      expect.stringMatching(/^onSession: expected .*function.*, got /),
    ]);
  });

  test('has its routes before its target', () => {
    const { config, warnings } = resolveConfig({
      target: 'echo:',
      routes: [
        { path: '/a', target: 'demo:' },
        { host: 'EXAMPLE.com', path: '/*', name: 'mine', target: 'h:1' },
      ],
    });
    expect(config.listeners[0]!.routes.map(({ name, match, target }) => [name, match, target.kind])).toEqual([
      ['/a', { path: '/a', host: null }, 'demo'],
      ['mine', { path: '/*', host: 'example.com' }, 'tcp'],
      ['default', { path: null, host: null }, 'echo'],
    ]);
    expect(warnings).toEqual([]);
  });

  test('gets distinct names where it gives none', () => {
    const route = { path: '/a', target: 'echo:' };
    const { config } = resolveConfig({
      listeners: [
        { listen: 0, routes: [route, route] },
        { listen: 0, target: 'h:1' },
      ],
    });
    expect(config.listeners.map(({ name }) => name)).toEqual(['127.0.0.1:0', '127.0.0.1:0#2']);
    expect(config.listeners[0]!.routes.map(({ name }) => name)).toEqual(['/a', '/a#2']);
  });

  test('is not changed, and what comes of it is frozen through and through', () => {
    const input: BridgeInput = { target: 'echo:', relay: { keepalive: { misses: 3 } }, subprotocols: ['a'] };
    const before = structuredClone(input);
    const { config } = resolveConfig(input);
    expect(input).toEqual(before);
    expect(Object.isFrozen(input.relay)).toBe(false);
    const [route] = config.listeners[0]!.routes;
    for (const part of [config, config.listeners, route, route!.relay.keepalive, route!.subprotocols])
      expect(Object.isFrozen(part)).toBe(true);
  });

  test('may have routes that nothing reaches, with a warning', () => {
    const { warnings } = resolveConfig({ routes: [{ target: 'echo:' }, { path: '/a', target: 'demo:' }] });
    expect(warnings).toEqual([expect.stringMatching(/^routes\[1\]: '\/a' is never reached, because 'default'/)]);
  });

  test('may let listeners take the next free port', () => {
    expect(resolveConfig({ target: 'demo:' }, { nextFreePort: true }).config.listeners[0]!.nextFreePort).toBe(true);
    expect(resolveConfig({ target: 'demo:' }).config.listeners[0]!.nextFreePort).toBe(false);
  });

  test('has its relative paths resolved against a directory', () => {
    const directory = tempDir();
    const { config, log } = resolveConfig(
      { listen: 'unix:b.sock', target: 'unix-dgram:a.sock', web: '.', unixMode: '0660', log: { file: 'b.log' } },
      { directory },
    );
    expect(config.listeners[0]).toMatchObject({
      address: { path: `${directory}/b.sock`, mode: 0o660 },
      web: { root: directory, listing: false },
      routes: [{ target: { path: `${directory}/a.sock` } }],
    });
    expect(log.file).toBe(`${directory}/b.log`);
  });

  test('keeps relative socket paths short when they work as they are', () => {
    expect(resolveConfig({ listen: 'unix:b.sock', target: 'echo:' }).config.listeners[0]!.address).toMatchObject({
      path: 'b.sock',
    });
  });
});

describe('defaults', () => {
  const input: BridgeInput = {
    relay: { linger: '1s', keepalive: { misses: 7 }, highWaterMark: '2KiB' },
    limits: { headerCount: 7, connections: 70 },
    subprotocols: ['top'],
    listeners: [
      {
        listen: 1,
        relay: { linger: '2s', closeTimeout: '2s' },
        limits: { connections: 5 },
        routes: [
          { path: '/a', target: 'echo:', relay: { linger: '3s' }, subprotocols: ['route'] },
          { path: '/b', target: 'echo:' },
        ],
      },
      { listen: 2, target: 'echo:', limits: { headerCount: 8 }, subprotocols: [] },
    ],
  };

  test('of the top are inherited by listeners and those of listeners by routes', () => {
    const [first, second] = resolveConfig(input).config.listeners;
    expect(first!.routes.map(({ relay }) => [relay.linger, relay.closeTimeout, relay.highWaterMark])).toEqual([
      [3000, 2000, 2048],
      [2000, 2000, 2048],
    ]);
    expect(first!.routes[0]!.relay.keepalive).toEqual({ interval: 30_000, misses: 7 });
    expect(second!.routes[0]!.relay.linger).toBe(1000);
    expect([first, second].map((listener) => listener!.limits.headerCount)).toEqual([7, 8]);
    expect(first!.routes.map(({ subprotocols }) => subprotocols)).toEqual([['route'], ['top']]);
    expect(second!.routes[0]!.subprotocols).toEqual([]);
  });

  test('do not hand down the limit of connections, which counts all listeners', () => {
    const { limits, listeners } = resolveConfig(input).config;
    expect(limits.connections).toBe(70);
    expect(listeners.map((listener) => listener.limits.connections)).toEqual([5, 0]);
    const alone = resolveConfig({ target: 'echo:', limits: { connections: 9 } }).config;
    expect([alone.limits.connections, alone.listeners[0]!.limits.connections]).toEqual([9, 0]);
  });
});

describe('an input that is wrong', () => {
  test.each<[unknown, RegExp]>([
    [5, /^: expected an object, got a number/],
    [null, /^: expected an object, got nothing/],
    [{}, /^target: there is no target/],
    [{ listeners: [] }, /^listeners: the list is empty/],
    [{ listeners: {} }, /^listeners: expected a list of listeners/],
    [{ target: {} }, /^target\.url: the target has no address/],
    [{ target: { url: 'h:1', ca: 'x' } }, /^target\.ca: ca is for tls:\/\/ targets/],
    [{ target: { url: 'tls://h:1', key: 'x' } }, /^target\.key: there is a key without a certificate/],
    [{ target: { url: 'echo:', connect: () => null } }, /^target\.connect: there is an address and a function/],
    [{ target: { connect: 5 } }, /^target\.connect: expected a function/],
    [{ target: 5 }, /^target: expected a target such as localhost:5900, got 5/],
    [{ target: 'echo:', web: { listing: true } }, /^web\.root: there is no directory to serve/],
    [{ target: 'echo:', web: '' }, /^web: the value is empty/],
    [
      { target: 'echo:', unixMode: 432 },
      /^unixMode: expected three or four octal digits in quotes, such as '0660', got 432/,
    ],
    [{ target: 'echo:', unixMode: '0999' }, /^unixMode: '0999' is not a file mode/],
    [{ routes: [{ path: '/a' }] }, /^routes\[0\]\.target: the route has no target/],
    [{ routes: [{ path: '/a?b', target: 'echo:' }] }, /more than a path/],
    [{ routes: [{ path: '/*/b', target: 'echo:' }] }, /has a \* that is not at its end/],
    [{ routes: [{ host: 'a:80', target: 'echo:' }] }, /'a:80' is not a host name/],
    [{ target: 'echo:', subprotocols: ['a', 'a'] }, /^subprotocols: 'a' is given twice/],
    [{ target: 'echo:', subprotocols: ['a b'] }, /^subprotocols: 'a b' is not a name/],
    [{ target: 'echo:', subprotocols: 'a' }, /^subprotocols: expected a list of texts, got 'a'/],
    [{ target: 'echo:', limits: { headerCount: 0 } }, /^limits\.headerCount: 0 is less than 1/],
    [{ target: 'echo:', limits: { headerBytes: '2MiB' } }, /^limits\.headerBytes: 2MiB is more than 1MiB/],
    [{ target: 'echo:', relay: { linger: '25d' } }, /^relay\.linger: 25d is more than 24d/],
    [{ target: 'echo:', relay: { connectTimeout: 0 } }, /^relay\.connectTimeout: 0 is less than 1ms/],
    [{ target: 'echo:', log: { level: 'inof' } }, /^log\.level: 'inof' is none of error, warn, info, debug/],
    [{ target: 'echo:', tls: { keyPassword: 5 } }, /^tls\.keyPassword: expected a text, got something else/],
    [{ target: 'echo:', listeners: [{ target: 'echo:' }] }, /^target: beside listeners there is no place for target/],
    [
      {
        listeners: [
          { listen: 1, target: 'echo:' },
          { listen: '127.0.0.1:1', target: 'echo:' },
        ],
      },
      /^listeners\[1\]\.listen: listeners\[0\] listens there too/,
    ],
    [
      {
        listeners: [
          { name: 'a', listen: 1, target: 'echo:' },
          { name: 'a', listen: 2, target: 'echo:' },
        ],
      },
      /^listeners\[1\]\.name: another listener is called 'a'/,
    ],
  ])('is refused: %j', (input, first) => {
    expect(issuesOf(input)[0]).toMatch(first);
  });

  test('is refused with everything that is wrong, files too', () => {
    expect(issuesOf({ web: './none', tls: { cert: './none.pem' }, routes: [{ path: '/' }] })).toEqual([
      expect.stringMatching(/^routes\[0\]\.target:/),
      expect.stringMatching(/^tls\.cert: .*none\.pem/),
      expect.stringMatching(/^web\.root: .*none'/),
    ]);
  });

  test('throws one error for users of the library', () => {
    const input = { target: 'echo:', listen: 'nowhere', relay: { linger: 'soon' } };
    const error = (() => {
      try {
        return resolveConfig(input);
      } catch (thrown) {
        return thrown as BridgeError;
      }
    })();
    expect(error).toBeInstanceOf(BridgeError);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect((error as BridgeError).detail.split('\n')).toEqual([
      expect.stringMatching(/^listen: 'nowhere': the port is missing/),
      expect.stringMatching(/^relay\.linger: /),
    ]);
  });
});

describe('a file mode', () => {
  test.each([
    ['660', 0o660],
    ['0660', 0o660],
    ['1770', 0o1770],
    ['000', 0],
  ])('is three or four octal digits: %s', (unixMode, mode) => {
    const { config, expanded } = resolveConfig({ listen: 'unix:/run/a.sock', unixMode, target: 'echo:' });
    expect(config.listeners[0]!.address).toMatchObject({ kind: 'unix', mode });
    const [printed] = /unixMode: "(\d+)"/.exec(describeConfig(expanded))!.slice(1);
    expect(Number.parseInt(printed!, 8)).toBe(mode);
    expect(printed).toMatch(/^[0-7]{4}$/);
  });

  test.each(['66', '07770', '0o660', '668', 'rw-------', ' 660', ''])('is nothing else: %j', (unixMode) => {
    const result = tryResolve({ listen: 'unix:/run/a.sock', unixMode, target: 'echo:' });
    expect(result).toMatchObject({
      issues: [{ path: ['unixMode'], remedy: 'write three or four octal digits, such as 0660' }],
    });
  });
});

/** The message of the error that an input gives. */
function messageFor(input: unknown): string {
  try {
    resolveConfig(input as BridgeInput);
    return 'none';
  } catch (thrown) {
    return (thrown as BridgeError).message;
  }
}

describe('the error for a library user', () => {
  test.each([
    [undefined, "expected an object, got nothing; give it at least a target, such as { target: 'localhost:5900' }"],
    ['echo:', "expected an object, got a text; give it at least a target, such as { target: 'localhost:5900' }"],
    [{}, 'target: there is no target; give target, routes or web'],
    [{ target: 'echo:', maxConnections: 3 }, 'maxConnections: there is no such key; did you mean limits.connections?'],
    [
      { routes: [{ target: 'echo:', keepalive: 3 }] },
      'routes[0].keepalive: there is no such key; did you mean routes[0].relay.keepalive (with interval, misses)?',
    ],
    [
      { target: 'echo:', subprotocols: [undefined] },
      'subprotocols[0]: expected a text, got nothing; write it like [binary, base64]',
    ],
    [
      { target: 'echo:', auth: { users: [undefined] } },
      expect.stringMatching(/^auth\.users\[0\]: expected a text like 'name:password', got nothing;/),
    ],
    [
      { target: 'echo:', log: () => {} },
      expect.stringMatching(/^log: expected a mapping, got a function; the keys here are level, /),
    ],
    [
      { target: 'echo:', web: '/no/such/directory' },
      expect.stringMatching(/^web\.root: '\/no\/such\/directory': no such file/),
    ],
  ])('says what is wrong once: %j', (input, message) => {
    expect(messageFor(input)).toEqual(message);
  });

  test('has a line for each mistake, and no sentence about mistakes in general', () => {
    const message = messageFor({ listen: 'host:99999', target: 'gopher://x:70', relay: { linger: 'soon' } });
    expect(message.split('\n')).toHaveLength(3);
    expect(message).not.toMatch(/undefined|config value is wrong|an? undefined/);
  });
});
