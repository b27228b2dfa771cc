import { STATUS_CODES } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  asBridgeError,
  BridgeError,
  ERRORS,
  messageOf,
  STAGES,
  type ErrorCode,
  type ErrorRow,
  type Stage,
} from '../../src/errors.ts';
import { isValidWireCode } from '../../src/websocket/close-codes.ts';

const rows = Object.entries(ERRORS) as [ErrorCode, ErrorRow][];
const BEFORE_UPGRADE = new Set<Stage>(['http', 'authenticate', 'route', 'policy']);
const AFTER_UPGRADE = new Set<Stage>(['dial', 'relay']);

describe('the error table', () => {
  it.each(rows)('%s is named and worded as an error should be', (code, { stage, sentence, remedy }) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(STAGES).toContain(stage);
    for (const text of [sentence, remedy]) expect(text).toMatch(/^[A-Z].*[^.]\.$/);
  });

  it.each(rows)('%s has a real HTTP status and a close code that may travel', (code, { status, close, sentence }) => {
    const answers = status === null || (status >= 400 && STATUS_CODES[status] !== undefined);
    expect(answers).toBe(true);
    // 1006 says that there was nobody left to send a Close frame to (RFC 6455 §7.1.5).
    const travels = close === null || isValidWireCode(close) || (code === 'CLIENT_GONE' && close === 1006);
    expect(travels).toBe(true);
    // As the reason of a Close frame it must not be cut (RFC 6455 §5.5).
    expect(Buffer.byteLength(sentence)).toBeLessThanOrEqual(123);
  });

  it.each(rows.filter(([, { stage }]) => stage === 'config'))(
    '%s is no answer to anybody',
    (_code, { status, close }) => {
      expect([status, close]).toEqual([null, null]);
    },
  );

  it.each(rows.filter(([, { stage }]) => BEFORE_UPGRADE.has(stage)))('%s has an HTTP status', (_code, { status }) => {
    expect(status).toEqual(expect.any(Number));
  });

  it.each(rows.filter(([code, { stage }]) => AFTER_UPGRADE.has(stage) && code !== 'RECORD_FAILED'))(
    '%s has a close code',
    (_code, { close }) => {
      expect(close).toEqual(expect.any(Number));
    },
  );

  it('has no close code for a recording that fails, because that ends no session', () => {
    expect(ERRORS.RECORD_FAILED.close).toBeNull();
  });

  it('has no two errors that say the same', () => {
    const sentences = rows.map(([, { sentence }]) => sentence);
    expect(new Set(sentences).size).toBe(sentences.length);
  });
});

describe('a bridge error', () => {
  it('is the sentence of its row when nothing more is known', () => {
    const error = new BridgeError('TARGET_REFUSED');
    expect(error.message).toBe('The target refused the connection.');
    expect(error).toMatchObject({
      name: 'BridgeError',
      code: 'TARGET_REFUSED',
      detail: '',
      row: ERRORS.TARGET_REFUSED,
    });
    expect(error.remedy).toBe(ERRORS.TARGET_REFUSED.remedy);
    expect('cause' in error).toBe(false);
  });

  it('puts its detail in front and keeps abbreviations in capitals', () => {
    expect(new BridgeError('TARGET_REFUSED', { detail: 'tcp://a:1' }).message).toBe(
      'tcp://a:1: the target refused the connection.',
    );
    expect(new BridgeError('CONFIG_UNKNOWN_KEY', { detail: 'line 3' }).message).toBe(
      'line 3: the config has a key that does not exist.',
    );
    expect(new BridgeError('TLS_OPTION_INVALID', { detail: 'ciphers' }).message).toBe(
      'ciphers: TLS refused a cipher list or a protocol version.',
    );
  });

  it('prefers the remedy and the cause it was given', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new BridgeError('TARGET_REFUSED', { remedy: 'Start redis.', cause });
    expect(error.remedy).toBe('Start redis.');
    expect(error.cause).toBe(cause);
  });
});

describe('anything thrown', () => {
  it('stays what it is when it is a bridge error', () => {
    const error = new BridgeError('TARGET_REFUSED');
    expect(asBridgeError(error, 'ROUTE_FAILED', 'detail')).toBe(error);
  });

  it('becomes an error of the given code with its own words as the detail', () => {
    const thrown = new Error('no such column');
    expect(asBridgeError(thrown, 'ROUTE_FAILED')).toMatchObject({
      code: 'ROUTE_FAILED',
      detail: 'no such column',
      cause: thrown,
    });
    expect(asBridgeError(thrown, 'ROUTE_FAILED', 'database').detail).toBe('database: no such column');
  });

  it.each([['text'], [null], [undefined], [42], [{ a: 1 }]])(
    'is INTERNAL when nothing is known of it: %s',
    (thrown) => {
      expect(asBridgeError(thrown).code).toBe('INTERNAL');
    },
  );
});

describe('the message of anything thrown', () => {
  it('is one line', () => {
    expect(messageOf(new Error('one\ntwo'))).toBe('one');
    expect(messageOf(new TypeError())).toBe('TypeError');
    expect(messageOf('text')).toBe('text');
    expect(messageOf(undefined)).toBe('undefined');
    expect(messageOf(Symbol('s'))).toBe('Symbol(s)');
  });

  it.each([
    ['an object without a text', () => Object.create(null) as unknown],
    ['an error whose message is none', () => Object.assign(new Error(), { message: Object.create(null) as string })],
    [
      'an error whose message throws',
      () =>
        Object.defineProperty(new Error(), 'message', {
          get() {
            throw new Error('again');
          },
        }),
    ],
  ])('never throws itself: %s', (_what, thrown) => {
    expect(messageOf(thrown())).toBe('something that has no text');
    expect(messageOf(Object.assign(new Error(), { message: 7 }))).toBe('7');
  });

  it('is what asBridgeError takes', () => {
    const thrown: unknown = Object.create(null);
    expect(asBridgeError(thrown)).toMatchObject({
      code: 'INTERNAL',
      detail: 'something that has no text',
      cause: thrown,
    });
  });
});
