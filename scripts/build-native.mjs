// Builds the native parts with a plain C compiler (cc, or what CC names) into dist/native/<system>/.
// They are optional: where one cannot be built, this says so in one line and succeeds; with --all it fails.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { include_dir } from 'node-api-headers';
import { readFile } from 'node:fs/promises';

const SCRIPT = fileURLToPath(import.meta.url);
const ROOT = path.dirname(path.dirname(SCRIPT));
const PARTS = [
  { name: 'unix-dgram', file: 'unix-dgram.node', what: 'unix-dgram targets are' },
  // Preloading into other programs is done on Linux only.
  ...(process.platform === 'linux'
    ? [{ name: 'rebind', file: 'rebind.so', what: 'moving the port of a program is' }]
    : []),
];
const HELP = 'Debian: apt-get install gcc libc6-dev';

const { nativeDirectory } = await importTypeScript(path.join(ROOT, 'src/native/directory.ts'));
const directory = path.join(ROOT, 'dist/native', nativeDirectory());
for (const part of PARTS) build(part);
const missing = PARTS.filter(({ file }) => !existsSync(path.join(directory, file)));
if (process.argv.includes('--all') && missing.length > 0) {
  console.log(`A package is made with all native parts; missing: ${missing.map(({ file }) => file).join(', ')}.`);
  process.exitCode = 1;
}

/** Builds one part unless its result is newer than everything it is made from. */
function build({ name, file, what }) {
  const source = path.join(ROOT, 'native', `${name}.c`);
  const result = path.join(directory, file);
  if (modified(result) > Math.max(modified(source), modified(SCRIPT))) return;

  mkdirSync(directory, { recursive: true });
  // Made beside its place and moved there, so that nobody loads half a file.
  const draft = `${result}.${process.pid}`;
  const [compiler, ...given] = (process.env.CC || 'cc').trim().split(/\s+/);
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-fPIC', '-fvisibility=hidden', '-shared'];
  // Before glibc 2.34, dlsym is in a library of its own.
  const libraries = process.platform === 'linux' ? ['-ldl'] : [];
  // On macOS the functions of Node are looked up when the part is loaded.
  if (process.platform === 'darwin') flags.push('-undefined', 'dynamic_lookup');
  const { error, status, stderr } = spawnSync(
    compiler,
    [...given, ...flags, `-I${include_dir}`, '-o', draft, source, ...libraries],
    {
      encoding: 'utf8',
    },
  );
  if (error?.code === 'ENOENT') {
    console.log(`${what} left out: no C compiler (${compiler}). ${HELP}`);
  } else if (error || status !== 0) {
    rmSync(draft, { force: true });
    const reason = error?.message ?? stderr.split('\n').find((line) => line.includes('error')) ?? `status ${status}`;
    console.log(`${what} left out: ${compiler} failed: ${reason.trim()}. ${HELP}`);
  } else {
    renameSync(draft, result);
    console.log(`Built ${path.relative(ROOT, result)}`);
  }
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Imports one TypeScript file that imports nothing; Node 20 cannot do that by itself. */
async function importTypeScript(file) {
  const { code } = await transform(await readFile(file, 'utf8'), { loader: 'ts', format: 'esm' });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}
