import { expect, test } from 'vitest';
import { isUndecided, recogniseServer } from '../../../../src/web/link/greeting.ts';

test.each([
  ['RFB 003.008\n', 'vnc'],
  ['SSH-2.0-OpenSSH_9.9\r\n', 'ssh'],
  ['\u00ff\u00fd\u0018\u00ff\u00fd ', 'telnet'],
  ['\u00ff\u00fb\u0001', 'telnet'],
  ['Hello, this is the demo target of Bascule.\r\n', 'demo'],
  ['bascule-load 1 max=1048576\r\n', 'load'],
  ['220 mail.example.org ESMTP\r\n', null],
  ['\u00ff\u00d8\u00ff\u00e0', null],
  ['say SSH-2.0', null],
  ['', null],
])('%j is from: %s', (first, kind) => {
  expect(recogniseServer(Buffer.from(first, 'latin1'))).toBe(kind);
});

test.each([
  ['', true],
  ['\u00ff', true],
  ['RFB 003.008', true],
  ['SSH-', true],
  ['bascule-load ', true],
  ['H', true],
  ['\u00ff\u00fd', false],
  ['\u00ff\u00d8', false],
  ['SSH-2', false],
  ['RFB x', false],
  ['RFB 003.008\n', false],
  ['x', false],
])('%j may become a greeting: %s', (first, may) => {
  expect(isUndecided(Buffer.from(first, 'latin1'))).toBe(may);
});
