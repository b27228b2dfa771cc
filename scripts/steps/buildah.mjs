import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './root.mjs';
import { run } from './run.mjs';

/** Where images are kept, those that others start from and those that were built. */
export const DIRECTORY = path.join(ROOT, 'node_modules/.cache/bascule/image');
/** A store of our own, without overlay mounts and namespaces, so that it works inside a container, too. */
const STORE = [
  '--storage-driver',
  'vfs',
  '--root',
  path.join(DIRECTORY, 'store'),
  '--runroot',
  path.join(DIRECTORY, 'run'),
];
const ENVIRONMENT = { ...process.env, BUILDAH_ISOLATION: 'chroot' };

/** The command and first arguments that run buildah on our store. */
export const BUILDAH = ['buildah', ...STORE];

/** Runs buildah with its output shown. Throws when it fails. */
export function buildah(...args) {
  if (run(BUILDAH[0], [...STORE, ...args], { env: ENVIRONMENT }) !== 0) throw new Error(`buildah ${args[0]} failed`);
}

/** Runs buildah and gives what it prints; null when it fails, and then what it says is not shown. */
export function askBuildah(...args) {
  const { status, stdout } = spawnSync(BUILDAH[0], [...STORE, ...args], { env: ENVIRONMENT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** Makes an image from another, or from 'scratch': `fill` gets the directory that is its root. */
export function makeImage(from, name, fill) {
  const container = askBuildah('from', from);
  if (container === null) throw new Error(`buildah cannot start from ${from}`);
  try {
    fill(askBuildah('mount', container));
    buildah('umount', container);
    buildah('commit', '--quiet', '--format', 'docker', container, name);
  } finally {
    askBuildah('rm', container);
  }
}
