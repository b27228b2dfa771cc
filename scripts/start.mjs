import './steps/node-version.mjs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './steps/build.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { ROOT } from './steps/root.mjs';

if (!ensureInstalled() || !(await ensureBuilt())) process.exit(1);

takeCtrlCOnce();
// In this very process: package.json starts it with exec, so that a signal to npm ends the bridge and nothing is left.
const bin = path.join(ROOT, 'bin/bascule.mjs');
process.argv = [process.argv[0], bin, 'demo', ...process.argv.slice(2)];
const { main } = await import(pathToFileURL(path.join(ROOT, 'dist/cli/main.js')).href);
await main('npm start --');

/** The terminal sends Ctrl-C to npm too, which passes it on: without this one keystroke would count as two. */
function takeCtrlCOnce() {
  const emit = process.emit.bind(process);
  let taken = -Infinity;
  process.emit = function emitOnce(name, ...rest) {
    if (name === 'SIGINT') {
      const echo = performance.now() - taken < 200;
      taken = performance.now();
      if (echo) return true;
    }
    return emit(name, ...rest);
  };
}
