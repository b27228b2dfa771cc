import './steps/node-version.mjs';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './steps/build.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { ensurePackages } from './steps/packages.mjs';
import { ROOT } from './steps/root.mjs';
import { npmCommand, run } from './steps/run.mjs';
import { runVitest } from './steps/vitest.mjs';

const VERSIONS = ['20', '22', '24', '26'];
const SUITES = ['test/integration', 'test/interop'];
const suites = process.argv.length > 2 ? process.argv.slice(2) : SUITES;

if (!ensureInstalled()) process.exit(1);
ensurePackages();
if (!(await ensureBuilt())) process.exit(1);

const rows = [];
for (const version of VERSIONS) {
  const node = process.version.startsWith(`v${version}.`) ? process.execPath : fetchNode(version);
  if (node === null) {
    rows.push({ version, counts: null });
    continue;
  }
  const full = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  process.stdout.write(`\n=== Node ${full}\n`);
  rows.push({ version: full, counts: runVitest(suites, { node, built: true }) });
}

process.stdout.write('\nnode          passed  failed  skipped\n');
for (const { version, counts } of rows) {
  const cells = counts ? [counts.passed, counts.failed, counts.skipped] : ['-', 'not available', ''];
  process.stdout.write(`${version.padEnd(12)} ${cells.map((cell) => String(cell).padStart(7)).join(' ')}\n`);
}
process.exitCode = rows.every(({ counts }) => counts !== null && counts.failed === 0) ? 0 : 1;

/** Gets a Node of that major version from npm, which carries Node's own binaries; gives its path, or null. */
function fetchNode(version) {
  const directory = path.join(ROOT, 'node_modules/.cache/bascule/nodes', version);
  const name = `node-${process.platform}-${process.arch}`;
  const node = path.join(directory, 'node_modules', name, 'bin/node');
  if (existsSync(node)) return node;
  process.stdout.write(`Fetching Node ${version} …\n`);
  mkdirSync(directory, { recursive: true });
  const [program, ...args] = npmCommand();
  const install = ['install', '--prefix', directory, '--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
  const status = run(program, [...args, ...install, '--loglevel=error', `${name}@${version}`], { cwd: directory });
  return status === 0 && existsSync(node) ? node : null;
}
