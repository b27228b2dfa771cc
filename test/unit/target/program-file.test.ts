import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { nativeDirectory } from '../../../src/native/directory.ts';
import { elfFacts } from '../../../src/target/program-elf.ts';
import { findProgram, preloadObstacle } from '../../../src/target/program-file.ts';
import { tempDir } from '../../support/temp-dir.ts';

interface Elf {
  readonly wide: boolean;
  readonly little: boolean;
  readonly machine: number;
  /** Segments: type and content. */
  readonly segments: readonly (readonly [number, string])[];
}

/** Puts an ELF file together as elf(5) describes it. */
function makeElf({ wide, little, machine, segments }: Elf): Buffer {
  const file = Buffer.alloc(1024);
  const u16 = (value: number, at: number): void =>
    void (little ? file.writeUInt16LE(value, at) : file.writeUInt16BE(value, at));
  const u32 = (value: number, at: number): void =>
    void (little ? file.writeUInt32LE(value, at) : file.writeUInt32BE(value, at));
  const word = (value: number, at: number): void => {
    if (!wide) u32(value, at);
    else if (little) file.writeBigUInt64LE(BigInt(value), at);
    else file.writeBigUInt64BE(BigInt(value), at);
  };
  file.write('\u007fELF', 'latin1');
  file[4] = wide ? 2 : 1;
  file[5] = little ? 1 : 2;
  u16(machine, 18);
  const table = wide ? 64 : 52;
  const entry = wide ? 56 : 32;
  word(table, wide ? 32 : 28);
  u16(entry, wide ? 54 : 42);
  u16(segments.length, wide ? 56 : 44);
  for (const [index, [type, content]] of segments.entries()) {
    const at = table + index * entry;
    const place = 512 + index * 100;
    u32(type, at);
    word(place, at + (wide ? 8 : 4));
    word(content.length, at + (wide ? 32 : 16));
    file.write(content, place, 'latin1');
  }
  return file;
}

const PC = { wide: true, little: true, machine: 62 };
const LOADER = nativeDirectory().endsWith('musl') ? '/lib/ld-musl-x86_64.so.1' : '/lib64/ld-linux-x86-64.so.2';
const OTHER_LOADER = nativeDirectory().endsWith('musl') ? '/lib64/ld-linux-x86-64.so.2' : '/lib/ld-musl-x86_64.so.1';
const GO_NOTE: readonly [number, string] = [4, '\u0004\0\0\0\u0002\0\0\0\u0004\0\0\0Go\0\0id'];

describe('the facts of an ELF file', () => {
  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('are found (64 bits: %s, little end first: %s)', (wide, little) => {
    const segments = [[1, 'code'], [3, `${LOADER}\0`], GO_NOTE] as const;
    const facts = elfFacts(makeElf({ wide, little, machine: 62, segments }));
    expect(facts).toEqual({ machine: `${wide ? 2 : 1}-${little ? 1 : 2}-62`, loader: LOADER, isGo: true });
  });

  test('are none for other files, or for one that is cut off', () => {
    const whole = makeElf({ ...PC, segments: [[3, `${LOADER}\0`]] });
    expect(elfFacts(Buffer.from('#!/bin/sh\n'))).toBeNull();
    expect(elfFacts(Buffer.alloc(200))).toBeNull();
    for (let length = 0; length < 120; length++) expect(elfFacts(whole.subarray(0, length))).toBeNull();
    expect(elfFacts(whole.subarray(0, 120))).not.toBeNull();
  });
});

describe('finding a program', () => {
  test('goes through PATH as the system does', () => {
    const directory = tempDir();
    for (const name of ['a', 'b']) mkdirSync(path.join(directory, name));
    writeFileSync(path.join(directory, 'a/tool'), '', { mode: 0o644 });
    writeFileSync(path.join(directory, 'b/tool'), '', { mode: 0o755 });
    const search = `${directory}/none:${directory}/a:${directory}/b`;
    expect(findProgram('tool', search)).toBe(path.join(directory, 'b/tool'));
    expect(findProgram(`${directory}/b/tool`, '')).toBe(`${directory}/b/tool`);
    expect(() => findProgram('tool', `${directory}/a`)).toThrow(
      expect.objectContaining({ code: 'PROGRAM_NOT_FOUND', detail: `'${directory}/a/tool' may not be executed` }),
    );
    expect(() => findProgram('a', directory)).toThrow(
      expect.objectContaining({ code: 'PROGRAM_NOT_FOUND', detail: `'${directory}/a' is not a file` }),
    );
    expect(() => findProgram('')).toThrow(expect.objectContaining({ code: 'PROGRAM_NOT_FOUND' }));
  });
});

/** Writes an executable file for the running test. */
const write = (name: string, content: Buffer | string): string => {
  const file = path.join(tempDir(), name);
  writeFileSync(file, content, { mode: 0o755 });
  return file;
};

/** A library for the usual processor. */
const library = (): string => write('library.so', makeElf({ ...PC, segments: [] }));

describe('what keeps a library from being preloaded', () => {
  const program = (segments: Elf['segments'], more: Partial<Elf> = {}): string =>
    write('program', makeElf({ ...PC, ...more, segments }));
  const loader: readonly [number, string] = [3, `${LOADER}\0`];

  test.each<[string, Elf['segments'], Partial<Elf>, RegExp]>([
    ['no dynamic loader', [[1, 'code']], {}, /statically linked/],
    ['another processor', [loader], { machine: 183 }, /another processor/],
    ['another word size', [loader], { wide: false }, /another processor or word size/],
    ['another C library', [[3, `${OTHER_LOADER}\0`]], {}, /another C library/],
    ['the Go linker', [loader, GO_NOTE], {}, /written in Go/],
  ])('is %s', (_what, segments, more, reason) => {
    expect(preloadObstacle(program(segments, more), library())).toMatch(reason);
  });

  test('is nothing for a usual program, or for a file that says nothing', () => {
    expect(preloadObstacle(program([loader]), library())).toBeNull();
    expect(preloadObstacle(write('text', 'echo no first line'), library())).toBeNull();
    expect(preloadObstacle('/no/such/file', library())).toBeNull();
    expect(preloadObstacle(process.execPath, process.execPath)).toBeNull();
  });

  test('is found behind a script', () => {
    const fixed = program([[1, 'code']]);
    const script = write('script', `#!${fixed} -x\n`);
    expect(preloadObstacle(script, library())).toMatch(/program' is statically linked/);
    expect(preloadObstacle(write('outer', `#! ${script}\n`), library())).toMatch(/statically linked/);
    expect(preloadObstacle(write('by-env', `#!/usr/bin/env -S A=1 ${fixed}\n`), library())).toMatch(
      /statically linked/,
    );
    expect(preloadObstacle(write('lost', '#!/usr/bin/env no-such-program\n'), library())).toBeNull();
    const circle = write('circle', '');
    writeFileSync(circle, `#!${circle}\n`);
    expect(preloadObstacle(circle, library())).toBeNull();
  });

  test('is a change of rights, but not one to ourselves', () => {
    const file = program([loader]);
    chmodSync(file, 0o4755);
    expect(preloadObstacle(file, library())).toBeNull();
  });
});
