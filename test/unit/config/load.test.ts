import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatIssue } from '../../../src/config/issue.ts';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import { tryResolve } from '../../../src/config/resolve.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Every mistake of a config text, each on its line. */
function mistakes(text: string): string[] {
  const file = parseConfig(text, 'bridge.yaml');
  if ('issues' in file) return file.issues.map(({ issue, place }) => `${issue.code} ${formatIssue(issue, place)}`);
  const result = tryResolve(file.input);
  if (!('issues' in result)) return [];
  return result.issues
    .toSorted((a, b) => file.offset(a) - file.offset(b))
    .map((issue) => `${issue.code} ${formatIssue(issue, file.place(issue))}`);
}

describe('a config file', () => {
  test('is YAML', () => {
    const file = parseConfig('target: &t localhost:1\nroutes:\n  - { path: /a, target: *t }\n', 'x.yaml');
    expect(file).toMatchObject({ input: { target: 'localhost:1', routes: [{ path: '/a', target: 'localhost:1' }] } });
  });

  test('is JSON', () => {
    expect(parseConfig('{\n\t"target": "echo:", "relay": { "linger": 0 }\n}', 'x.json')).toMatchObject({
      input: { target: 'echo:', relay: { linger: 0 } },
    });
  });

  test('gives the directory for its relative paths', () => {
    const directory = tempDir();
    const file = join(directory, 'bridge.yaml');
    mkdirSync(join(directory, 'site'));
    writeFileSync(file, 'target: echo\nweb: ./site\n');
    const loaded = loadConfig(file);
    expect(loaded).toMatchObject({ name: file, directory });
    if ('issues' in loaded) throw new Error('it has issues');
    const resolved = tryResolve(loaded.input, { directory });
    expect(resolved).toMatchObject({ config: { listeners: [{ web: { root: join(directory, 'site') } }] } });
  });

  test('that cannot be read is refused by name', () => {
    const directory = tempDir();
    expect(() => loadConfig(join(directory, 'none.yaml'))).toThrow(/none\.yaml': no such file/);
    expect(() => loadConfig(directory)).toThrow(/it is a directory/);
  });
});

describe('a mistake in a config file', () => {
  test.each([
    ['', /^CONFIG_SYNTAX bridge\.yaml:1:1: the file is empty; write a line such as target: localhost:5900$/],
    ['- a\n', /^CONFIG_SYNTAX bridge\.yaml:1:1: the file is not a mapping/],
    [
      'target: echo\ntarget: demo\n',
      /^CONFIG_SYNTAX bridge\.yaml:2:1: the key 'target' is there twice; leave out .* at bridge\.yaml:1:1$/,
    ],
    ['target: echo:\n', /^CONFIG_SYNTAX bridge\.yaml:1:9: nested mappings.*; put a value.*into quotes/],
    ['relay: {\n', /^CONFIG_SYNTAX bridge\.yaml:2:1: /],
    ['{"target": "echo:",\n "listen" 6080}', /^CONFIG_SYNTAX bridge\.yaml:2:/],
    ['a: 1\n---\nb: 2\n', /^CONFIG_SYNTAX bridge\.yaml:2:1: .*keep one document/],
    ['target: !secret x\n', /^CONFIG_SYNTAX bridge\.yaml:1:9: unresolved tag/],
    ['target: *gone\n', /^CONFIG_SYNTAX bridge\.yaml:1:9: /],
    ['target: echo\ntarget: x\nrelay: [\nweb: {\n', /^CONFIG_SYNTAX bridge\.yaml:2:1: /],
  ])('of syntax is placed: %j', (text, first) => {
    const [line] = mistakes(text);
    expect(line).toMatch(first);
  });

  test('that upsets the parser is reported alone', () => {
    expect(mistakes('target: [a\nrelay: }{\n  - x: [\n')).toHaveLength(1);
  });

  test('of value or key is placed at the value or the key', () => {
    const text = [
      'listen: 127.0.0.1:99999',
      'targt: echo',
      'target: echo',
      'relay:',
      '  linger: soon',
      '  keepalive: 3',
      'routes:',
      '  - path: vnc',
      '    target: { url: tls://h:1, cca: x }',
      '  - target: ssl://h:1',
      'tls: { only: perhaps }',
      'web: 5',
    ].join('\n');
    expect(mistakes(text)).toEqual([
      "CONFIG_INVALID bridge.yaml:1:9: listen: '127.0.0.1:99999': port 99999 is out of range; give a number from 0 to 65535",
      'CONFIG_UNKNOWN_KEY bridge.yaml:2:1: targt: there is no such key; did you mean target?',
      "CONFIG_INVALID bridge.yaml:5:11: relay.linger: expected a time such as 30s or 250ms, or a number of seconds, got 'soon'; write it like 5s",
      'CONFIG_INVALID bridge.yaml:6:14: relay.keepalive: expected a mapping, got a number; the keys here are interval, misses',
      "CONFIG_INVALID bridge.yaml:8:11: routes[0].path: 'vnc' does not begin with '/'; write /vnc",
      'CONFIG_UNKNOWN_KEY bridge.yaml:9:31: routes[0].target.cca: there is no such key; did you mean ca?',
      "CONFIG_INVALID bridge.yaml:10:13: routes[1].target: 'ssl://h:1': there is no scheme 'ssl'; did you mean tls:?",
      "CONFIG_INVALID bridge.yaml:11:14: tls.only: expected true or false, got 'perhaps'; write true or false",
      'CONFIG_INVALID bridge.yaml:12:6: web: expected the path of a file or directory, got 5; write it like ./file',
    ]);
  });

  test('that lies in what is missing is placed at the mapping that lacks it', () => {
    expect(mistakes('listeners:\n  - listen: 1\n  - target: echo\n    listen: 2\n    tls: { only: true }\n')).toEqual([
      'CONFIG_INVALID bridge.yaml:2:5: listeners[0].target: there is no target; give target, routes or web',
      'CONFIG_INVALID bridge.yaml:5:5: listeners[1].tls.cert: there is no certificate; give tls.cert, or leave out tls.only',
    ]);
  });

  test('behind an alias is placed where it stands', () => {
    const [line] = mistakes('relay: &r\n  linger: soon\nlisteners:\n  - target: echo\n    relay: *r\n').slice(-1);
    expect(line).toMatch(/^CONFIG_INVALID bridge\.yaml:2:11: /);
  });

  test('in a key is found when the key belongs elsewhere', () => {
    expect(mistakes('target: echo\nconnectTimeout: 5\n')[0]).toMatch(/did you mean relay\.connectTimeout\?$/);
  });

  test.each([
    ['a value with a colon', 'web: C:\\x: y\n', /such as 'echo:'$/],
    [
      'keys below a value',
      'target: echo\n  relay: {}\n',
      /:1:9: nested.*; a key has a value, or keys below it, not both/,
    ],
    ['a reserved character', 'target: @x\n', /; put the value into quotes$/],
    ['a tab', 'relay:\n\tlinger: 1\n', /tabs.*; indent with spaces$/],
    ['a line that begins elsewhere', 'relay:\n  linger: 1\n maxMessage: 2\n', /; indent the line like those beside it/],
    ['a backslash', 'target: "\\q"\n', /; double the backslash/],
    ['a quote without an end', "target: 'x\n", /closing 'quote; mend the line$/],
    ['no comma', '{"target": "echo:" "listen": 1}', /; check the commas and brackets$/],
  ])('of syntax comes with the advice that fits: %s', (_what, text, line) => {
    expect(mistakes(text)).toEqual([expect.stringMatching(line)]);
  });

  test.each([
    ['listen: 1\nrelay: {}\nlisten: 2\n', "bridge.yaml:3:1: the key 'listen' is there twice", '1:1'],
    ['routes:\n  - path: /a\n    target: a:1\n    path: /b\n', "bridge.yaml:4:5: the key 'path' is there twice", '2:5'],
    ['{"target": "a:1",\n "target": "b:1"}', "bridge.yaml:2:2: the key 'target' is there twice", '1:2'],
    ['relay: { linger: 1, "linger": 2 }\n', "bridge.yaml:1:21: the key 'linger' is there twice", '1:10'],
  ])('of a key that is there twice names it and both places: %j', (text, what, first) => {
    const remedy = `leave out this one, or the first one at bridge.yaml:${first}`;
    expect(mistakes(text)).toEqual([`CONFIG_SYNTAX ${what}; ${remedy}`]);
  });

  test('that makes a list a key is placed there', () => {
    expect(mistakes('? [a, b]\n: 1\n')).toEqual([expect.stringMatching(/^CONFIG_SYNTAX bridge\.yaml:1:3: a list or/)]);
  });

  test.each([
    ['target: echo\n__proto__: 5\n', '2:1: __proto__'],
    ['target: echo\nconstructor: { a: 1 }\n', '2:1: constructor'],
    ['target: echo\nrelay:\n  __proto__: 5\n', '3:3: relay.__proto__'],
    ['target: echo\nrelay: { keepalive: { toString: 5 } }\n', '2:23: relay.keepalive.toString'],
    ['routes:\n  - target: echo\n    __proto__: { path: /a }\n', '3:5: routes[0].__proto__'],
    ['{ "target": "echo:",\n  "__proto__": { "listen": 80 } }', '2:3: __proto__'],
    ['{ "target": { "url": "echo:", "constructor": 1 } }', '1:31: target.constructor'],
  ])('whose name every object has is an unknown key like any other: %j', (text, place) => {
    const [line] = mistakes(text);
    expect(line?.startsWith(`CONFIG_UNKNOWN_KEY bridge.yaml:${place}: there is no such key; the keys here`)).toBe(true);
  });

  test('named __proto__ is an unknown key like any other', () => {
    expect(mistakes('target: echo\n__proto__: { polluted: 1 }\n')[0]).toMatch(/^CONFIG_UNKNOWN_KEY bridge\.yaml:2:1:/);
  });
});

test('aliases that multiply are refused', () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const aliases = Array.from({ length: 9 }, () => `*a${level - 1}`);
    return `a${level}: &a${level} [${level === 0 ? 'x' : aliases.join(', ')}]`;
  });
  expect(mistakes(levels.join('\n'))).toEqual([expect.stringMatching(/^CONFIG_SYNTAX .*aliases multiply/)]);
});
