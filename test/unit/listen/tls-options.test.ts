import { createSecureContext } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { TlsConfig } from '../../../src/config/model.ts';
import { Secret } from '../../../src/config/secret.ts';
import type { BridgeError } from '../../../src/errors.ts';
import { tlsOptions } from '../../../src/listen/tls-options.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { suite } from '../../support/packages.ts';

function config(changes: Partial<TlsConfig> & { pem?: { cert: string; key: string } } = {}): TlsConfig {
  const { pem = makeCertificate(), ...rest } = changes;
  return { cert: pem.cert, key: new Secret(pem.key), passphrase: null, minVersion: 'TLSv1.2', ciphers: null, ...rest };
}

function failure(tls: TlsConfig): BridgeError {
  try {
    tlsOptions(tls, 'listener main');
  } catch (error) {
    return error as BridgeError;
  }
  throw new Error('the options were accepted');
}

suite('the TLS options of a listener', { needs: ['openssl'] }, () => {
  test('a good certificate gives options that Node takes', () => {
    const options = tlsOptions(config(), 'main');
    expect(options).toMatchObject({ minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] });
    expect(() => createSecureContext(options)).not.toThrow();
  });

  test('an encrypted key opens with its passphrase', () => {
    const pem = makeCertificate({ passphrase: 'open sesame' });
    expect(() => tlsOptions(config({ pem, passphrase: new Secret('open sesame') }), 'main')).not.toThrow();
  });

  describe('each mistake has its own error', () => {
    const good = makeCertificate();
    const locked = makeCertificate({ passphrase: 'open sesame' });

    test.each([
      ['no certificate', config({ cert: 'nonsense' }), 'TLS_CERTIFICATE_INVALID'],
      ['a key for a certificate', config({ cert: good.key }), 'TLS_CERTIFICATE_INVALID'],
      ['an expired certificate', config({ pem: makeCertificate({ days: -1 }) }), 'TLS_CERTIFICATE_EXPIRED'],
      ['no key', config({ key: new Secret('nonsense') }), 'TLS_KEY_INVALID'],
      ['a certificate for a key', config({ key: new Secret(good.cert) }), 'TLS_KEY_INVALID'],
      [
        'the key of another certificate',
        config({ key: new Secret(makeCertificate({ cn: 'other' }).key) }),
        'TLS_KEY_MISMATCH',
      ],
      ['no passphrase', config({ pem: locked }), 'TLS_PASSPHRASE_WRONG'],
      ['a wrong passphrase', config({ pem: locked, passphrase: new Secret('guess') }), 'TLS_PASSPHRASE_WRONG'],
      ['an unknown cipher', config({ ciphers: 'NO-SUCH-CIPHER' }), 'TLS_OPTION_INVALID'],
    ])('%s', (_name, tls, code) => {
      const error = failure(tls);
      expect(error.code).toBe(code);
      expect(error.detail).toContain('listener main');
    });

    test('none of them shows a secret', () => {
      const { message, detail, remedy } = failure(config({ pem: locked, passphrase: new Secret('guess-4711') }));
      expect(message + detail + remedy).not.toMatch(/guess-4711|BEGIN/);
    });
  });

  test('versions before TLS 1.2 get the security level they need, newer ones never', () => {
    expect(tlsOptions(config({ minVersion: 'TLSv1' }), 'main').ciphers).toMatch(/@SECLEVEL=0$/);
    expect(tlsOptions(config(), 'main').ciphers).not.toContain('SECLEVEL');
    expect(tlsOptions(config({ minVersion: 'TLSv1.1', ciphers: 'AES128-SHA' }), 'main').ciphers).toBe('AES128-SHA');
  });
});
