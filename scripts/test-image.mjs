import './steps/node-version.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { runVitest } from './steps/vitest.mjs';

// vitest.config.ts leaves these tests out of npm test: building the image takes minutes, and root.
process.env.BASCULE_TEST_IMAGE = '1';
const { passed, failed } = ensureInstalled() ? runVitest(['test/image']) : { passed: 0, failed: 1 };
process.exitCode = failed === 0 ? 0 : 1;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
