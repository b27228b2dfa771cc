import { describe, expect, test } from 'vitest';
import { LineEditor } from '../../../../src/web/terminal/line-editor.ts';

const LEFT = '\u001b[D';
const UP = '\u001b[A';
const DOWN = '\u001b[B';
const BACKSPACE = '\u007f';

/** An editor after some keys. */
function typed(...keys: string[]): LineEditor {
  const editor = new LineEditor();
  for (const key of keys) editor.input(key);
  return editor;
}

describe('editing', () => {
  test.each([
    ['inserts at the cursor', ['helo', LEFT, 'l'], 'hello'],
    ['removes before the cursor', ['hello', LEFT, BACKSPACE], 'helo'],
    ['removes at the cursor', ['hello', LEFT, LEFT, '\u001b[3~'], 'helo'],
    ['goes to the start and to the end', ['b', '\u0001', 'a', '\u0005', 'c'], 'abc'],
    ['removes a word', ['one two  ', '\u0017'], 'one '],
    ['jumps over words', ['one two', '\u001b[1;5D', 'x', '\u0001', '\u001b[1;5C', 'y'], 'oney xtwo'],
    ['removes what is before the cursor', ['abc', LEFT, '\u0015'], 'c'],
    ['removes what is after the cursor', ['abc', LEFT, '\u000b'], 'ab'],
    ['removes a whole emoji', ['a👩‍👩‍👧', BACKSPACE], 'a'],
    ['joins an accent to its letter', ['e', '\u0301', BACKSPACE], ''],
    ['passes over keys it does not know', ['a', '\u001b[24~', '\u001bOP', '\u0000', 'b'], 'ab'],
    ['passes over what the terminal answers', ['a', '\u001b[?1;2c', '\u001b[>0;276;0c', '\u001b[?2026;2$y', 'b'], 'ab'],
    [
      'passes over colours and settings',
      ['a', '\u001b]10;rgb:1414/2525/2a2a\u001b\\', '\u001bP1$r0m\u001b\\', 'b'],
      'ab',
    ],
    ['passes over the mouse', ['a', '\u001b[<0;10;5M\u001b[<0;10;5m', 'b'], 'ab'],
    [
      'knows the arrows in their other form',
      ['ac', '\u001bOD', 'b', '\u001bOC', 'd', '\u001bOH', '>', '\u001bOF', '<'],
      '>abcd<',
    ],
    ['stays at the edges', ['a', LEFT, LEFT, LEFT, BACKSPACE, 'b'], 'ba'],
  ])('%s', (_name, keys, text) => {
    expect(typed(...keys).text).toBe(text);
  });
});

describe('what it asks for', () => {
  test('Enter submits the line and empties it', () => {
    const editor = typed('hello', LEFT);
    expect(editor.input('\r')).toEqual([{ kind: 'submit', line: 'hello' }]);
    expect(editor.text).toBe('');
  });

  test('pasted lines are submitted one by one, the last is left to edit', () => {
    const editor = new LineEditor();
    expect(editor.input('one\rtwo\r\nthree')).toEqual([
      { kind: 'submit', line: 'one' },
      { kind: 'submit', line: 'two' },
    ]);
    expect(editor.text).toBe('three');
  });

  test('Ctrl-C drops the line, Ctrl-L clears, Ctrl-D ends on an empty line only', () => {
    const editor = typed('ab');
    expect(editor.input('\u0001\u0004')).toEqual([]);
    expect(editor.text).toBe('b');
    expect(editor.input('\u0003')).toEqual([{ kind: 'interrupt', line: 'b' }]);
    expect(editor.input('\u000c')).toEqual([{ kind: 'clear' }]);
    expect(editor.input('\u0004')).toEqual([{ kind: 'end' }]);
  });

  test('a line of a hundred thousand characters can be moved through', () => {
    const text = 'x'.repeat(200_000);
    const editor = typed(text, '\u0001', 'a', '\u0005', 'b');
    expect(editor.input('\r')).toEqual([{ kind: 'submit', line: `a${text}b` }]);
  });
});

describe('history', () => {
  test('goes back and forth and keeps the line that was being typed', () => {
    const editor = typed('one\r', 'two\r', 'draft', UP);
    expect(editor.text).toBe('two');
    editor.input(UP);
    expect(editor.text).toBe('one');
    editor.input(UP + DOWN);
    expect(editor.text).toBe('two');
    editor.input(DOWN);
    expect(editor.text).toBe('draft');
  });

  test('goes back from the line that was typed last, also after one that was given up', () => {
    expect(typed('one\r', 'two\r', UP, UP, '\u0003', UP).text).toBe('two');
    const editor = typed('one\r', 'two\r', UP, UP);
    editor.take();
    editor.input(UP);
    expect(editor.text).toBe('two');
  });

  test('goes back with the other form of the keys', () => {
    expect(typed('one\r', 'two\r', '\u001bOA', '\u001bOA', '\u001bOB').text).toBe('two');
  });

  test('keeps neither empty lines nor repetitions', () => {
    const editor = typed('one\r', 'one\r', ' \r', UP, UP);
    expect(editor.text).toBe('one');
    editor.input(DOWN);
    expect(editor.text).toBe('');
  });
});

describe('the part in sight', () => {
  test('is the whole line where it fits', () => {
    expect(typed('hello', LEFT).view(20)).toEqual({ text: 'hello', cursor: 4 });
  });

  test('follows the cursor in a long line', () => {
    const editor = typed('0123456789');
    expect(editor.view(5)).toEqual({ text: '6789', cursor: 4 });
    editor.input('\u0001');
    expect(editor.view(5)).toEqual({ text: '0123', cursor: 0 });
  });

  test('counts two cells for wide characters', () => {
    expect(typed('你好', LEFT).view(20)).toEqual({ text: '你好', cursor: 2 });
    expect(typed('你好吗').view(6)).toEqual({ text: '好吗', cursor: 4 });
  });
});

describe('a secret line', () => {
  test('is neither shown nor remembered', () => {
    const editor = typed('before\r');
    editor.secret = true;
    editor.input('sesame');
    expect(editor.view(80)).toEqual({ text: '', cursor: 0 });
    editor.input(UP);
    expect(editor.input('\r')).toEqual([{ kind: 'submit', line: 'sesame' }]);
    editor.secret = false;
    editor.input(UP);
    expect(editor.text).toBe('before');
  });

  test('a line can be taken away', () => {
    const editor = typed('abc', LEFT);
    expect(editor.take()).toBe('abc');
    expect(editor.text).toBe('');
  });
});
