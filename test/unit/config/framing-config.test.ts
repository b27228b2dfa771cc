import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../../src/config/describe.ts';
import type { BridgeInput } from '../../../src/config/input.ts';
import { formatIssue, keyOf } from '../../../src/config/issue.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { FramingConfig } from '../../../src/config/model.ts';
import { resolveConfig, tryResolve } from '../../../src/config/resolve.ts';

/** The framings of the routes of the only listener. */
function framings(input: BridgeInput): (FramingConfig | undefined)[] {
  return resolveConfig(input, { directory: '/etc/bridge' }).config.listeners[0]!.routes.map(({ framing }) => framing);
}

function issues(input: unknown): string[] {
  const result = tryResolve(input);
  if (!('issues' in result)) throw new Error('nothing is wrong');
  return result.issues.map((each) => formatIssue(each, keyOf(each.path)));
}

const target = 'localhost:5900';

describe('the framing of a route', () => {
  it.each([
    ['newline', { name: 'newline', config: null }],
    ['newline:crlf', { name: 'newline', config: 'crlf' }],
    ['separator::', { name: 'separator', config: ':' }],
    [
      { name: 'separator', config: String.raw`\r\n` },
      { name: 'separator', config: String.raw`\r\n` },
    ],
    [{ name: 'fixedlength:12' }, { name: 'fixedlength', config: '12' }],
    [{ name: 'dynamic32' }, { name: 'dynamic32', config: null }],
  ])('may be written %j', (framing, framer) => {
    expect(framings({ target, framing })).toEqual([{ framer, unframer: null }]);
  });

  it.each([
    ['./resp.mjs', path.resolve('/etc/bridge/resp.mjs'), null],
    ['/opt/resp.mjs:quick', '/opt/resp.mjs', 'quick'],
    [{ plugin: 'resp.mjs', config: 'a:b' }, path.resolve('/etc/bridge/resp.mjs'), 'a:b'],
    [{ plugin: 'bascule-resp' }, 'bascule-resp', null],
    ['@scope/resp', '@scope/resp', null],
    ['plugin:resp', 'resp', null],
    ['plugin:resp:a:b', 'resp', 'a:b'],
    ['plugin:./resp.mjs', path.resolve('/etc/bridge/resp.mjs'), null],
    [{ name: 'plugin:resp', config: 'a:b' }, 'resp', 'a:b'],
  ])('may be a plugin: %j', (clientFraming, module, source) => {
    const plugin = { kind: 'plugin', module, source };
    expect(framings({ target, clientFraming })).toEqual([
      { framer: null, unframer: { name: 'plugin', config: source, plugin } },
    ]);
  });

  it('is that of the listener or of the whole config where it has none, each direction for itself', () => {
    const routes = [
      { path: '/a', target },
      { path: '/b', target, framing: 'json' },
      { path: '/c', target, clientFraming: 'passthrough' },
    ];
    const newline = { name: 'newline', config: null };
    expect(framings({ routes, framing: 'auto', clientFraming: 'newline' })).toEqual([
      { framer: { name: 'auto', config: null }, unframer: newline },
      { framer: { name: 'json', config: null }, unframer: newline },
      { framer: { name: 'auto', config: null }, unframer: { name: 'passthrough', config: null } },
    ]);
    expect(framings({ target })).toEqual([undefined]);
  });

  it('may be named after a plugin that is given beside it', () => {
    const framingPlugins = ['./resp.mjs:x', 'plugin:records', 'other:y'];
    const module = path.resolve('/etc/bridge/resp.mjs');
    const resp = { kind: 'plugin', module, source: 'x' } as const;
    const routes = [
      { path: '/a', target },
      { path: '/b', target, framing: 'resp', clientFraming: 'resp:z' },
      { path: '/c', target, framing: 'plugin:records', framingPlugins: ['records:q'] },
    ];
    const { listeners } = resolveConfig({ routes, framingPlugins }, { directory: '/etc/bridge' }).config;
    const [first, second, third] = listeners[0]!.routes;
    expect(first!.framingPlugins).toEqual([
      resp,
      { kind: 'plugin', module: 'records', source: null },
      { kind: 'plugin', module: 'other', source: 'y' },
    ]);
    expect(first!.framing).toBeUndefined();
    expect(second!.framing).toEqual({
      framer: { name: 'plugin', config: 'x', plugin: resp },
      unframer: { name: 'plugin', config: 'z', plugin: { ...resp, source: 'z' } },
    });
    expect(third!.framingPlugins).toEqual([{ kind: 'plugin', module: 'records', source: 'q' }]);
  });

  it('is described as it can be written', () => {
    const input = {
      target,
      framing: 'separator:;',
      clientFraming: './resp.mjs:x',
      framingPlugins: ['./resp.mjs', 'records:y'],
    };
    const { expanded, config } = resolveConfig(input);
    const text = describeConfig(expanded);
    const parsed = parseConfig(text, 'described.yaml');
    if ('issues' in parsed) throw new Error(text);
    expect(resolveConfig(parsed.input as BridgeInput).config).toEqual(config);
  });

  it.each([
    [{ target, framing: 'newlin' }, "framing: there is no framing called 'newlin'; did you mean newline?"],
    [{ target, clientFraming: 'json' }, /^clientFraming: json is not for the messages of a client; /],
    [{ target, framing: { name: 'newline', config: 'crfl' } }, /^framing\.config: the sequence of newline is 'crfl'/],
    [{ target, framing: 'newline:crfl' }, /^framing: the sequence of newline is 'crfl'/],
    [{ target, framing: { name: 'nwline', config: 'crlf' } }, /^framing: there is no framing called 'nwline'/],
    [{ target, clientFraming: { name: 'length16', config: 'x' } }, /^clientFraming\.config: length16 has no setting/],
    [
      { target, framing: 'records' },
      /called 'records'; use .*, the path of a plugin, or plugin:NAME for one that is a package$/,
    ],
    [{ target, framing: 'plugin:' }, "framing: 'plugin:' names no plugin; write plugin:NAME"],
    [{ target, framingPlugins: ['a', 'a:x'] }, "framingPlugins: 'a' is there twice; give it once"],
    [{ target, framingPlugins: [] }, /^framingPlugins: the list is empty/],
    [{ target, framing: {} }, 'framing: there is no name; write it like newline, or give a plugin'],
    [
      { target, framing: { name: 'json', plugin: './x.mjs' } },
      'framing: there is a name and a plugin; give one of them',
    ],
    [{ target, framing: 'fixedlength:2000', relay: { maxMessage: 1000 } }, /whole number from 1 to 1000$/],
    [
      { target: 'udp://localhost:53', framing: 'newline' },
      /^framing: newline is for streams: one message is one datagram, so there is nothing to cut; use auto/,
    ],
    [{ target: 'unix-dgram:/run/x', clientFraming: 'newline' }, /^clientFraming: newline is for streams/],
    [{ onSession: () => {}, framing: 'auto' }, /^framing: auto is for streams, and this target takes messages/],
    [{ routes: [{ path: '/a', target, framing: 'auto:x' }] }, /^routes\[0\]\.framing: auto takes no config/],
    [{ target, framing: 7 }, /^framing.*: expected/],
  ])('is checked: %j', (input, message) => {
    const [first, ...rest] = issues(input);
    expect(rest).toEqual([]);
    expect(first).toMatch(message);
  });

  it('may tell text from binary for datagrams', () => {
    expect(framings({ target: 'udp://localhost:53', framing: 'auto' })).toHaveLength(1);
  });
});
