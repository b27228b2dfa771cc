import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { npmCommand } from './run.mjs';

/** Which of apt's settings say how to reach its servers. */
const APT = /^Acquire::(?:https?|ftp|Retries|ForceIPv\d|Check-(?:Date|Valid-Until))\b.*;$/gm;
const NPM = ['registry', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl'];

/**
 * Hands `use` the secrets of the Dockerfile as arguments of a build: how npm and apt reach their servers from this
 * machine. They are files that are gone afterwards, and no part of the image.
 */
export function withSecrets(use) {
  const directory = mkdtempSync(path.join(tmpdir(), 'bascule-image-'));
  try {
    const files = { apt: aptSettings(), npmrc: npmSettings(), authorities: authorities() };
    const args = Object.entries(files).flatMap(([id, text]) => {
      if (text === '') return [];
      const file = path.join(directory, id);
      writeFileSync(file, text, { mode: 0o600 });
      return ['--secret', `id=${id},src=${file}`];
    });
    return use(args);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function aptSettings() {
  return (outputOf('apt-config', 'dump', 'Acquire').match(APT) ?? []).join('\n');
}

/** The settings of this user, and then what they and the environment amount to; the last line of a name counts. */
function npmSettings() {
  const [program, ...args] = npmCommand();
  const ask = (name) => outputOf(program, ...args, 'config', 'get', name).trim();
  const file = ask('userconfig');
  const own = existsSync(file) ? readFileSync(file, 'utf8') : '';
  // Paths and variables are those of this machine.
  const lines = own
    .split('\n')
    .filter((line) => !/^\s*(?:cafile|prefix|cache|nodedir|globalconfig|yes)\s*=/.test(line))
    .map((line) => line.replaceAll(/\$\{(\w+)\}/g, (all, name) => process.env[name] ?? all));
  const values = NPM.map((name) => [name, ask(name)]).filter(([, value]) => value !== '' && value !== 'null');
  return `${[...lines, ...values.map(([name, value]) => `${name}=${value}`)].join('\n')}\n`;
}

/** The certificates that npm trusts here in addition to Node's. */
function authorities() {
  const [program, ...args] = npmCommand();
  const files = [process.env.NODE_EXTRA_CA_CERTS, outputOf(program, ...args, 'config', 'get', 'cafile').trim()];
  const file = files.find((name) => name && existsSync(name));
  return file ? readFileSync(file, 'utf8') : '';
}

function outputOf(program, ...args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout : '';
}
