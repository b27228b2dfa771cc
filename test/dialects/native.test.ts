import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveArguments } from '../../src/cli/config-source.ts';
import type { Environment, Invocation } from '../../src/cli/dialect.ts';
import { failureOf } from '../../src/cli/failure.ts';
import { native } from '../../src/cli/native.ts';

/*
 * A golden file holds a command line (variables of the environment first), a line of dashes, and what comes of it: the
 * config model, what is asked for instead, or the failure. After a change that is meant, `npx vitest run test/dialects -u`
 * writes the files anew; read the difference before you keep it.
 */
const DIRECTORY = join(import.meta.dirname, 'native');
const RULE = '-'.repeat(40);

/** Splits a command line as a shell does, with '…' and "…" for words with spaces. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}

function readCommandLine(line: string): { readonly env: Environment; readonly argv: readonly string[] } {
  const words = splitWords(line);
  const program = words.indexOf('bascule');
  const env = Object.fromEntries(words.slice(0, program).map((word) => word.split('=', 2)));
  return { env, argv: words.slice(program + 1) };
}

function outcome(line: string): string {
  const { env, argv } = readCommandLine(line);
  try {
    return JSON.stringify(describeInvocation(native.parse(argv, env)), null, 2);
  } catch (thrown) {
    const { lines, status } = failureOf(thrown);
    return [...lines, `exit status ${status}`].join('\n');
  }
}

function describeInvocation(invocation: Invocation): object {
  if (invocation.command !== 'run' && invocation.command !== 'demo') return invocation;
  const { command, input, origins } = invocation;
  const { config, log, warnings } = resolveArguments(input, origins, command === 'demo' && input.listen === undefined);
  return { command, config, log, warnings };
}

describe('the native command line', () => {
  const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.golden'));

  test('has golden files', () => expect(files.length).toBeGreaterThan(15));

  test.each(files)('%s', async (file) => {
    const path = join(DIRECTORY, file);
    const [line = ''] = readFileSync(path, 'utf8').split('\n');
    const text = outcome(line).replaceAll(process.cwd(), '<directory>');
    await expect(`${line}\n${RULE}\n${text}\n`).toMatchFileSnapshot(path);
  });
});
