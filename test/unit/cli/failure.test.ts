import { describe, expect, test } from 'vitest';
import { configFailure, Failure, failureOf } from '../../../src/cli/failure.ts';
import { BridgeError } from '../../../src/errors.ts';

describe('a failure', () => {
  test('is one line with code, message and remedy', () => {
    const { lines, status } = failureOf(new BridgeError('LISTEN_PORT_IN_USE', { detail: '127.0.0.1:6080' }));
    expect(lines).toEqual([
      'bascule: error LISTEN_PORT_IN_USE: 127.0.0.1:6080: the port is taken by another program — Stop that program, or listen on another port.',
    ]);
    expect(status).toBe(1);
  });

  test.each(['USAGE', 'CONFIG_NOT_FOUND', 'CONFIG_SYNTAX', 'CONFIG_INVALID', 'CONFIG_UNKNOWN_KEY'] as const)(
    'of usage ends with status 2: %s',
    (code) => expect(failureOf(new BridgeError(code)).status).toBe(2),
  );

  test.each(['TLS_KEY_MISMATCH', 'WEB_ROOT_INVALID', 'LISTEN_FAILED', 'INTERNAL'] as const)(
    'of the world ends with status 1: %s',
    (code) => expect(failureOf(new BridgeError(code)).status).toBe(1),
  );

  test('that nobody foresaw is one line, too, and shows no stack', () => {
    const { lines, status } = failureOf(new TypeError('a\nb\u001B[31m'));
    expect(lines).toEqual([expect.stringMatching(/^bascule: error INTERNAL: a b\\x1b\[31m: the bridge failed — /)]);
    expect(status).toBe(1);
  });

  test('stays what it is', () => {
    const failure = new Failure(['a'], 2);
    expect(failureOf(failure)).toBe(failure);
  });
});

describe('the failure of a config', () => {
  const issue = { code: 'CONFIG_INVALID', path: ['relay', 'linger'], what: 'it is bad', remedy: 'Mend it.' } as const;

  test('names the flag that gave the value', () => {
    expect(configFailure([issue], { 'relay.linger': '--linger' }).lines).toEqual([
      'bascule: error CONFIG_INVALID: --linger: it is bad; mend it',
    ]);
  });

  test('names TARGET for the shorthand of its address', () => {
    expect(configFailure([{ ...issue, path: ['target'] }], { 'target.url': 'TARGET' }).lines[0]).toContain(
      ': TARGET: ',
    );
  });

  test('names the key where nothing gave the value', () => {
    expect(configFailure([issue], {}).lines[0]).toContain(': relay.linger: ');
  });

  test('ends with status 1 when only files are to blame, with 2 otherwise', () => {
    const file = { ...issue, code: 'WEB_ROOT_INVALID' } as const;
    expect(configFailure([file], {}).status).toBe(1);
    expect(configFailure([file, issue], {}).status).toBe(2);
  });
});
