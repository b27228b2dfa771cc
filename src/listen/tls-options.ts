import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, DEFAULT_CIPHERS, type TlsOptions } from 'node:tls';
import type { TlsConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { clientCertificateOptions } from './client-certificates.ts';

/** OpenSSL 3 signs nothing with SHA-1 at its default level, and TLS before 1.2 has nothing else. */
const OLD_VERSIONS: ReadonlySet<string> = new Set(['TLSv1', 'TLSv1.1']);

/** In either of the two PEM forms of an encrypted key. With a wrong passphrase OpenSSL may complain of anything. */
const ENCRYPTED = /ENCRYPTED/;

/**
 * The options of a TLS server for a config. Throws a BridgeError that names what is wrong with a certificate, key or
 * option, where Node would give OpenSSL's number; `where` is the listener, for the message.
 */
export function tlsOptions(config: TlsConfig, where: string): TlsOptions {
  const certificate = readCertificate(config, where);
  if (!certificate.checkPrivateKey(readKey(config, where)))
    throw new BridgeError('TLS_KEY_MISMATCH', { detail: where });
  const options: TlsOptions = {
    cert: config.cert,
    key: config.key.reveal(),
    ...(config.passphrase ? { passphrase: config.passphrase.reveal() } : {}),
    minVersion: config.minVersion,
    ciphers:
      config.ciphers ?? (OLD_VERSIONS.has(config.minVersion) ? `${DEFAULT_CIPHERS}:@SECLEVEL=0` : DEFAULT_CIPHERS),
    honorCipherOrder: true,
    ALPNProtocols: ['http/1.1'],
    ...clientCertificateOptions(config, where),
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new BridgeError('TLS_OPTION_INVALID', { detail: `${where} (${reason(cause)})`, cause });
  }
  return options;
}

function readCertificate({ cert }: TlsConfig, where: string): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch (cause) {
    throw new BridgeError('TLS_CERTIFICATE_INVALID', { detail: where, cause });
  }
  const now = Date.now();
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) {
    const detail = `${where} (valid from ${certificate.validFrom} to ${certificate.validTo})`;
    throw new BridgeError('TLS_CERTIFICATE_EXPIRED', { detail });
  }
  return certificate;
}

function readKey({ key, passphrase }: TlsConfig, where: string): KeyObject {
  try {
    return createPrivateKey({ key: key.reveal(), ...(passphrase ? { passphrase: passphrase.reveal() } : {}) });
  } catch (cause) {
    const code = ENCRYPTED.test(key.reveal()) ? 'TLS_PASSPHRASE_WRONG' : 'TLS_KEY_INVALID';
    throw new BridgeError(code, { detail: where, cause });
  }
}

function reason(thrown: unknown): string {
  const { reason: openssl, message } = thrown as Error & { reason?: string };
  return openssl ?? message;
}
