import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { askBuildah, DIRECTORY, makeImage } from './buildah.mjs';
import { npmCommand, run } from './run.mjs';

const SUITE = 'bookworm';
const NODE = '22';
const NPM = '11';
const BASE = 'localhost/bascule-base';
const BUILD = 'localhost/bascule-build';
/** Older ones lack what Debian has mended since. */
const MAX_AGE = 7 * 24 * 3600 * 1000;

/** Makes the two images that the Dockerfile starts from, unless they are there: a small Debian, and one with Node. */
export function makeBases({ fresh, mirror }) {
  if (fresh || !isRecent(BASE)) {
    process.stdout.write(`Making a base image of Debian ${SUITE} …\n`);
    makeImage('scratch', BASE, (root) => installDebian(root, mirror));
    askBuildah('rmi', BUILD);
  }
  if (!isRecent(BUILD)) {
    process.stdout.write(`Adding Node ${NODE} for the build …\n`);
    makeImage(BASE, BUILD, installNode);
  }
  return { base: BASE, build: BUILD };
}

function isRecent(image) {
  const created = askBuildah('inspect', '--type', 'image', '--format', '{{.Docker.Created}}', image);
  // Go prints 2026-01-31 23:59:59.123456789 +0000 UTC.
  const [day, time] = (created ?? '').split(' ');
  return created !== null && Date.now() - Date.parse(`${day}T${time?.slice(0, 8)}Z`) < MAX_AGE;
}

function installDebian(root, mirror) {
  const args = ['--variant=minbase', SUITE, root, ...(mirror ? [mirror] : [])];
  if (run('debootstrap', args, { stdio: ['ignore', 'ignore', 'inherit'] }) !== 0) throw new Error('debootstrap failed');
  // What images of Debian leave out: documents, but not the licences; translations; what apt can fetch again; and what
  // debootstrap takes over from this machine.
  const script = `
    find usr/share/doc -type f ! -name copyright -delete
    find usr/share/doc -type d -empty -delete
    rm -rf usr/share/man/* usr/share/info/* usr/share/locale/* usr/share/lintian
    rm -rf var/cache/apt/* var/lib/apt/lists/* var/cache/debconf/*-old var/log/* tmp/*
    rm -f etc/hostname etc/resolv.conf`;
  if (run('sh', ['-euc', script], { cwd: root }) !== 0) throw new Error('the base image could not be made smaller');
}

/** Node's own binaries come from npm, which needs no other server than the rest of the build. */
function installNode(root) {
  const directory = path.join(DIRECTORY, 'node');
  const name = `node-linux-${process.arch}`;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const [program, ...args] = npmCommand();
  const install = [
    'install',
    '--prefix',
    directory,
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--loglevel=error',
  ];
  const status = run(program, [...args, ...install, `${name}@${NODE}`, `npm@${NPM}`], { cwd: directory });
  if (status !== 0) throw new Error('Node could not be fetched from npm');
  const local = path.join(root, 'usr/local');
  const packages = path.join(directory, 'node_modules');
  cpSync(path.join(packages, name, 'bin/node'), path.join(local, 'bin/node'));
  cpSync(path.join(packages, 'npm'), path.join(local, 'lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', path.join(local, 'bin/npm'));
  rmSync(directory, { recursive: true });
}
