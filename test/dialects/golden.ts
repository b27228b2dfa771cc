import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveArguments } from '../../src/cli/config-source.ts';
import type { Dialect, Environment, Invocation } from '../../src/cli/dialect.ts';
import { failureOf } from '../../src/cli/failure.ts';
import { FOREGROUND } from '../../src/cli/launch.ts';

/*
 * A golden file holds a command line (variables of the environment first), a line of dashes, and what comes of it: the
 * config model, what is asked for instead, or the failure. After a change that is meant, `npx vitest run test/dialects -u`
 * writes the files anew; read the difference before you keep it.
 *
 * Files that count as present have a name with 'present' in it, such as present.pem.
 */
const RULE = '-'.repeat(40);

/** Splits a command line as a shell does, with '…' and "…" for words with spaces. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}

/** Runs the golden files of a dialect; `least` of them at least. */
export function goldenTests(dialect: Dialect, least: number): void {
  const directory = join(import.meta.dirname, dialect.name === 'bascule' ? 'native' : dialect.name);
  const files = readdirSync(directory).filter((file) => file.endsWith('.golden'));
  describe(`the command line of ${dialect.name}`, () => {
    test('has golden files', () => expect(files.length).toBeGreaterThanOrEqual(least));

    test.each(files)('%s', async (file) => {
      const path = join(directory, file);
      const [line = ''] = readFileSync(path, 'utf8').split('\n');
      const text = outcome(dialect, line).replaceAll(process.cwd(), '<directory>');
      await expect(`${line}\n${RULE}\n${text}\n`).toMatchFileSnapshot(path);
    });
  });
}

function outcome(dialect: Dialect, line: string): string {
  const words = splitWords(line);
  const program = words.indexOf(dialect.name);
  const env: Environment = Object.fromEntries(words.slice(0, program).map((word) => word.split('=', 2)));
  const invocation = (): Invocation =>
    dialect.parse(words.slice(program + 1), env, (name) => name.includes('present'));
  try {
    return JSON.stringify(describeInvocation(invocation()), null, 2);
  } catch (thrown) {
    const { lines, status } = failureOf(thrown);
    return [...lines, `exit status ${status}`].join('\n');
  }
}

function describeInvocation(invocation: Invocation): object {
  // The help has tests of its own.
  if (invocation.command === 'print') return { command: invocation.command, begins: invocation.text.split('\n', 1) };
  if (invocation.command !== 'run' && invocation.command !== 'demo') return invocation;
  const { command, input, origins, launch, notes } = invocation;
  const nextFreePort = command === 'demo' && input.listen === undefined;
  const { config, log, warnings } = resolveArguments(withCertificate(input), origins, { nextFreePort });
  const process = launch.daemon || launch.inetd || launch.pidFile !== null ? { launch } : {};
  return { command, config, log, ...process, warnings: [...notes, ...warnings] };
}
