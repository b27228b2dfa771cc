import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { fillPage } from './page-shell.mjs';
import { ROOT } from './root.mjs';

const PAGES = path.join(ROOT, 'src/web/pages');
const PUBLIC = path.join(ROOT, 'src/web/public');
const SHELL_STYLE = path.join(ROOT, 'src/web/style/shell.css');
const OUT = path.join(ROOT, 'dist/web');

/**
 * Builds the pages: src/web/pages/NAME/ holds page.html, page.ts and page.css, and becomes NAME.html with
 * assets/NAME.js and assets/NAME.css. What pages share is in assets/shell.css and in chunks of their own, so that a
 * visitor fetches it once. Files of src/web/public/ are copied. Gives the files made, null on failure.
 */
export async function buildPages() {
  if (!existsSync(PAGES)) return [];
  const names = readdirSync(PAGES).filter((name) => existsSync(path.join(PAGES, name, 'page.html')));
  const { build } = await import('esbuild');
  let outputs;
  try {
    const { metafile } = await build({
      entryPoints: [
        { in: SHELL_STYLE, out: 'shell' },
        ...names.flatMap((name) =>
          ['ts', 'css'].map((kind) => ({ in: path.join(PAGES, name, `page.${kind}`), out: name })),
        ),
      ],
      outdir: path.join(OUT, 'assets'),
      chunkNames: 'chunk-[hash]',
      bundle: true,
      splitting: true,
      metafile: true,
      minify: true,
      format: 'esm',
      target: ['es2022'],
      // Licences of packages stay with their code, at the end of the file.
      legalComments: 'eof',
      logLevel: 'warning',
      absWorkingDir: ROOT,
    });
    outputs = metafile.outputs;
  } catch {
    return null; // esbuild has said why
  }
  const pages = names.map((name) => {
    const html = readFileSync(path.join(PAGES, name, 'page.html'), 'utf8');
    writeFileSync(path.join(OUT, `${name}.html`), fillPage(html, name, names));
    return path.join(OUT, `${name}.html`);
  });
  const shared = readdirSync(PUBLIC).map((file) => {
    mkdirSync(OUT, { recursive: true });
    copyFileSync(path.join(PUBLIC, file), path.join(OUT, file));
    return path.join(OUT, file);
  });
  const made = [...pages, ...shared].map((file) => path.relative(ROOT, file));
  for (const name of names) report(name, filesOfPage(name, outputs));
  return [...Object.keys(outputs), ...made];
}

/** What a visitor of a page downloads, from dist/web/: the page, its script with all that it imports, and the styles. */
function filesOfPage(name, outputs) {
  const assets = new Set(['dist/web/assets/shell.css', `dist/web/assets/${name}.css`, `dist/web/assets/${name}.js`]);
  // A set takes new members while it is walked.
  for (const asset of assets)
    for (const { path: imported, kind } of outputs[asset]?.imports ?? [])
      if (kind === 'import-statement' && imported in outputs) assets.add(imported);
  return [`dist/web/${name}.html`, 'dist/web/favicon.svg', ...assets];
}

/** Prints what a visitor of a page downloads: the budget of a page is watched here. */
function report(name, files) {
  const contents = files.map((file) => readFileSync(path.join(ROOT, file)));
  const sum = (size) => contents.reduce((total, content) => total + size(content), 0);
  const plain = kib(sum((content) => content.length));
  const zipped = kib(sum((content) => gzipSync(content).length));
  process.stdout.write(`  page ${name}: ${plain} in ${files.length} files, ${zipped} with gzip\n`);
}

/** A number of bytes for people. */
function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
