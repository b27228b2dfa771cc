import { describe, expect, test } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { tlsError } from '../../../src/target/tls-error.ts';

function failure(code: string, message: string, reason?: string): Error {
  return Object.assign(new Error(message), { code, ...(reason && { reason }) });
}

describe('an error of a TLS handshake', () => {
  test.each([
    ['CERT_HAS_EXPIRED', /Renew/],
    ['CERT_NOT_YET_VALID', /clock/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /ca/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /target\.ca\b.*target\.verify\b/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /ca/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /target\.servername\b/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /tcp:/],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', /tcp:/],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', /minVersion/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /minVersion/],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', /client certificate/],
    ['ECONNRESET', /hung up/],
    ['ERR_SSL_SOMETHING_ELSE', /Check its certificate/],
  ])('%s is TARGET_TLS with a remedy like %s', (code, remedy) => {
    const cause = failure(code, 'what happened');
    const error = tlsError(cause, 'tls://db.test:443');
    expect(error).toMatchObject({ code: 'TARGET_TLS', detail: 'tls://db.test:443 (what happened)', cause });
    expect(error.remedy).toMatch(remedy);
  });

  test("gives OpenSSL's reason without its source lines", () => {
    const message = '80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:ssl3_record.c:354:\n';
    const cause = failure('ERR_SSL_WRONG_VERSION_NUMBER', message, 'wrong version number');
    expect(tlsError(cause, 'tls://db.test:443').detail).toBe('tls://db.test:443 (wrong version number)');
  });

  test('names no flag: those differ from one command line to another', () => {
    for (const code of ['SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_SSL_UNSUPPORTED_PROTOCOL'])
      expect(tlsError(failure(code, 'x'), 'tls://db.test:443').remedy).not.toContain('--');
  });

  test('stays what it is when it is a BridgeError already', () => {
    const error = new BridgeError('TARGET_REFUSED');
    expect(tlsError(error, 'tls://db.test:443')).toBe(error);
  });
});
