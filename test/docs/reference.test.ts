import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { errorsPage, optionsPage } from '../../scripts/steps/reference.mjs';
import { issueLine } from '../../src/cli/failure.ts';
import { native } from '../../src/cli/native.ts';
import { wsecho, wstest } from '../../src/cli/test-server.ts';
import { websockify } from '../../src/cli/websockify.ts';
import { websocksy } from '../../src/cli/websocksy.ts';
import { wsproxy } from '../../src/cli/wsproxy.ts';
import { TEST_SERVER_OPTIONS } from '../../src/cli/wsproxy-options.ts';
import { wswrap } from '../../src/cli/wswrap.ts';
import type { ConfigIssue } from '../../src/config/issue.ts';
import { parseConfig } from '../../src/config/load.ts';
import { GROUPS, OPTIONS } from '../../src/config/options.ts';
import { validate } from '../../src/config/schema.ts';
import { parseTarget } from '../../src/address/target-address.ts';
import { ERRORS, STAGES } from '../../src/errors.ts';
import { parsePeerLines } from '../../src/route/peer-lines.ts';
import { blocks, GUIDES, MANUAL, read } from './documents.ts';

const SOURCES = resolve(import.meta.dirname, '../../src');
/** Flags that documents name and that belong to others: Docker and Node, and our script that makes the image. */
const FOREIGN = new Set(['--cap-drop', '--init', '--network', '--sysctl', '--time', '--user', '--fresh']);
/** Guides to files that lead to peers, whose lines have a grammar of their own. */
const PEER_GUIDES = new Set(['docs/guide/peer-files.md', 'docs/guide/framing-plugins.md']);
const DIALECTS = [websockify, websocksy, wsproxy, wswrap, wsecho, wstest];
/** What makes a block a whole config. */
const LEADS = ['target', 'routes', 'listeners', 'peerFiles', 'resolver'];

/** The targets that documents name in their text, but for those with a placeholder. */
function shownTargets(files: readonly string[]): string[] {
  const spans =
    files
      .map(read)
      .join('')
      .match(/`(?:tcp|tls|udp|unix|unix-dgram|echo|demo|load):[^`]*`/g) ?? [];
  const whole = spans.filter((each) => !/PATH`|HOST:PORT|:\/\/`|`unix(?:-dgram)?:`/.test(each));
  return whole.map((each) => each.slice(1, -1));
}

describe('the reference pages', () => {
  test('options.md is made of the option table (npm run docs)', () => {
    expect(read('docs/reference/options.md')).toBe(optionsPage(OPTIONS, GROUPS));
  });

  test('errors.md is made of the error table (npm run docs)', () => {
    expect(read('docs/reference/errors.md')).toBe(errorsPage(ERRORS, STAGES));
  });

  test('hold a row for each option and each error', () => {
    const options = optionsPage(OPTIONS, GROUPS);
    for (const { help } of OPTIONS) expect(options).toContain(`| ${help.replaceAll('|', '\\|')} `);
    const errors = errorsPage(ERRORS, STAGES);
    for (const code of Object.keys(ERRORS)) expect(errors).toContain(`| \`${code}\` `);
  });
});

describe('the error table', () => {
  test('has no row that the source does not use', () => {
    const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && file !== 'errors.ts')
      .map((file) => readFileSync(join(SOURCES, file), 'utf8'))
      .join('\n');
    const unused = Object.keys(ERRORS).filter((code) => !sources.includes(`'${code}'`));
    expect(unused).toEqual([]);
  });
});

describe('the guides', () => {
  const configs = MANUAL.flatMap((file) => blocks(file, 'yaml').map((text, index) => ({ file, index, text })));

  test.each(configs)('have a config that is right: $file, $index', ({ text }) => {
    const value = parse(text) as Record<string, unknown>;
    // Some show a part of a file only.
    const whole = LEADS.some((key) => key in value) ? value : { ...value, target: 'echo:' };
    expect(validate(whole)).not.toHaveProperty('issues');
    expect(parseConfig(text, 'x.yaml')).not.toHaveProperty('issues');
  });

  test('show messages as they are', () => {
    const file = parseConfig('target: echo\nrelai: {}\nrelay:\n  linger: soon\n', 'bridge.yaml');
    const checked = 'issues' in file ? file : validate(file.input);
    if ('issues' in file || !('issues' in checked)) throw new Error('the example has other mistakes');
    const lines = (checked.issues as ConfigIssue[]).map((each) => issueLine(each, file.place(each)));
    const shown = blocks('docs/guide/config-file.md', '').find((text) => text.includes('CONFIG_UNKNOWN_KEY'));
    expect(shown?.trimEnd().split('\n').toSorted()).toEqual(lines.toSorted());
  });

  test('name only flags, variables and targets that exist', () => {
    const text = GUIDES.map(read).join('');
    const flags = new Set([
      ...OPTIONS.flatMap(({ flag, aliases = [] }) => [flag, ...aliases.map((alias) => alias.flag)]),
      ...TEST_SERVER_OPTIONS.map(({ flag }) => flag),
      ...FOREIGN,
    ]);
    const spans = [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`]*)`/g)]
      .map(([, span]) => span)
      .join(' ');
    expect((spans.match(/(?<![\w-])--[a-z][\w-]*/g) ?? []).filter((flag) => !flags.has(flag))).toEqual([]);
    const variables = new Set(OPTIONS.map(({ env }) => env));
    expect((text.match(/BASCULE_\w+/g) ?? []).filter((name) => !variables.has(name))).toEqual([]);
    const targets = shownTargets(GUIDES.filter((file) => !PEER_GUIDES.has(file)));
    expect(targets.length).toBeGreaterThan(10);
    for (const target of targets) expect(() => parseTarget(target)).not.toThrow();
    const peers = shownTargets([...PEER_GUIDES]);
    expect(peers.length).toBeGreaterThan(1);
    expect(parsePeerLines(peers.map((peer) => `${peer} *`).join('\n')).filter(({ peer }) => 'wrong' in peer)).toEqual(
      [],
    );
  });

  test('show command lines that are understood', () => {
    const shell = MANUAL.flatMap((file) => blocks(file, 'sh'));
    const lines = [...shell, ...blocks('docs/guide/config-file.md', '')]
      .join('\n')
      .split(/\n| && /)
      .filter((line) => /^bascule [^:]/.test(line) && !line.startsWith('bascule: '))
      .map((line) => line.replace(/\s[>#].*/, ''));
    expect(lines.length).toBeGreaterThan(15);
    for (const line of lines) {
      const [first = '', ...rest] = line.trim().split(/\s+/).slice(1);
      const dialect = DIALECTS.find(({ name }) => name === first);
      expect(() => (dialect ? dialect.parse(rest, {}) : native.parse([first, ...rest], {}))).not.toThrow();
    }
  });
});
