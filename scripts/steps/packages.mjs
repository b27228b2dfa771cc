import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { run } from './run.mjs';

/** Debian's own Python: the one that sees Debian's python3-* packages, whatever stands first in PATH. */
export const PYTHON = '/usr/bin/python3';

/** THE list of what test suites may need from Debian: name → package, and how to see whether it is there. */
const PACKAGES = {
  chromium: { package: 'chromium' },
  Xtigervnc: { package: 'tigervnc-standalone-server' },
  xterm: { package: 'xterm' },
  xsetroot: { package: 'x11-xserver-utils' },
  'redis-server': { package: 'redis-server' },
  websockify: { package: 'websockify' },
  python3: { package: 'python3', file: PYTHON },
  'python:jwcrypto': { package: 'python3-jwcrypto', module: 'jwcrypto' },
  'python:websockets': { package: 'python3-websockets', module: 'websockets' },
  novnc: { package: 'novnc', file: '/usr/share/novnc/utils/novnc_proxy' },
  groff: { package: 'groff' },
  socat: { package: 'socat' },
  nc: { package: 'netcat-openbsd' },
  telnetd: { package: 'inetutils-telnetd' },
  openssl: { package: 'openssl' },
  cc: { package: 'gcc' },
  'C headers': { package: 'libc6-dev', file: '/usr/include/stdlib.h' },
};

/** The Debian packages behind those of `names` that are not there. */
export function missingPackages(names) {
  return [...new Set(names.filter((name) => !isPresent(name)).map((name) => PACKAGES[name].package))];
}

function isPresent(name) {
  const entry = PACKAGES[name];
  if (!entry) throw new Error(`${name} is not in the list of scripts/steps/packages.mjs`);
  if (entry.file) return existsSync(entry.file);
  if (entry.module) return spawnSync(PYTHON, ['-c', `import ${entry.module}`]).status === 0;
  return findProgram(name) !== null;
}

/** The path of a program, looked for in PATH and in the places where Debian keeps servers. */
export function findProgram(name) {
  const places = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/bin', '/usr/sbin', '/sbin'];
  const found = places.map((place) => path.join(place, name)).find(isExecutable);
  return found ?? null;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs what is missing of the whole list, where this may be done unasked: in CI, or as root on Debian. */
export function ensurePackages() {
  const missing = missingPackages(Object.keys(PACKAGES));
  if (missing.length === 0 || process.env.BASCULE_NO_APT === '1') return;
  const root = process.getuid?.() === 0;
  if (!findProgram('apt-get') || !(root || process.env.CI === 'true')) return;
  process.stdout.write(`Installing Debian packages (BASCULE_NO_APT=1 turns this off): ${missing.join(' ')}\n`);
  const apt = (...args) => {
    const command = ['apt-get', '-q', '-y', ...args];
    const quiet = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    return root ? run(command[0], command.slice(1), quiet) : run('sudo', ['-n', '-E', ...command], quiet);
  };
  // A stale package list is the usual reason for a failure, so the update comes first; its own failure may be harmless.
  apt('update');
  if (apt('install', '--no-install-recommends', ...missing) !== 0)
    process.stdout.write('apt-get failed; the suites that need these packages are skipped.\n');
}
