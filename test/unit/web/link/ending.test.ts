import { expect, test } from 'vitest';
import { ConnectError } from '../../../../src/browser/socket-error.ts';
import { describeEnding, describeRefusal } from '../../../../src/web/link/ending.ts';

test('an orderly end is nothing to worry about', () => {
  expect(describeEnding({ code: 1000, reason: '' }, true)).toEqual({
    code: 1000,
    kind: 'plain',
    title: 'Normal end',
    text: '',
    advice: '',
  });
  expect(describeEnding({ code: 1001, reason: 'the bridge stops' }, true)).toMatchObject({
    kind: 'plain',
    text: 'the bridge stops',
  });
});

test('an error shows the reason of the bridge, and what to do', () => {
  expect(describeEnding({ code: 1011, reason: 'the target refused the connection' }, true)).toMatchObject({
    kind: 'bad',
    title: 'Target or bridge failed',
    text: 'the target refused the connection',
    advice: expect.stringMatching(/running/) as unknown,
  });
});

test('a connection that never was is told from one that broke', () => {
  const never = describeEnding({ code: 1006, reason: '' }, false);
  expect(never).toMatchObject({ kind: 'bad', title: 'No connection' });
  expect(never.text).toMatch(/does not tell/);
  expect(describeEnding({ code: 1006, reason: '' }, true)).toMatchObject({ kind: 'bad', title: 'Connection lost' });
});

test('a connection that was never made has the words of whoever knows why', () => {
  expect(describeRefusal(new ConnectError('TIMEOUT', 'No connection in time'))).toMatchObject({
    code: 1006,
    kind: 'bad',
    title: 'No connection',
    text: 'No connection in time',
  });
  expect(describeRefusal(new ConnectError('REFUSED', 'No server, or it refused')).text).toMatch(/does not tell/);
});
