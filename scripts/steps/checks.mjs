import { capture, installed } from './run.mjs';

const node = (script, ...args) => ({ script: installed(script), args });

/** Every check of the source that is not a test. Each is one program that says what is wrong and fails. */
export const CHECKS = [
  { name: 'format', ...node('oxfmt/bin/oxfmt', '--check'), remedy: 'npm run format' },
  { name: 'lint', ...node('oxlint/bin/oxlint', '--type-aware') },
  { name: 'types', ...node('typescript/bin/tsc', '-p', '.') },
  { name: 'types of the browser library', ...node('typescript/bin/tsc', '-p', 'src/browser') },
  { name: 'types of the pages', ...node('typescript/bin/tsc', '-p', 'src/web') },
  { name: 'unused files and dependencies', ...node('knip/bin/knip.js', '--no-progress') },
  { name: 'package', ...node('publint/src/cli.js', '--pack', 'false', '--strict') },
];

/** Runs the checks one after another, a line each, with the output of those that fail; gives the names of these. */
export async function runChecks() {
  const failed = [];
  for (const { name, script, args, remedy } of CHECKS) {
    const started = performance.now();
    const { status, output } = await capture(process.execPath, [script, ...args]);
    const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`;
    process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds})\n`);
    if (status === 0) continue;
    failed.push(name);
    process.stdout.write(`${output.trimEnd()}\n`);
    if (remedy) process.stdout.write(`To mend it: ${remedy}\n`);
  }
  return failed;
}
