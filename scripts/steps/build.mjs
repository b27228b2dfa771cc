import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildBrowser } from './browser.mjs';
import { compile } from './compile.mjs';
import { buildManual } from './manual.mjs';
import { findProgram } from './packages.mjs';
import { buildPages } from './pages.mjs';
import { ROOT } from './root.mjs';
import { run } from './run.mjs';

const DIST = path.join(ROOT, 'dist');
const STAMP = path.join(ROOT, 'node_modules/.cache/bascule/build.json');
const NATIVE_BUILD = 'scripts/build-native.mjs';
/** Everything that can change what a build gives. */
const INPUTS = [
  'src',
  'native',
  'scripts/steps/browser.mjs',
  'scripts/steps/build.mjs',
  'scripts/steps/compile.mjs',
  'scripts/steps/manual.mjs',
  'scripts/steps/page-shell.mjs',
  'scripts/steps/pages.mjs',
  NATIVE_BUILD,
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** Builds unless the last build was made of the same inputs and its outputs are still there. */
export async function ensureBuilt() {
  const stamp = readStamp();
  const current =
    stamp !== null &&
    stamp.inputs === fingerprint() &&
    // A compiler may have been installed since.
    (stamp.compiler || !hasCompiler()) &&
    stamp.outputs.every((file) => existsSync(path.join(ROOT, file)));
  return current || build();
}

/** Builds everything into dist/: the bridge, its pages and, where there is a C compiler, the native parts. */
export async function build() {
  const started = performance.now();
  process.stdout.write('Building …\n');
  rmSync(STAMP, { force: true });
  // Taken first: a file that changes during the build makes the next one stale.
  const inputs = fingerprint();

  const [compiled, browser, pages] = await Promise.all([compile('tsconfig.build.json'), buildBrowser(), buildPages()]);
  if (!compiled || !browser || !pages) return false;
  if (existsSync(path.join(ROOT, NATIVE_BUILD)) && run(process.execPath, [NATIVE_BUILD]) !== 0) return false;

  const manual = await buildManual();
  removeStrays([...compiled, ...browser, ...pages, ...manual]);
  // With the native parts, whose names their own script knows.
  const outputs = filesUnder('dist');
  mkdirSync(path.dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, JSON.stringify({ inputs, compiler: hasCompiler(), outputs }));
  process.stdout.write(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
  return true;
}

/** Removes what earlier builds left in dist/: files whose source is gone. The native build looks after its own. */
function removeStrays(outputs) {
  const wanted = new Set(outputs.map((file) => path.join(ROOT, file)));
  const sweep = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) sweep(file);
      else if (!wanted.has(file) && !/\.(node|so)$/.test(entry.name)) rmSync(file);
    }
    if (readdirSync(directory).length === 0) rmdirSync(directory);
  };
  if (existsSync(DIST)) sweep(DIST);
}

/** A hash over the names and contents of all inputs, and over what else the outputs depend on. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of INPUTS.flatMap((input) => filesUnder(input))) {
    hash.update(`\0${file}\0`).update(readFileSync(path.join(ROOT, file)));
  }
  return hash.digest('hex');
}

function filesUnder(input) {
  const place = path.join(ROOT, input);
  if (!existsSync(place)) return [];
  if (path.extname(input)) return [input];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .toSorted();
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return null;
  }
}

/** Whether the native parts can be built here. */
function hasCompiler() {
  return findProgram('cc') !== null && existsSync('/usr/include/stdlib.h');
}
