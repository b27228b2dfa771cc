import './steps/node-version.mjs';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './steps/build.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { errorsPage, optionsPage } from './steps/reference.mjs';
import { ROOT } from './steps/root.mjs';

if (!ensureInstalled() || !(await ensureBuilt())) process.exit(1);

const built = (file) => import(pathToFileURL(path.join(ROOT, 'dist', file)).href);
const { ERRORS, STAGES } = await built('errors.js');
const { GROUPS, OPTIONS } = await built('config/options.js');

const pages = { 'options.md': optionsPage(OPTIONS, GROUPS), 'errors.md': errorsPage(ERRORS, STAGES) };
mkdirSync(path.join(ROOT, 'docs/reference'), { recursive: true });
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(path.join(ROOT, 'docs/reference', name), text);
  process.stdout.write(`docs/reference/${name}\n`);
}
