import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './process.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** The built bridge of this checkout, logging to nowhere. */
export function bascule(extra = []) {
  return fromCheckout('bascule', checkout, extra);
}

/** Another build to compare with: a checkout, or its dist directory. */
export function against(directory, extra = []) {
  const path = resolve(directory);
  return fromCheckout('against', basename(path) === 'dist' ? dirname(path) : path, extra);
}

function fromCheckout(name, root, extra) {
  const bin = resolve(root, 'bin/bascule.mjs');
  return {
    name,
    raw: false,
    idleConnections: 5000,
    available() {
      if (!existsSync(bin)) return `there is no ${bin}`;
      return existsSync(resolve(root, 'dist')) ? null : `${root} is not built: run npm run build there`;
    },
    start({ listenPort, targetPort }) {
      const args = [bin, `127.0.0.1:${listenPort}`, `127.0.0.1:${targetPort}`, '--quiet', ...extra];
      return launch(process.execPath, args, listenPort);
    },
  };
}
