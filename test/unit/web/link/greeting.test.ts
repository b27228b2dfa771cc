import { expect, test } from 'vitest';
import { recogniseServer } from '../../../../src/web/link/greeting.ts';

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
