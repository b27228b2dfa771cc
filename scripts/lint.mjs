import './steps/node-version.mjs';
import { ensureBuilt } from './steps/build.mjs';
import { runChecks } from './steps/checks.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { runVitest } from './steps/vitest.mjs';

if (!ensureInstalled() || !(await ensureBuilt())) process.exit(1);
const failed = await runChecks();
const architecture = runVitest(['test/architecture']);
process.exitCode = failed.length + architecture.failed === 0 ? 0 : 1;
