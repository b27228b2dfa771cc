import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildAdvice, buildCommand } from '../../../src/native/build-advice.ts';
import { nativeDirectory } from '../../../src/native/directory.ts';
import { suite } from '../../support/packages.ts';
import { tempDir } from '../../support/temp-dir.ts';

// The package has no types.
const { include_dir: headers } = createRequire(import.meta.url)('node-api-headers') as { include_dir: string };

/** A directory with what the package has of the native parts, and where their results belong in it. */
function installedPackage(): { readonly house: string; readonly file: (name: string) => string } {
  const house = path.join(tempDir(), "a user's node_modules");
  mkdirSync(house);
  cpSync('native', path.join(house, 'native'), { recursive: true });
  return { house, file: (name) => path.join(house, 'dist/native', nativeDirectory(), name) };
}

describe('the advice for a missing native part', () => {
  test('is the build in a clone', () => {
    expect(buildAdvice('/anywhere/rebind.so')).toBe(
      'Install a C compiler (Debian: apt-get install gcc libc6-dev) and run npm run build.',
    );
  });

  test('is a command in an installed package, which has no build', () => {
    const { house, file } = installedPackage();
    const advice = buildAdvice(file('rebind.so'), house);
    expect(advice).not.toContain('npm run build');
    expect(advice.endsWith(` and run: ${buildCommand(file('rebind.so'), house)}`)).toBe(true);
    expect(advice).not.toContain('libnode-dev');
  });
});

suite('the command for an installed package', { needs: ['cc', 'C headers'] }, () => {
  test('builds what moves the port of a program', () => {
    const { house, file } = installedPackage();
    const { status, stderr } = spawnSync('/bin/sh', ['-c', buildCommand(file('rebind.so'), house)], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(existsSync(file('rebind.so'))).toBe(true);
  });

  test('builds what Unix datagrams need', () => {
    const { house, file } = installedPackage();
    const command = buildCommand(file('unix-dgram.node'), house, headers);
    const { status, stderr } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(createRequire(import.meta.url)(file('unix-dgram.node'))).toHaveProperty('create');
  });
});
