import { X509Certificate } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { TlsConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { systemAuthorities } from '../file/system-authorities.ts';

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

const UNKNOWN_AUTHORITY = 'no authority of the listener has signed the client certificate';

/** What OpenSSL finds wrong with a chain, by Node's name for it. Whatever is not here shows under that name. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the client certificate, or one of its chain, has expired',
  CERT_NOT_YET_VALID: 'the client certificate, or one of its chain, is not valid yet',
  INVALID_CA: 'the client certificate is signed by one that may not sign others',
  INVALID_PURPOSE: 'the client certificate is not made for clients, or one of its chain not for signing those',
  CERT_SIGNATURE_FAILURE: 'the signature of the client certificate is wrong',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
};

/**
 * The options of a TLS server that lets in nobody without a verified certificate; none when clients are not asked for
 * one. Plain text on the same port is not its business.
 */
export function clientCertificateOptions({ clientCertificates }: TlsConfig, where: string): TlsOptions {
  if (!clientCertificates) return {};
  if (clientCertificates.ca !== null) checkAuthorities(clientCertificates.ca, where);
  const ca = clientCertificates.ca ?? systemAuthorities();
  return { requestCert: true, rejectUnauthorized: true, ...(ca === null ? {} : { ca }) };
}

/** The error for a client whose certificate did not pass, by Node's name for what is wrong; null = it sent none. */
export function certificateRefused(code: string | null): BridgeError {
  return new BridgeError('TLS_HANDSHAKE_FAILED', {
    detail: code === null ? 'the client sent no certificate' : (REASONS[code] ?? `client certificate: ${code}`),
    remedy: 'Give the client a valid certificate of an authority that the listener trusts.',
  });
}

/** Node takes any text for a list of authorities, reads it up to the first damage, and may then trust nobody. */
function checkAuthorities(pem: string, where: string): void {
  for (const block of pem.match(CERTIFICATE) ?? ['']) {
    try {
      void new X509Certificate(block);
    } catch (cause) {
      const detail = `${where} (authorities of client certificates)`;
      throw new BridgeError('TLS_CERTIFICATE_INVALID', { detail, remedy: 'Give a PEM file of certificates.', cause });
    }
  }
}
