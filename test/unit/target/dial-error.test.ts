import { describe, expect, test } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { datagramError, dialError } from '../../../src/target/dial-error.ts';

const ADDRESS = 'tcp://db.test:5432';

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 192.0.2.1:5432`), { code });
}

describe('an error of a dial', () => {
  test.each([
    ['ECONNREFUSED', 'TARGET_REFUSED'],
    ['EAGAIN', 'TARGET_REFUSED'],
    ['EHOSTUNREACH', 'TARGET_UNREACHABLE'],
    ['ENETUNREACH', 'TARGET_UNREACHABLE'],
    ['EHOSTDOWN', 'TARGET_UNREACHABLE'],
    ['ENOTFOUND', 'TARGET_NAME_NOT_FOUND'],
    ['EAI_AGAIN', 'TARGET_NAME_NOT_FOUND'],
    ['EAI_FAIL', 'TARGET_NAME_NOT_FOUND'],
    ['ETIMEDOUT', 'TARGET_TIMEOUT'],
    ['EACCES', 'TARGET_NO_PERMISSION'],
    ['EPERM', 'TARGET_NO_PERMISSION'],
    ['ENOENT', 'TARGET_NOT_FOUND'],
    ['EMFILE', 'TARGET_FAILED'],
    ['ECONNRESET', 'TARGET_FAILED'],
    ['EMSGSIZE', 'TARGET_FAILED'],
  ])('%s is %s, of stage dial', (system, code) => {
    const cause = systemError(system);
    const error = dialError(cause, ADDRESS);
    expect(error).toMatchObject({ code, cause });
    expect(error.row.stage).toBe('dial');
    expect(error.detail).toContain(ADDRESS);
  });

  test('names the address and, where the code says nothing, the system error', () => {
    expect(dialError(systemError('ECONNREFUSED'), ADDRESS).message).toBe(
      'tcp://db.test:5432: the target refused the connection.',
    );
    expect(dialError(systemError('EPROTO'), ADDRESS).detail).toBe('tcp://db.test:5432 (connect EPROTO 192.0.2.1:5432)');
    expect(dialError('out of luck', ADDRESS)).toMatchObject({
      code: 'TARGET_FAILED',
      detail: 'tcp://db.test:5432 (out of luck)',
    });
  });

  test('has the remedy that fits where more is known', () => {
    expect(dialError(systemError('EMFILE'), ADDRESS).remedy).toContain('ulimit');
    expect(dialError(systemError('EPROTOTYPE'), ADDRESS).remedy).toContain('unix-dgram:');
  });

  test.each([
    [['ENETUNREACH', 'ECONNREFUSED'], 'TARGET_REFUSED'],
    [['ECONNREFUSED', 'ENETUNREACH'], 'TARGET_REFUSED'],
    [['ETIMEDOUT', 'EHOSTUNREACH'], 'TARGET_TIMEOUT'],
    [['ENETUNREACH', 'ETIMEDOUT'], 'TARGET_TIMEOUT'],
    [['EHOSTUNREACH', 'ENETUNREACH'], 'TARGET_UNREACHABLE'],
    [['ENOTFOUND', 'ENETUNREACH'], 'TARGET_UNREACHABLE'],
  ])('of several addresses (%j) is the one that came nearest: %s', (codes, code) => {
    expect(dialError(new AggregateError(codes.map(systemError)), ADDRESS)).toMatchObject({ code });
  });

  test('of no address at all is TARGET_FAILED', () => {
    expect(dialError(new AggregateError([]), ADDRESS)).toMatchObject({ code: 'TARGET_FAILED' });
  });

  test('stays what it is when it is a BridgeError already', () => {
    const error = new BridgeError('TARGET_TLS');
    expect(dialError(error, ADDRESS)).toBe(error);
  });
});

describe('an error of a datagram socket in use', () => {
  test.each([
    ['ECONNREFUSED', 'TARGET_REFUSED'],
    ['ECONNRESET', 'TARGET_RESET'],
    ['EMSGSIZE', 'TARGET_DATAGRAM_TOO_LARGE'],
    ['EHOSTUNREACH', 'TARGET_UNREACHABLE'],
  ])('%s is %s', (system, code) => {
    expect(datagramError(systemError(system), 'udp://db.test:53')).toMatchObject({ code, detail: 'udp://db.test:53' });
  });
});
