import { describe, expect, test } from 'vitest';
import { LOG_LEVELS } from '../../../src/observe/logger.ts';
import { SYSLOG_FACILITIES, syslogMessage, type SyslogSender } from '../../../src/observe/syslog-format.ts';

const TIME = new Date(2026, 10, 2, 3, 4, 5, 67);

function sender(changes: Partial<SyslogSender> = {}): SyslogSender {
  return { format: 'rfc5424', facility: 'daemon', appName: 'bascule', pid: 42, hostname: 'host.example', ...changes };
}

const priorities = (facility: SyslogSender['facility']): string[] =>
  LOG_LEVELS.map((level) => syslogMessage(sender({ facility }), level, TIME, 'x').toString().split('>')[0]!);

const old = (changes: Partial<SyslogSender> = {}): SyslogSender => sender({ format: 'rfc3164', ...changes });

describe('a message by RFC 5424', () => {
  test('has version, time, host, program, process, no id and no structured data', () => {
    expect(syslogMessage(sender(), 'info', TIME, '#1 open').toString()).toBe(
      `<30>1 ${TIME.toISOString()} host.example bascule 42 - - #1 open`,
    );
  });

  test('begins with the mark of UTF-8 only where it is not plain ASCII', () => {
    const message = syslogMessage(sender(), 'info', TIME, 'grün → 🦫');
    const at = message.indexOf(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(message.subarray(0, at).toString()).toMatch(/ - - $/);
    expect(message.subarray(at + 3).toString()).toBe('grün → 🦫');
  });

  test('has no field that the header cannot hold', () => {
    const odd = sender({ appName: 'web söckify[1]', hostname: 'a b\nc' });
    expect(syslogMessage(odd, 'info', TIME, 'x').toString()).toContain(' abc webs');
    expect(syslogMessage(sender({ appName: 'ü', hostname: '' }), 'info', TIME, 'x').toString()).toContain(
      ' - - 42 - - x',
    );
    const long = sender({ appName: 'a'.repeat(100), hostname: 'h'.repeat(300) });
    expect(syslogMessage(long, 'info', TIME, 'x').toString()).toMatch(/ h{255} a{48} 42 - - x$/);
  });
});

describe('a message by RFC 3164', () => {
  test('has local time with a space before a single digit, host and tag', () => {
    expect(syslogMessage(old(), 'warn', TIME, 'x').toString()).toBe('<28>Nov  2 03:04:05 host.example bascule[42]: x');
    const later = new Date(2026, 10, 12, 13, 4, 5);
    expect(syslogMessage(old(), 'warn', later, 'x').toString()).toContain('<28>Nov 12 13:04:05 ');
  });

  test('has no host for the daemon of the own machine', () => {
    expect(syslogMessage(old({ hostname: null }), 'warn', TIME, 'x').toString()).toBe(
      '<28>Nov  2 03:04:05 bascule[42]: x',
    );
  });

  test('has UTF-8 without a mark', () => {
    expect(syslogMessage(old(), 'info', TIME, 'ü').subarray(-2)).toEqual(Buffer.from('ü'));
    expect(syslogMessage(old(), 'info', TIME, 'ü').includes(Buffer.from('\uFEFF'))).toBe(false);
  });
});

const isFacility = (name: string): boolean => Object.keys(SYSLOG_FACILITIES).includes(name);

describe('the priority', () => {
  test('is the facility and how bad it is', () => {
    expect(priorities('user')).toEqual(['<11', '<12', '<14', '<15']);
    expect(priorities('daemon')).toEqual(['<27', '<28', '<30', '<31']);
    expect(priorities('local7')).toEqual(['<187', '<188', '<190', '<191']);
  });

  test('takes known facilities only', () => {
    expect(['user', 'daemon', 'local0'].every(isFacility)).toBe(true);
    expect(['users', '', 'toString', 'local8'].some(isFacility)).toBe(false);
  });
});

describe.each(['rfc5424', 'rfc3164'] as const)('every message by %s', (format) => {
  test('is one line, whatever is in it', () => {
    const text = 'one\n<0>1 forged\r\0\u001B[2J\u2028\uD800\n';
    const message = syslogMessage(sender({ format }), 'info', TIME, text).toString();
    expect(message).toContain(String.raw`one\n<0>1 forged\r\x00\x1b[2J\u{2028}\u{d800}`);
    expect(message).not.toMatch(/\p{Cc}|\u2028/u);
  });

  test('loses the newline that ends a line', () => {
    expect(syslogMessage(sender({ format }), 'info', TIME, 'text\n').toString()).toMatch(/ text$/);
  });

  test.each(['x', 'ü', '→', '🦫'])('is cut at 2048 bytes and at the end of a character: %s', (character) => {
    for (let shift = 0; shift < 4; shift++) {
      const text = 'a'.repeat(shift) + character.repeat(2000);
      const message = syslogMessage(sender({ format }), 'info', TIME, text + character.repeat(100));
      expect(message.length).toBeLessThanOrEqual(2048);
      expect(message.length).toBeGreaterThan(2048 - 5);
      const shown = new TextDecoder('utf-8', { fatal: true }).decode(message);
      expect(shown.endsWith(`${character}...`)).toBe(true);
    }
  });

  test('is whole at just 2048 bytes', () => {
    const head = syslogMessage(sender({ format }), 'info', TIME, '').length;
    const message = syslogMessage(sender({ format }), 'info', TIME, 'x'.repeat(2048 - head));
    expect(message.length).toBe(2048);
    expect(message.toString()).toMatch(/x$/);
  });
});
