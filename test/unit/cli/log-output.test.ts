import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLog, wantsColour } from '../../../src/cli/log-output.ts';
import type { LogSettings } from '../../../src/config/expand.ts';
import { tempDir } from '../../support/temp-dir.ts';

const settings = (file: string, format: LogSettings['format']): LogSettings => ({
  level: 'info',
  format,
  file,
  syslog: null,
  syslogFormat: 'rfc5424',
  syslogFacility: 'daemon',
  syslogName: 'bascule',
  stderr: false,
  traffic: false,
});

test('a log file gets its lines at once, after what is there, without colours', () => {
  const file = join(tempDir(), 'bridge.log');
  openLog(settings(file, 'text'), {}).logger.log('warn', 'first', {});
  openLog(settings(file, 'text'), {}).logger.log('error', 'second', {});
  expect(readFileSync(file, 'utf8')).toMatch(/^\d\d:\d\d:\d\d warn: first\n\d\d:\d\d:\d\d error: second\n$/);
  expect(statSync(file).mode & 0o007).toBe(0);
});

test('a file is no terminal, so auto means JSON', () => {
  const file = join(tempDir(), 'bridge.log');
  openLog(settings(file, 'auto'), {}).logger.log('info', 'hello', { session: 3 });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ level: 'info', msg: 'hello', session: 3 });
});

test('a log file that cannot be written is refused', () => {
  expect(() => openLog(settings('/no-such-directory/bridge.log', 'json'), {})).toThrow(
    /'\/no-such-directory\/bridge\.log': no such file or directory: the log file cannot be written/,
  );
});

test('colours are for those who want them', () => {
  expect(wantsColour({})).toBe(true);
  expect(wantsColour({ NO_COLOR: '' })).toBe(true);
  expect(wantsColour({ NO_COLOR: '1' })).toBe(false);
  expect(wantsColour({ TERM: 'dumb' })).toBe(false);
});
