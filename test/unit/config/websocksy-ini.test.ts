import { describe, expect, test } from 'vitest';
import { parseIni } from '../../../src/config/websocksy-ini.ts';

describe('a config file of websocksy', () => {
  test('is options in sections, in their order, each with its line', () => {
    const text = '\uFEFF# c\r\n[core]\r\n port = 8001 \r\n\r\n;c\n[ backend ]\na=b=c \n a =\n[core]\nport=2';
    expect(parseIni(text)).toEqual({
      entries: [
        { section: 'core', name: 'port', value: '8001', line: 3 },
        { section: 'backend', name: 'a', value: 'b=c', line: 7 },
        { section: 'backend', name: 'a', value: '', line: 8 },
        { section: 'core', name: 'port', value: '2', line: 10 },
      ],
      mistakes: [],
    });
  });

  test('keeps what looks like a comment within a value', () => {
    const { entries } = parseIni('[backend]\nframing-config = ; # x\n');
    expect(entries).toEqual([expect.objectContaining({ value: '; # x' })]);
  });

  test('has every mistake told, each with its line', () => {
    const { entries, mistakes } = parseIni('a = 1\n[core]\nport\n= 2\n[Backend]\nb = 1\nc\n[backend\n');
    expect(entries).toEqual([expect.objectContaining({ section: 'core', name: 'a' })]);
    expect(mistakes.map(({ line, what }) => `${line}: ${what}`)).toEqual([
      "3: there is no = in 'port'",
      '4: there is no option in front of =',
      "5: there is no section 'Backend'",
      "7: there is no = in 'c'",
      "8: there is no = in '[backend'",
    ]);
    expect(mistakes[2]?.remedy).toBe('did you mean [backend]?');
  });

  test('may say something behind a heading', () => {
    expect(parseIni('[backend] # peers\na = 1\n[core] ; rest\nb = 2').entries.map(({ section }) => section)).toEqual([
      'backend',
      'core',
    ]);
    expect(parseIni('[backend] peers').mistakes).toHaveLength(1);
  });

  test('is linear in its length', () => {
    const { mistakes } = parseIni('[core]\n' + `${'['.repeat(50_000)}\n`.repeat(20));
    expect(mistakes).toHaveLength(20);
  });
});
