import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveFile } from '../../../src/cli/config-source.ts';
import { Failure } from '../../../src/cli/failure.ts';
import { native } from '../../../src/cli/native.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { suite } from '../../support/packages.ts';
import { tempDir } from '../../support/temp-dir.ts';

function configFile(text: string): string {
  const file = join(tempDir(), 'bridge.yaml');
  writeFileSync(file, text);
  return file;
}

/** What `serve` makes of a file with these flags and this environment. */
function serve(
  file: string,
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): ReturnType<typeof resolveFile> {
  const invocation = native.parse(['serve', '--config', file, ...flags], env);
  if (invocation.command !== 'serve') throw new Error(invocation.command);
  return resolveFile(invocation.file, invocation.input, invocation.origins);
}

function failureLines(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.lines;
    throw thrown;
  }
  throw new Error('nothing failed');
}

describe('serving a file', () => {
  test('flags win over the environment, that over the file, that over the default', () => {
    const file = configFile('target: echo\nlog: { level: error, traffic: true }\nshutdown: { grace: 3s }\n');
    expect(serve(file).log).toMatchObject({ level: 'error', format: 'auto', traffic: true });
    expect(serve(file, [], { BASCULE_LOG_LEVEL: 'debug' }).log).toMatchObject({ level: 'debug', traffic: true });
    expect(serve(file, ['-q'], { BASCULE_LOG_LEVEL: 'debug' }).log.level).toBe('warn');
    expect(serve(file).config.shutdown.grace).toBe(3000);
    expect(serve(file, ['--shutdown-grace', '4s']).config.shutdown.grace).toBe(4000);
  });

  test('a mistake in the file is placed there, one in a flag names the flag', () => {
    const file = configFile('log: { level: loud }\ntarget: echo\nshutdown: { grace: soon }\n');
    expect(failureLines(() => serve(file))).toEqual([
      expect.stringContaining(`${file}:1:15: log.level: 'loud'`),
      expect.stringContaining(`${file}:3:20: shutdown.grace: `),
    ]);
    expect(failureLines(() => serve(file, ['--log-level', 'quiet', '--shutdown-grace', '1s']))).toEqual([
      expect.stringContaining(": --log-level: 'quiet' is none of"),
    ]);
  });

  test('a group of the wrong type is reported even when a flag sets a value in it', () => {
    const file = configFile('target: echo\nlog: 5\n');
    expect(failureLines(() => serve(file, ['-v']))).toEqual([
      expect.stringContaining(`${file}:2:6: log: expected a mapping`),
    ]);
  });

  test('mistakes of syntax come with their place', () => {
    const file = configFile('target: [\n');
    expect(failureLines(() => serve(file))).toEqual([expect.stringContaining(`CONFIG_SYNTAX: ${file}:2:1: `)]);
  });
});

suite('the passphrase from the environment', { needs: ['openssl'] }, () => {
  const { certFile, keyFile } = makeCertificate({ passphrase: 'right' });
  const tls = `tls: { cert: ${certFile}, key: ${keyFile}, keyPassword: wrong }`;

  test('opens the key of every listener with TLS and is not shown', () => {
    const file = configFile(
      `listeners:\n  - { listen: 1, target: echo, ${tls} }\n  - { listen: 2, target: echo, ${tls} }\n  - { listen: 3, target: echo }\n`,
    );
    expect(failureLines(() => serve(file))).toHaveLength(2);
    const resolved = serve(file, [], { BASCULE_KEY_PASSWORD: 'right' });
    const phrases = resolved.config.listeners.map((listener) => listener.tls?.passphrase?.reveal());
    expect(phrases).toEqual(['right', 'right', undefined]);
    expect(JSON.stringify(resolved)).not.toContain('right');
  });

  test('opens the key of a single listener', () => {
    const file = configFile(`target: echo\n${tls}\n`);
    const { config } = serve(file, [], { BASCULE_KEY_PASSWORD: 'right' });
    expect(config.listeners[0]!.tls!.passphrase!.reveal()).toBe('right');
  });

  test('yields to a file that a flag names', () => {
    const args = ['h:1', '--cert', certFile, '--key-password-file', 'f'];
    const invocation = native.parse(args, { BASCULE_KEY_PASSWORD: 'x' });
    expect(invocation).toMatchObject({ input: { tls: { cert: certFile, keyPasswordFile: 'f' } } });
    expect(JSON.stringify(invocation)).not.toContain('keyPassword"');
  });
});
