import { describe, expect, test } from 'vitest';
import { argumentsFailure, Failure, failureOf, fileFailure, strictFailureOf } from '../../../src/cli/failure.ts';
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

const flagOf = (key: string): string | undefined => ({ 'tls.cert': '--cert', 'tls.key': '--key' })[key];

describe('the failure of a config', () => {
  const issue = { code: 'CONFIG_INVALID', path: ['relay', 'linger'], what: 'it is bad', remedy: 'Mend it.' } as const;

  test('names what was given where something beside it is missing, and the flag for what is missing', () => {
    const missing = { ...issue, path: ['tls', 'cert'], remedy: 'give tls.cert, or leave out tls.key' };
    expect(argumentsFailure([missing], { 'tls.key': '--key' }, { flagOf }).lines).toEqual([
      'bascule: error CONFIG_INVALID: --key: it is bad; give --cert, or leave out --key',
    ]);
  });

  test('in a file is placed there, also under a name that every object has', () => {
    const places = { offset: () => 0, place: ({ path }: { path: readonly unknown[] }) => `f:1:1: ${String(path[0])}` };
    const file = { name: 'f', directory: '/', input: {}, ...places };
    for (const key of ['__proto__', 'constructor', 'toString'])
      expect(fileFailure([{ ...issue, path: [key] }], {}, file).lines[0]).toContain(`: f:1:1: ${key}: it is bad`);
  });

  test('names the flag that gave the value', () => {
    expect(argumentsFailure([issue], { 'relay.linger': '--linger' }).lines).toEqual([
      'bascule: error CONFIG_INVALID: --linger: it is bad; mend it',
    ]);
  });

  test('names TARGET for the shorthand of its address', () => {
    expect(argumentsFailure([{ ...issue, path: ['target'] }], { 'target.url': 'TARGET' }).lines[0]).toContain(
      ': TARGET: ',
    );
  });

  test('names the key where nothing gave the value', () => {
    expect(argumentsFailure([issue], {}).lines[0]).toContain(': relay.linger: ');
  });

  test('ends with status 1 when only files are to blame, with 2 otherwise', () => {
    const file = { ...issue, code: 'WEB_ROOT_INVALID' } as const;
    expect(argumentsFailure([file], {}).status).toBe(1);
    expect(argumentsFailure([file, issue], {}).status).toBe(2);
  });

  test('of a strict command line ends with status 2, files or not', () => {
    const file = { ...issue, code: 'WEB_ROOT_INVALID' } as const;
    expect(argumentsFailure([file], {}, { strict: true }).status).toBe(2);
  });
});

const statusOf = (thrown: unknown): number => strictFailureOf(thrown).status;

describe('a start that fails under a strict command line', () => {
  test.each(['LOG_FILE_UNWRITABLE', 'HTPASSWD_INVALID', 'TOKEN_SOURCE_INVALID', 'PLUGIN_NOT_FOUND'] as const)(
    'is misuse where a value is to blame: %s',
    (code) => expect(statusOf(new BridgeError(code))).toBe(2),
  );

  test.each(['LISTEN_PORT_IN_USE', 'LISTEN_NO_PERMISSION', 'PACKAGE_MISSING', 'DAEMON_FAILED'] as const)(
    'is none where the world is: %s',
    (code) => expect(statusOf(new BridgeError(code))).toBe(1),
  );

  test('keeps the status that a daemon has told', () => {
    const failure = new Failure(['it is so'], 1);
    expect(strictFailureOf(failure)).toBe(failure);
    expect(statusOf(new Error('a mistake of ours'))).toBe(1);
  });
});
