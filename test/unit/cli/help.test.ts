import { describe, expect, test } from 'vitest';
import { helpText } from '../../../src/cli/help.ts';
import { flagsOf } from '../../../src/cli/native-options.ts';
import { OPTIONS } from '../../../src/config/options.ts';

const COMMANDS = ['run', 'serve', 'check', 'schema', 'demo', 'link'] as const;

describe('the help', () => {
  const whole = helpText('run');

  test('begins with the usage and examples', () => {
    expect(whole.indexOf('Usage: bascule [LISTEN] TARGET')).toBe(0);
    expect(whole.indexOf('Examples:')).toBeGreaterThan(0);
    expect(whole.indexOf('Examples:')).toBeLessThan(whole.indexOf('Commands:'));
    expect(whole.indexOf('Commands:')).toBeLessThan(whole.indexOf('--cert FILE'));
  });

  test.each(COMMANDS)('of %s has every flag of the command and no other', (command) => {
    const text = helpText(command);
    const shown = new Set(text.match(/^ {2}(?: {4}|-\w, )--[\w-]+/gm)?.map((line) => line.replace(/.*--/, '--')));
    const flags = flagsOf(command).map(({ flag }) => flag);
    expect(shown).toEqual(new Set(flags));
  });

  test.each(OPTIONS.filter(({ flag, positional, env }) => flag ?? positional ?? env))(
    'has every name of $key somewhere',
    ({ flag, short, positional, env, aliases = [] }) => {
      const everything = COMMANDS.map((command) => helpText(command)).join('\n');
      const names = [flag, short, positional, env, ...aliases.flatMap((alias) => [alias.flag, alias.short])];
      const missing = names.filter(
        (name) => name !== undefined && !new RegExp(`(^|[\\s,])${name}\\b`, 'm').test(everything),
      );
      expect(missing).toEqual([]);
    },
  );

  test('shows defaults', () => {
    expect(whole).toMatch(/--linger TIME[^-]*\[5s\]/);
    expect(whole).toMatch(/LISTEN[^-]*\[6080\]/s);
  });

  test('says what a flag does, not what the option of the file does', () => {
    expect(whole.replaceAll(/\s+/g, ' ')).toContain('--target-no-verify Do not verify the certificate');
  });

  test.each([20, 60, 80, 100, 500])('fits a terminal of %d columns', (columns) => {
    const widest = Math.max(
      ...COMMANDS.flatMap((command) => helpText(command, columns).split('\n')).map((line) => line.length),
    );
    expect(widest).toBeLessThanOrEqual(Math.min(Math.max(columns, 82), 110));
  });

  test('holds nothing but printable text', () => {
    expect(whole).not.toMatch(/[^\n\P{C}]/u);
  });
});
