import './steps/node-version.mjs';
import { build } from './steps/build.mjs';
import { ensureInstalled } from './steps/install.mjs';

process.exitCode = ensureInstalled() && (await build()) ? 0 : 1;
