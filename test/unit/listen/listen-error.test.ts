import { expect, test } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { explainListenError } from '../../../src/listen/listen-error.ts';

const failure = (code: string): Error => Object.assign(new Error(`listen ${code}`), { code });

test.each([
  ['EADDRINUSE', 'LISTEN_PORT_IN_USE'],
  ['EADDRNOTAVAIL', 'LISTEN_ADDRESS_NOT_LOCAL'],
  ['EAFNOSUPPORT', 'LISTEN_ADDRESS_NOT_LOCAL'],
  ['EACCES', 'LISTEN_NO_PERMISSION'],
  ['EROFS', 'LISTEN_NO_PERMISSION'],
  ['ENOTFOUND', 'LISTEN_NAME_NOT_FOUND'],
  ['EAI_AGAIN', 'LISTEN_NAME_NOT_FOUND'],
  ['ENOENT', 'LISTEN_FAILED'],
  ['EMFILE', 'LISTEN_FAILED'],
])('%s is %s and names the address', (code, expected) => {
  const error = explainListenError(failure(code), 'localhost:6080');
  expect(error.code).toBe(expected);
  expect(error.detail).toContain('localhost:6080');
});

test('a missing directory has a remedy of its own', () => {
  expect(explainListenError(failure('ENOENT'), '/run/x/y.sock').remedy).toMatch(/Create the directory/);
});

test('an error that is explained already stays', () => {
  const error = new BridgeError('LISTEN_UNIX_LIVE');
  expect(explainListenError(error, 'x')).toBe(error);
});
