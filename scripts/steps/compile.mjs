import path from 'node:path';
import { ROOT } from './root.mjs';
import { capture, installed } from './run.mjs';

const MARK = 'TSFILE: ';

/** Compiles a TypeScript project; gives the files it made, or null after printing what is wrong. */
export async function compile(project) {
  const tsc = installed('typescript/bin/tsc');
  const { status, output } = await capture(process.execPath, [tsc, '-p', project, '--listEmittedFiles']);
  const lines = output.split('\n');
  if (status !== 0) {
    process.stderr.write(
      `${lines
        .filter((line) => !line.startsWith(MARK))
        .join('\n')
        .trimEnd()}\n`,
    );
    return null;
  }
  const emitted = lines.filter((line) => line.startsWith(MARK)).map((line) => line.slice(MARK.length).trim());
  return emitted.map((file) => path.relative(ROOT, path.resolve(ROOT, file)));
}
