import './steps/node-version.mjs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './steps/build.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { ROOT } from './steps/root.mjs';

if (!ensureInstalled() || !(await ensureBuilt())) process.exit(1);

// In this very process, so that Ctrl-C meets one program only.
const bin = path.join(ROOT, 'bin/bascule.mjs');
process.argv = [process.argv[0], bin, 'demo', ...process.argv.slice(2)];
await import(pathToFileURL(bin).href);
