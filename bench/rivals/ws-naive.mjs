import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch } from './process.mjs';

const program = fileURLToPath(new URL('ws-naive-bridge.mjs', import.meta.url));

/** The twenty lines that everybody writes first, on the ws package. */
export const wsNaive = {
  name: 'ws-naive',
  raw: false,
  idleConnections: 5000,
  available: () => (existsSync(new URL('../../node_modules/ws', import.meta.url)) ? null : 'npm ci'),
  start: ({ listenPort, targetPort }) => launch(process.execPath, [program, listenPort, targetPort], listenPort),
};
