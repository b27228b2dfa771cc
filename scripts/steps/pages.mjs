import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './root.mjs';

const PAGES = path.join(ROOT, 'src/web/pages');
const PUBLIC = path.join(ROOT, 'src/web/public');
const OUT = path.join(ROOT, 'dist/web');

/**
 * Builds the pages: src/web/pages/NAME/ holds page.html, page.ts and page.css, and becomes NAME.html with
 * assets/NAME.js and assets/NAME.css. Files of src/web/public/ are copied. Gives the files made, null on failure.
 */
export async function buildPages() {
  if (!existsSync(PAGES)) return [];
  const names = readdirSync(PAGES).filter((name) => existsSync(path.join(PAGES, name, 'page.html')));
  const { build } = await import('esbuild');
  try {
    await build({
      entryPoints: names.flatMap((name) =>
        ['ts', 'css'].map((kind) => ({ in: path.join(PAGES, name, `page.${kind}`), out: name })),
      ),
      outdir: path.join(OUT, 'assets'),
      bundle: true,
      minify: true,
      format: 'esm',
      target: ['es2022'],
      legalComments: 'eof',
      logLevel: 'warning',
      absWorkingDir: ROOT,
    });
  } catch {
    return null; // esbuild has said why
  }
  const assets = names.flatMap((name) => [`assets/${name}.js`, `assets/${name}.css`]);
  const pages = names.map((name) => copy(path.join(PAGES, name, 'page.html'), `${name}.html`));
  const shared = readdirSync(PUBLIC).map((file) => copy(path.join(PUBLIC, file), file));
  for (const name of names) report(name, [`${name}.html`, `assets/${name}.js`, `assets/${name}.css`, ...shared]);
  return [...assets, ...pages, ...shared].map((file) => path.relative(ROOT, path.join(OUT, file)));
}

function copy(from, name) {
  mkdirSync(OUT, { recursive: true });
  copyFileSync(from, path.join(OUT, name));
  return name;
}

/** Prints what a visitor of a page downloads: the budget of a page is watched here. */
function report(name, files) {
  const contents = files.map((file) => readFileSync(path.join(OUT, file)));
  const sum = (size) => contents.reduce((total, content) => total + size(content), 0);
  const plain = kib(sum((content) => content.length));
  const zipped = kib(sum((content) => gzipSync(content).length));
  process.stdout.write(`  page ${name}: ${plain} in ${files.length} files, ${zipped} with gzip\n`);
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
