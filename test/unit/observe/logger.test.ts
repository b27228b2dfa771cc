import { describe, expect, test } from 'vitest';
import { createJsonLogger, createTextLogger, LOG_LEVELS, type LogLevel } from '../../../src/observe/logger.ts';

const now = (): Date => new Date(2026, 0, 2, 3, 4, 5);

/** What a logger of each kind writes when every level is logged once. */
function linesOf(level: LogLevel, kind: 'text' | 'json'): string[] {
  const lines: string[] = [];
  const options = { level, write: (line: string) => void lines.push(line), now };
  const logger = kind === 'json' ? createJsonLogger(options) : createTextLogger({ ...options, colour: false });
  for (const each of LOG_LEVELS) logger.log(each, `a ${each}`, { session: 1 });
  return lines;
}

describe.each(['text', 'json'] as const)('the %s logger', (kind) => {
  test.each([
    ['error', 1],
    ['warn', 2],
    ['info', 3],
    ['debug', 4],
  ] as const)('writes at level %s the %d most important levels', (level, count) => {
    expect(linesOf(level, kind)).toHaveLength(count);
  });

  test('ends every line', () => {
    for (const line of linesOf('debug', kind)) expect(line).toMatch(/^[^\n]+\n$/);
  });
});

describe('the JSON logger', () => {
  test('writes level, time, fields and message', () => {
    expect(JSON.parse(linesOf('warn', 'json')[1]!)).toEqual({
      level: 'warn',
      time: now().toISOString(),
      session: 1,
      msg: 'a warn',
    });
  });

  test('keeps what is for people out', () => {
    const lines: string[] = [];
    createJsonLogger({ level: 'info', write: (line) => void lines.push(line) }).log('info', 'm', {}, ['dump']);
    expect(lines.join('')).not.toContain('dump');
  });
});

describe('the text logger', () => {
  test('writes the time of day, the level where it matters, and the message', () => {
    expect(linesOf('debug', 'text')).toEqual([
      '03:04:05 error: a error\n',
      '03:04:05 warn: a warn\n',
      '03:04:05 a info\n',
      '03:04:05 a debug\n',
    ]);
  });

  test('indents further lines', () => {
    const lines: string[] = [];
    const logger = createTextLogger({ level: 'info', write: (line) => void lines.push(line), now, colour: false });
    logger.log('info', 'dump', {}, ['one', 'two']);
    expect(lines).toEqual(['03:04:05 dump\n  one\n  two\n']);
  });

  test('colours only when told to, and never beyond its line', () => {
    const lines: string[] = [];
    const logger = createTextLogger({ level: 'debug', write: (line) => void lines.push(line), now, colour: true });
    for (const level of LOG_LEVELS) logger.log(level, 'm', {});
    expect(lines).toEqual([
      '\u001B[31m03:04:05 error: m\u001B[0m\n',
      '\u001B[33m03:04:05 warn: m\u001B[0m\n',
      '03:04:05 m\n',
      '\u001B[2m03:04:05 m\u001B[0m\n',
    ]);
    expect(linesOf('debug', 'text').join('')).not.toContain('\u001B');
  });
});
