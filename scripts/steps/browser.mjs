import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { compile } from './compile.mjs';
import { ROOT } from './root.mjs';

const OUT = 'dist/browser';
/** The whole library as one file, for pages that are made without a bundler. */
const BUNDLE = `${OUT}/bascule.min.js`;
/** What all of the library may cost a visitor, in bytes after gzip. */
const MOST = 6000;
/** What a page is charged for that uses only a part: shows whether a bundler can leave out the rest. */
const PARTS = ['connect', 'Channel', 'Websock'];

/**
 * Builds the browser library into dist/browser/: modules with types, and all of them in one file.
 *
 * Gives the files made; null after printing what is wrong, which includes a library that is too large.
 */
export async function buildBrowser() {
  const modules = await compile('src/browser/tsconfig.build.json');
  if (!modules) return null;
  const all = await bundle('index.js');
  mkdirSync(path.join(ROOT, OUT), { recursive: true });
  writeFileSync(path.join(ROOT, BUNDLE), all);
  const size = zipped(all);
  const parts = await Promise.all(PARTS.map(async (name) => `${name} ${zipped(await bundle('index.js', name))}`));
  process.stdout.write(`  browser library: ${size} bytes with gzip (at most ${MOST}); alone: ${parts.join(', ')}\n`);
  if (size <= MOST) return [...modules, BUNDLE];
  process.stderr.write(`The browser library has ${size - MOST} bytes too many.\n`);
  return null;
}

/** The minified library, or what of it an import of one name needs. */
async function bundle(entry, name) {
  const { build } = await import('esbuild');
  const from = JSON.stringify(`./${entry}`);
  const contents = name ? `export { ${name} } from ${from};` : `export * from ${from};`;
  const result = await build({
    stdin: { contents, resolveDir: path.join(ROOT, OUT), sourcefile: 'entry.js' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    write: false,
    logLevel: 'warning',
    absWorkingDir: ROOT,
  });
  return result.outputFiles[0].contents;
}

function zipped(content) {
  return gzipSync(content, { level: 9 }).length;
}
