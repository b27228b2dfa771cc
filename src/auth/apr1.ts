import { createHash } from 'node:crypto';

const MAGIC = '$apr1$';
const ROUNDS = 1000;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Which bytes of the digest make four letters each, highest first; -1 = none. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
  [-1, -1, 11],
] as const;

/** Hashes a password as Apache's htpasswd does by default: MD5-crypt, a thousand rounds, with a magic of its own. */
export function apr1(password: Buffer, salt: string): string {
  const salted = Buffer.from(salt, 'latin1');
  const mixed = md5(password, salted, password);
  const start: Buffer[] = [password, Buffer.from(MAGIC), salted];
  for (let left = password.length; left > 0; left -= 16) start.push(mixed.subarray(0, Math.min(16, left)));
  for (let bits = password.length; bits > 0; bits >>= 1) start.push(bits & 1 ? Buffer.of(0) : password.subarray(0, 1));
  let digest = md5(...start);
  for (let round = 0; round < ROUNDS; round++) {
    const odd = (round & 1) === 1;
    const parts: Buffer[] = [odd ? password : digest];
    if (round % 3 !== 0) parts.push(salted);
    if (round % 7 !== 0) parts.push(password);
    parts.push(odd ? digest : password);
    digest = md5(...parts);
  }
  return `${MAGIC}${salt}$${encode(digest)}`;
}

function md5(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function encode(digest: Buffer): string {
  let text = '';
  for (const [high, middle, low] of GROUPS) {
    let value = ((digest[high] ?? 0) << 16) | ((digest[middle] ?? 0) << 8) | digest[low]!;
    for (let letters = high === -1 ? 2 : 4; letters > 0; letters--) {
      text += ALPHABET[value & 63]!;
      value >>= 6;
    }
  }
  return text;
}
