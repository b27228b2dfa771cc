import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nativeDirectory } from '../../src/native/directory.ts';
import { suite } from '../support/packages.ts';
import { makeTempDir } from '../support/temp-dir.ts';

/** What is said to be left out, and why: one line for each part, as many as there are on this system. */
function leftOut(reason: string): RegExp {
  const rebind = process.platform === 'linux' ? `moving the port of a program is left out: ${reason}\\n` : '';
  return new RegExp(`^unix-dgram targets are left out: ${reason}\\n${rebind}$`);
}

suite('The build of the native parts', { needs: ['cc', 'C headers'] }, () => {
  const house = makeTempDir();
  const inHouse = (name: string): string => path.join(house.path, name);
  const build = (environment: NodeJS.ProcessEnv = {}): { status: number | null; output: string } => {
    const env = { ...process.env, ...environment };
    const { status, stdout, stderr } = spawnSync(process.execPath, [inHouse('scripts/build-native.mjs')], {
      env,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  };
  const parts = ['unix-dgram.node', ...(process.platform === 'linux' ? ['rebind.so'] : [])];
  const results = (): string[] => readdirSync(inHouse(`dist/native/${nativeDirectory()}`));

  beforeAll(() => {
    for (const name of [
      'scripts/build-native.mjs',
      'native/unix-dgram.c',
      'native/rebind.c',
      'src/native/directory.ts',
    ]) {
      mkdirSync(path.dirname(inHouse(name)), { recursive: true });
      cpSync(name, inHouse(name));
    }
    symlinkSync(path.resolve('node_modules'), inHouse('node_modules'));
  });
  afterAll(() => house.remove());

  test('goes without a compiler, and says so in one line for each part', () => {
    const { status, output } = build({ CC: 'no-such-compiler' });
    expect(status).toBe(0);
    expect(output).toMatch(leftOut(String.raw`no C compiler \(no-such-compiler\)\. .*apt-get.*`));
    expect(results()).toEqual([]);
  });

  test('goes on when the compiler fails, and says why in one line for each part', () => {
    const { status, output } = build({ CC: 'cc --no-such-flag' });
    expect(status).toBe(0);
    expect(output).toMatch(leftOut('cc failed: .*no-such-flag.*'));
    expect(results()).toEqual([]);
  });

  test('builds with the compiler that CC names, and only what is not up to date', () => {
    expect(build({ CC: 'cc -g0' })).toEqual({
      status: 0,
      output: parts.map((name) => `Built dist/native/${nativeDirectory()}/${name}\n`).join(''),
    });
    expect(results()).toEqual(parts.toSorted());
    const built = inHouse(`dist/native/${nativeDirectory()}/unix-dgram.node`);
    const { mtimeMs } = statSync(built);
    expect(build()).toEqual({ status: 0, output: '' });
    expect(statSync(built).mtimeMs).toBe(mtimeMs);
    const later = new Date(Date.now() + 5000);
    utimesSync(inHouse('native/unix-dgram.c'), later, later);
    expect(build().output).toBe(`Built dist/native/${nativeDirectory()}/unix-dgram.node\n`);
  });
});
