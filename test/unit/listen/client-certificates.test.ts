import { describe, expect, test } from 'vitest';
import type { TlsConfig } from '../../../src/config/model.ts';
import { Secret } from '../../../src/config/secret.ts';
import { certificateRefused, clientCertificateOptions } from '../../../src/listen/client-certificates.ts';
import { tlsOptions } from '../../../src/listen/tls-options.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { suite } from '../../support/packages.ts';

suite('what a listener asks of its clients', { needs: ['openssl'] }, () => {
  const pem = makeCertificate();

  function config(changes: Partial<TlsConfig> = {}): TlsConfig {
    return {
      cert: pem.cert,
      key: new Secret(pem.key),
      passphrase: null,
      minVersion: 'TLSv1.2',
      ciphers: null,
      ...changes,
    };
  }

  test('clients are asked for nothing unless the config says so', () => {
    expect(clientCertificateOptions(config(), 'main')).toEqual({});
    expect(tlsOptions(config(), 'main').requestCert).toBeUndefined();
  });

  test('a listener that asks also insists, and trusts the authorities it was given', () => {
    const { cert: ca } = makeCertificate({ cn: 'authority.test', authority: true });
    expect(tlsOptions(config({ clientCertificates: { ca } }), 'main')).toMatchObject({
      requestCert: true,
      rejectUnauthorized: true,
      ca,
    });
  });

  describe('authorities', () => {
    const [, ...rest] = pem.cert.split('\n');
    test.each([
      ['are missing', ''],
      ['are no PEM', 'nonsense'],
      ['are a key', pem.key],
      ['are damaged in the second place', `${pem.cert}\n-----BEGIN CERTIFICATE-----\nMIIB${rest.join('\n')}`],
    ])('that %s keep the listener from starting', (_name, ca) => {
      const build = (): unknown => tlsOptions(config({ clientCertificates: { ca } }), 'listener main');
      expect(build).toThrow(
        expect.objectContaining({
          code: 'TLS_CERTIFICATE_INVALID',
          detail: expect.stringMatching(/listener main.*authorities/) as string,
        }),
      );
    });
  });
});

test.each([
  [null, /sent no certificate/],
  ['CERT_HAS_EXPIRED', /has expired/],
  ['CERT_NOT_YET_VALID', /not valid yet/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /no authority/],
  ['CERT_CHAIN_TOO_LONG', /^client certificate: CERT_CHAIN_TOO_LONG$/],
])('a refusal for %s says what is wrong', (code, detail) => {
  const error = certificateRefused(code);
  expect(error.code).toBe('TLS_HANDSHAKE_FAILED');
  expect(error.detail).toMatch(detail);
});
