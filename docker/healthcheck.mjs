// Asks every bridge that runs here, or the one whose process id is given, whether each of its listeners answers HTTP.
//
// It needs to be told no address: it asks the system where the bridge listens, so a config file is as good as a port, and
// programs that the bridge wraps are left alone. Only the name of a Unix socket, which the system does not know, has to
// stand on the command line; without it such a socket counts as fine.
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = realpathSync(fileURLToPath(new URL('../bin/bascule.mjs', import.meta.url)));
/** For each of at most two attempts. */
const DEADLINE = 2000;
const TCP_LISTEN = '0A';
const UNIX_LISTENS = 0x1_00_00;

const bridges = process.argv[2] ? [process.argv[2]] : readdirSync('/proc').filter(isBridge);
const listeners = bridges.flatMap((pid) => listenersOf(pid));
if (listeners.length === 0) fail(bridges.length === 0 ? 'no bridge is running' : 'the bridge listens nowhere');
const answers = await Promise.all(listeners.map((places) => answersAt(places)));
const silent = listeners.filter((_, index) => !answers[index]).map(([place]) => describe(place));
if (silent.length > 0) fail(`no answer from ${silent.join(', ')}`);
process.stdout.write(`${listeners.map(([place]) => describe(place)).join(', ')}: fine\n`);

/** Whether a process runs our program, by whatever name. */
function isBridge(pid) {
  if (!/^\d+$/.test(pid)) return false;
  return linesOf(`/proc/${pid}/cmdline`, '\0').some((word) => {
    try {
      return word.startsWith('/') && realpathSync(word) === PROGRAM;
    } catch {
      return false;
    }
  });
}

/** Where a process listens: for each socket the places to ask, of which one has to answer. */
function listenersOf(pid) {
  const sockets = socketsOf(pid);
  const net = `/proc/${pid}/net`;
  const tcp = [...linesOf(`${net}/tcp`), ...linesOf(`${net}/tcp6`)]
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === TCP_LISTEN && sockets.has(inode))
    .map(([, local]) => placesOf(local));
  const unix = linesOf(`${net}/unix`)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , flags, , , inode]) => Number.parseInt(flags, 16) & UNIX_LISTENS && sockets.has(inode))
    .map(() => unixPlacesOf(pid));
  return [...tcp, ...unix];
}

/** The sockets that a command line names. The bridge makes them under a passing name, and the system shows that one. */
function unixPlacesOf(pid) {
  const directory = linkOf(`/proc/${pid}/cwd`);
  return linesOf(`/proc/${pid}/cmdline`, '\0')
    .map((word) => path.resolve(directory, word.replace(/^(?:unix:|--unix-listen=)/, '')))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isSocket())
    .map((socketPath) => ({ socketPath }));
}

/** Inode numbers of the sockets of a process. */
function socketsOf(pid) {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
    return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  } catch {
    return new Set();
  }
}

function linkOf(file) {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

function linesOf(file, separator = '\n') {
  try {
    return readFileSync(file, 'utf8').split(separator);
  } catch {
    return [];
  }
}

/** Reads an address of /proc/net/tcp: 32-bit words in the byte order of the machine, then the port. */
function placesOf(local) {
  const [words, hexPort] = local.split(':');
  const port = Number.parseInt(hexPort, 16);
  const bytes = words.match(/.{8}/g).flatMap((word) => word.match(/../g).toReversed());
  if (bytes.length === 4) {
    const host = bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
    return [{ host: host === '0.0.0.0' ? '127.0.0.1' : host, port }];
  }
  const host = bytes.join('').match(/.{4}/g).join(':');
  // Where all addresses are meant, those of IPv4 mostly are, too, and the loopback of IPv6 may be missing.
  if (/^[0:]+$/.test(host)) return ['127.0.0.1', '::1'].map((loopback) => ({ host: loopback, port }));
  return [{ host, port }];
}

function describe(place) {
  if (!place) return 'a Unix socket (not asked)';
  const { socketPath, host, port } = place;
  return socketPath ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function answersAt(places) {
  if (places.length === 0) return true;
  for (const place of places) {
    if ((await asks(http, place)) || (await asks(https, place))) return true;
  }
  return false;
}

/** Any status is an answer, and so is the wish for a client certificate. */
function asks(protocol, place) {
  return new Promise((resolve) => {
    const request = protocol.get({ ...place, path: '/', agent: false, rejectUnauthorized: false });
    const timer = setTimeout(() => request.destroy(), DEADLINE);
    const finish = (answer) => {
      clearTimeout(timer);
      request.destroy();
      resolve(answer);
    };
    request.on('response', () => finish(true));
    request.on('error', ({ code = '' }) => finish(/^ERR_SSL_.*ALERT/.test(code)));
  });
}

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}
