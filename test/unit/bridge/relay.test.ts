import { describe, expect, test } from 'vitest';
import { targetError } from '../../../src/bridge/relay.ts';
import { BridgeError } from '../../../src/errors.ts';

const failure = (message: string, code?: string): Error & { code?: string } =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

describe("an error of a target's stream", () => {
  test('is TARGET_RESET, which names the target and what the system said', () => {
    const cause = failure('read ECONNRESET', 'ECONNRESET');
    const error = targetError('tcp://vm.test:5900', cause);
    expect(error).toMatchObject({ code: 'TARGET_RESET', detail: 'tcp://vm.test:5900: ECONNRESET', cause });
    expect(error.remedy).toBe('Check the target.');
  });

  test('is told by its message where the system said nothing', () => {
    expect(targetError('unix:/run/a.sock', failure('out of rooms')).detail).toBe('unix:/run/a.sock: out of rooms');
  });

  test.each(['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE'])(
    'asks for a client certificate when the target refuses with %s',
    (code) => {
      expect(targetError('tls://db.test:443', failure('alert', code)).remedy).toMatch(/--target-cert/);
    },
  );

  test('stays what it is when it is a BridgeError already', () => {
    const error = new BridgeError('TARGET_REFUSED');
    expect(targetError('udp://dns.test:53', error)).toBe(error);
  });
});
