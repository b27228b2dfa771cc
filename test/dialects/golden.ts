import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveArguments } from '../../src/cli/config-source.ts';
import type { Dialect, Environment } from '../../src/cli/dialect.ts';
import { failureOf } from '../../src/cli/failure.ts';
import { readInputFile } from '../../src/config/input-file.ts';
import { makeCertificate } from '../support/certificates.ts';
import { suite } from '../support/packages.ts';
import { makeTempDir } from '../support/temp-dir.ts';

/*
 * A golden file holds a command line (variables of the environment first), a line of dashes, and what comes of it: the
 * config model, what is asked for instead, or the failure. After a change that is meant, `npx vitest run test/dialects -u`
 * writes the files anew; read the difference before you keep it.
 */
const RULE = '-'.repeat(40);

/** Splits a command line as a shell does, with '…' and "…" for words with spaces. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}

/** Runs the golden files of the native dialect, in the directory of the project. */
export function nativeGoldenTests(dialect: Dialect, least: number): void {
  describe('the native command line', () => {
    goldenTests(dialect, join(import.meta.dirname, 'native'), least, () => process.cwd());
  });
}

/**
 * Runs the golden files of an ancestor's dialect in a directory that holds what they name: present.pem (a certificate with
 * its key), locked.pem (whose key has the passphrase 'opensesame'), ca.pem, web/, tokens.conf and jwt.key. With SELF=yes
 * there is a self.pem, too. What lies in NAME-files/ beside the golden files of a dialect is there as well.
 */
export function ancestorGoldenTests(dialect: Dialect, least: number): void {
  suite(`the command line of ${dialect.name}`, { needs: ['openssl'] }, () => {
    const { path: directory, remove } = makeTempDir();
    beforeAll(() => furnish(directory, dialect.name));
    afterAll(remove);
    goldenTests(dialect, join(import.meta.dirname, dialect.name), least, (env) =>
      env['SELF'] === 'yes' ? join(directory, 'with-self') : directory,
    );
  });
}

function furnish(directory: string, dialect: string): void {
  const { cert, key } = makeCertificate();
  const locked = makeCertificate({ passphrase: 'opensesame' });
  mkdirSync(join(directory, 'web'));
  mkdirSync(join(directory, 'sessions'));
  mkdirSync(join(directory, 'with-self'));
  writeFileSync(join(directory, 'present.pem'), cert + key);
  writeFileSync(join(directory, 'with-self/self.pem'), cert + key);
  writeFileSync(join(directory, 'chain.pem'), cert);
  writeFileSync(join(directory, 'chain.key'), key);
  writeFileSync(join(directory, 'locked.pem'), locked.cert + locked.key);
  writeFileSync(join(directory, 'ca.pem'), cert);
  writeFileSync(join(directory, 'tokens.conf'), 'one: localhost:5901\n');
  writeFileSync(join(directory, 'jwt.key'), 'a shared secret\n');
  const files = join(import.meta.dirname, `${dialect}-files`);
  if (existsSync(files)) cpSync(files, directory, { recursive: true });
}

type Whereabouts = (env: Environment) => string;

function goldenTests(dialect: Dialect, goldens: string, least: number, whereabouts: Whereabouts): void {
  const files = readdirSync(goldens).filter((file) => file.endsWith('.golden'));

  test('has golden files', () => expect(files.length).toBeGreaterThanOrEqual(least));

  test.each(files)('%s', async (file) => {
    const path = join(goldens, file);
    const [line = ''] = readFileSync(path, 'utf8').split('\n');
    await expect(`${line}\n${RULE}\n${outcome(dialect, line, whereabouts)}\n`).toMatchFileSnapshot(path);
  });
}

function outcome(dialect: Dialect, line: string, whereabouts: Whereabouts): string {
  const words = splitWords(line);
  const program = words.indexOf(dialect.name);
  const env: Environment = Object.fromEntries(words.slice(0, program).map((word) => word.split('=', 2)));
  const directory = whereabouts(env);
  return describeOutcome(dialect, words.slice(program + 1), env, directory).replaceAll(directory, '<directory>');
}

function describeOutcome(dialect: Dialect, argv: readonly string[], env: Environment, directory: string): string {
  try {
    const place = (name: string): string => resolve(directory, name);
    const invocation = dialect.parse(
      argv,
      env,
      (name) => existsSync(place(name)),
      (name) => readInputFile(place(name), 'CONFIG_NOT_FOUND'),
    );
    if (invocation.command === 'print') return `prints the help\nexit status 0`;
    if (invocation.command !== 'run' && invocation.command !== 'demo') return JSON.stringify(invocation, null, 2);
    const { command, input, origins, launch, notes } = invocation;
    const nextFreePort = command === 'demo' && input.listen === undefined;
    const { config, log, warnings } = resolveArguments(input, origins, { nextFreePort, directory }, invocation);
    const process = launch.daemon || launch.inetd || launch.pidFile !== null ? { launch } : {};
    return JSON.stringify({ command, config, log, ...process, warnings: [...notes, ...warnings] }, hidePem, 2);
  } catch (thrown) {
    const { lines, status } = failureOf(thrown);
    return [...lines, `exit status ${status}`].join('\n');
  }
}

/** Certificates are made anew for each run. */
function hidePem(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.includes('-----BEGIN') ? '<certificate>' : value;
}
