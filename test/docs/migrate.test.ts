import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AncestorOption } from '../../src/cli/ancestor-option.ts';
import { websockify } from '../../src/cli/websockify.ts';
import { WEBSOCKIFY_OPTIONS } from '../../src/cli/websockify-options.ts';
import { websocksy } from '../../src/cli/websocksy.ts';
import { WEBSOCKSY_OPTIONS } from '../../src/cli/websocksy-options.ts';
import { wsproxy } from '../../src/cli/wsproxy.ts';
import { WSPROXY_OPTIONS, WSWRAP_OPTIONS } from '../../src/cli/wsproxy-options.ts';
import { wswrap } from '../../src/cli/wswrap.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** What a config file of websocksy may hold. */
const configFile = (): string => '[backend]\nhost = localhost:6667\n';

const read = (name: string): string => readFileSync(join(ROOT, 'docs/migrate', name), 'utf8');

describe.each([
  ['from-websockify.md', WEBSOCKIFY_OPTIONS],
  ['from-wsproxy.md', [...WSPROXY_OPTIONS, ...WSWRAP_OPTIONS]],
  ['from-websocksy.md', WEBSOCKSY_OPTIONS],
])('%s', (name, options: readonly AncestorOption[]) => {
  const text = read(name);

  test('speaks of every option', () => {
    const silent = options.filter(({ flag }) => !new RegExp(`${flag}(?![\\w-])`).test(text)).map(({ flag }) => flag);
    expect(silent).toEqual([]);
  });

  test('names no option that does not exist', () => {
    const known = new Set([...options.map(({ flag }) => flag), '--dir', '--global', '--help']);
    const named = [...text.matchAll(/(?<![\w-])--[a-z][\w-]*/g)].map(([flag]) => flag);
    expect(named.filter((flag) => !known.has(flag))).toEqual([]);
  });

  test('shows command lines that are understood', () => {
    const dialects = [websockify, wsproxy, wswrap, websocksy];
    const shell = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join('');
    const lines = [...shell.matchAll(/^(websockify|wsproxy|wswrap|websocksy) (.*)$/gm)];
    expect(lines.length).toBeGreaterThan(0);
    for (const [, program, rest = ''] of lines) {
      const dialect = dialects.find((each) => each.name === program);
      expect(() => dialect?.parse(rest.split(' '), {}, undefined, configFile)).not.toThrow();
    }
  });
});
