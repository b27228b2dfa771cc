import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BridgeError } from '../../../src/errors.ts';
import { LogFile } from '../../../src/observe/log-file.ts';
import { atTestEnd } from '../../support/cleanup.ts';
import { tempDir } from '../../support/temp-dir.ts';

const text = (file: string): string => readFileSync(file, 'utf8');
const descriptors = (): number => readdirSync('/proc/self/fd').length;

function open(path: string, mode?: number): { readonly log: LogFile; readonly problems: BridgeError[] } {
  const problems: BridgeError[] = [];
  const onProblem = (error: BridgeError): void => void problems.push(error);
  const log = new LogFile(mode === undefined ? { path, onProblem } : { path, mode, onProblem });
  atTestEnd(() => log.close());
  return { log, problems };
}

describe('a log file', () => {
  test('is appended to, and a line is there when it was written', () => {
    const file = join(tempDir(), 'log');
    writeFileSync(file, 'before\n');
    const { log } = open(file);
    log.write('one\n');
    expect(text(file)).toBe('before\none\n');
    log.write('zwei ü\n');
    expect(text(file)).toBe('before\none\nzwei ü\n');
  });

  test.each([
    [undefined, 0o640],
    [0o600, 0o600],
  ])('is not for everybody: mode %o', (mode, expected) => {
    const file = join(tempDir(), 'log');
    const { log } = open(file, mode);
    log.write('x\n');
    expect(statSync(file).mode & 0o777).toBe(expected & ~process.umask());
    chmodSync(file, 0o600);
  });

  test('that cannot be opened is refused by name', () => {
    const dir = tempDir();
    const missing = join(dir, 'no/such/log');
    expect(() => new LogFile({ path: missing })).toThrow(`'${missing}': ENOENT: the log file cannot be written.`);
    expect(() => new LogFile({ path: dir })).toThrow(/EISDIR/);
  });

  test('is opened anew once it was moved away', () => {
    const dir = tempDir();
    const file = join(dir, 'log');
    const { log, problems } = open(file);
    log.write('old\n');
    renameSync(file, `${file}.1`);
    log.write('still old\n');
    log.reopen();
    log.write('new\n');
    log.write('newer\n');
    expect(text(`${file}.1`)).toBe('old\nstill old\n');
    expect(text(file)).toBe('new\nnewer\n');
    expect(problems).toEqual([]);
  });

  test('leaves no descriptor open, however often it is opened anew', () => {
    const dir = join(tempDir(), 'logs');
    mkdirSync(dir);
    const { log } = open(join(dir, 'log'));
    const before = descriptors();
    for (let i = 0; i < 20; i++) {
      // Every other time there is nowhere to open it.
      if (i % 2 === 0) rmSync(dir, { recursive: true });
      else mkdirSync(dir);
      log.reopen();
      log.write('x\n');
    }
    expect(descriptors()).toBe(before);
    log.close();
    expect(descriptors()).toBe(before - 1);
  });

  test('that cannot be opened anew stays as it is, and that is told', () => {
    const dir = join(tempDir(), 'logs');
    mkdirSync(dir);
    const file = join(dir, 'log');
    const { log, problems } = open(file);
    renameSync(dir, `${dir}.old`);
    log.reopen();
    log.write('one\n');
    expect(text(join(`${dir}.old`, 'log'))).toBe('one\n');
    expect(problems.map(({ message }) => message)).toEqual([`'${file}': ENOENT: the log file cannot be written.`]);
  });

  test('keeps its place when the working directory changes', () => {
    const dir = tempDir();
    const here = process.cwd();
    atTestEnd(() => process.chdir(here));
    process.chdir(dir);
    const { log } = open('relative.log');
    process.chdir('/');
    renameSync(join(dir, 'relative.log'), join(dir, 'moved'));
    log.reopen();
    log.write('x\n');
    expect(text(join(dir, 'relative.log'))).toBe('x\n');
    expect(existsSync('/relative.log')).toBe(false);
  });

  test('on a full disk is told of once, and goes on when there is room', () => {
    const file = join(tempDir(), 'log');
    symlinkSync('/dev/full', file);
    const { log, problems } = open(file);
    for (let i = 0; i < 100; i++) log.write('lost\n');
    expect(problems.map(({ message }) => message)).toEqual([`'${file}': ENOSPC: the log file cannot be written.`]);
    rmSync(file);
    log.reopen();
    log.write('after\n');
    expect(text(file)).toBe('after\n');
    rmSync(file);
    symlinkSync('/dev/full', file);
    log.reopen();
    log.write('lost\n');
    expect(problems).toHaveLength(2);
  });

  test('takes nothing after its end, and may end twice', () => {
    const file = join(tempDir(), 'log');
    const { log } = open(file);
    log.write('last\n');
    log.close();
    log.close();
    log.write('too late\n');
    log.reopen();
    expect(text(file)).toBe('last\n');
  });

  test('on a full disk can be closed', () => {
    const file = join(tempDir(), 'log');
    symlinkSync('/dev/full', file);
    const { log } = open(file);
    log.write('x\n');
    expect(() => log.close()).not.toThrow();
  });
});
