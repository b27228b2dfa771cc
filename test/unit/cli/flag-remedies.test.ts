import { expect, test } from 'vitest';
import { withFlags } from '../../../src/cli/flag-remedies.ts';
import type { LogFields, Logger } from '../../../src/observe/logger.ts';

const flagOf = (key: string): string | undefined => ({ 'target.ca': '--ssl-target-ca' })[key];

function logged(message: string, fields: LogFields): readonly [message: string, fields: LogFields] {
  const lines: [string, LogFields][] = [];
  const logger: Logger = { log: (_level, text, given) => lines.push([text, given]), enabled: () => true };
  withFlags(logger, flagOf).log('warn', message, fields);
  return lines[0]!;
}

test('a remedy names flags in place of keys, and keys where there is no flag', () => {
  const remedy = 'Give it with target.ca or target.servername.';
  const said = 'Give it with --ssl-target-ca or target.servername.';
  expect(logged(`it failed — ${remedy}`, { error: 'X', remedy })).toEqual([
    `it failed — ${said}`,
    { error: 'X', remedy: said },
  ]);
});

test('what is no remedy stays as it is, however it looks', () => {
  expect(logged('tcp://target.ca:1 failed', {})).toEqual(['tcp://target.ca:1 failed', {}]);
  expect(logged('tcp://target.ca:1 failed — wait', { remedy: 'wait' })[0]).toBe('tcp://target.ca:1 failed — wait');
});
