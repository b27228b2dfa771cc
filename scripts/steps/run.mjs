import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './root.mjs';

/** Runs a program in the repository with its output shown; gives its exit status, 1 when it could not start. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', ...options });
  if (error) process.stderr.write(`${program}: ${error.message}\n`);
  return status ?? 1;
}

/** Runs a program in the repository and gives its status and all its output as text. */
export function capture(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    const collect = (chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', (error) => resolve({ status: 1, output: `${program}: ${error.message}\n` }));
    child.on('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

/** The path of a script inside an installed package, to be run with this very Node. */
export function installed(...segments) {
  return path.join(ROOT, 'node_modules', ...segments);
}

/** The command and first arguments that run npm: the npm that runs us, when there is one. */
export function npmCommand() {
  const npm = process.env.npm_execpath;
  return npm && /\.[cm]?js$/.test(npm) ? [process.execPath, npm] : ['npm'];
}
