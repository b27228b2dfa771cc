import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { errorsPage, optionsPage } from '../../scripts/steps/reference.mjs';
import { issueLine } from '../../src/cli/failure.ts';
import { native } from '../../src/cli/native.ts';
import { websockify } from '../../src/cli/websockify.ts';
import { websocksy } from '../../src/cli/websocksy.ts';
import { wsproxy } from '../../src/cli/wsproxy.ts';
import { wswrap } from '../../src/cli/wswrap.ts';
import type { ConfigIssue } from '../../src/config/issue.ts';
import { parseConfig } from '../../src/config/load.ts';
import { GROUPS, OPTIONS } from '../../src/config/options.ts';
import { validate } from '../../src/config/schema.ts';
import { parseTarget } from '../../src/address/target-address.ts';
import { ERRORS, STAGES } from '../../src/errors.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** The fenced blocks of a document in one language. */
function blocks(file: string, language: string): string[] {
  const fences = [...read(file).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return fences.filter(([, named]) => named === language).map(([, , text = '']) => text);
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
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && file !== 'errors.ts')
      .map((file) => read(join('src', file)))
      .join('\n');
    const unused = Object.keys(ERRORS).filter((code) => !sources.includes(`'${code}'`));
    expect(unused).toEqual([]);
  });
});

describe('the guides', () => {
  test.each(blocks('docs/guide/config-file.md', 'yaml'))('have a config that is right: %#', (text) => {
    const value = parse(text) as Record<string, unknown>;
    // Some show a part of a file only.
    const whole = value['target'] || value['routes'] || value['listeners'] ? value : { ...value, target: 'echo:' };
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
    const text = `${read('docs/guide/command-line.md')}${read('docs/guide/config-file.md')}`;
    const flags = new Set(OPTIONS.flatMap(({ flag, aliases = [] }) => [flag, ...aliases.map((alias) => alias.flag)]));
    expect(
      [...text.matchAll(/`[^`]*?(--[a-z][\w-]*)/g)].map(([, flag]) => flag).filter((flag) => !flags.has(flag)),
    ).toEqual([]);
    const variables = new Set(OPTIONS.map(({ env }) => env));
    expect((text.match(/BASCULE_\w+/g) ?? []).filter((name) => !variables.has(name))).toEqual([]);
    const targets = text.match(/`(?:tcp|tls|udp|unix|unix-dgram|echo|demo):[^`]*`/g) ?? [];
    expect(targets.length).toBeGreaterThan(6);
    for (const target of targets.filter((each) => !/PATH|:\/\/`/.test(each)))
      expect(() => parseTarget(target.slice(1, -1))).not.toThrow();
  });

  test('show command lines that are understood', () => {
    const lines = `${blocks('README.md', 'sh').join('\n')}\n${blocks('docs/guide/config-file.md', '').join('\n')}`
      .split(/\n| && /)
      .filter((line) => /^bascule [^:]/.test(line) && !line.startsWith('bascule: '))
      .map((line) => line.replace(/\s[>#].*/, ''));
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      const [first = '', ...rest] = line.trim().split(/\s+/).slice(1);
      const dialect = [websockify, websocksy, wsproxy, wswrap].find(({ name }) => name === first);
      expect(() => (dialect ? dialect.parse(rest, {}) : native.parse([first, ...rest], {}))).not.toThrow();
    }
  });
});
