import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorRow } from '../../../../src/errors.ts';
import { describeVncEnd, REASONS } from '../../../../src/web/vnc/ending.ts';
import type { VncEnd } from '../../../../src/web/vnc/session-state.ts';

const rows: readonly ErrorRow[] = Object.values(ERRORS);

describe('the reasons of the bridge', () => {
  test.each([...REASONS.keys()])('%s is one that it closes with', (sentence) => {
    expect(rows.filter((row) => row.sentence === sentence).map(({ close }) => close)).toEqual([1011]);
  });

  test('are shown with the code, and with what they mean for the visitor', () => {
    const reason = 'The target refused the connection.';
    const ending = describeVncEnd({ by: 'close', code: 1011, reason, stage: 'greeting' });
    expect(ending).toMatchObject({ kind: 'bad', code: 1011, title: 'The VNC server cannot be reached', text: reason });
    expect(ending.advice).toMatch(/Nothing listens/);
  });

  test('that the page does not know are shown all the same', () => {
    const ending = describeVncEnd({ by: 'close', code: 1011, reason: 'Something new.', stage: 'screen' });
    expect(ending).toMatchObject({ code: 1011, text: 'Something new.' });
    expect(ending.advice).not.toBe('');
  });
});

test.each([
  ['the visitor', { by: 'user' }, 'plain', /^Disconnected *$/],
  ['the end of the session', { by: 'close', code: 1000, reason: '', stage: 'screen' }, 'plain', /ended the session/],
  [
    'an end without a greeting',
    { by: 'close', code: 1000, reason: '', stage: 'greeting' },
    'bad',
    /without a greeting/,
  ],
  ['an end during the login', { by: 'close', code: 1000, reason: '', stage: 'login' }, 'bad', /during the login/],
  ['a refused upgrade', { by: 'close', code: 1006, reason: '', stage: 'opening' }, 'bad', /does not tell pages which/],
  ['a broken network', { by: 'close', code: 1006, reason: '', stage: 'screen' }, 'bad', /lost/],
  [
    'a session limit',
    { by: 'close', code: 1008, reason: 'The session reached its time limit.', stage: 'screen' },
    'bad',
    /time limit/,
  ],
  [
    'a bridge that stops',
    { by: 'close', code: 1001, reason: 'The bridge is shutting down.', stage: 'screen' },
    'plain',
    /shutting down/,
  ],
  ['a refused login', { by: 'login', reason: 'Too many security failures' }, 'bad', /Too many security failures/],
  [
    'something else than VNC',
    { by: 'protocol', details: 'Invalid server version TTP/', stage: 'greeting' },
    'bad',
    /not a VNC server/,
  ],
  [
    'no common login',
    { by: 'protocol', details: 'Unsupported security types (types: 5,18,77)', stage: 'greeting' },
    'bad',
    /RA2, TLS, type 77/,
  ],
  [
    'any other failure',
    { by: 'protocol', details: 'Unsupported encoding (encoding: 99)', stage: 'screen' },
    'bad',
    /encoding: 99/,
  ],
  ['a silent bridge', { by: 'deadline', stage: 'opening' }, 'bad', /bridge does not answer/],
  ['a silent target', { by: 'deadline', stage: 'greeting' }, 'bad', /something else than a VNC server/],
  ['a browser that will not', { by: 'browser', details: 'Mixed content.' }, 'bad', /Mixed content/],
] as const satisfies readonly (readonly [string, VncEnd, string, RegExp])[])('says %s', (_what, end, kind, words) => {
  const ending = describeVncEnd(end);
  expect(ending.kind).toBe(kind);
  expect(`${ending.title} ${ending.text} ${ending.advice}`).toMatch(words);
});
