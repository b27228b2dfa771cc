import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsTargetConfig, TlsVersion } from '../config/model.ts';
import type { Secret } from '../config/secret.ts';
import { BridgeError, type ErrorCode } from '../errors.ts';
import { systemAuthorities } from '../file/system-authorities.ts';

/** By minVersion. Reading the system's authorities takes tens of ms, and every token may lead to a target of its own. */
const systemContexts = new Map<TlsVersion, SecureContext>();

/**
 * Makes what TLS connections to a target share: authorities, client certificate and versions.
 *
 * Throws the config error that fits (TLS_CERTIFICATE_INVALID, TLS_KEY_MISMATCH, …) at start, before any dial.
 */
export function targetTlsContext(config: TlsTargetConfig, label: string): SecureContext {
  const { ca, cert, key, verify, minVersion } = config;
  const isPlain = verify && ca === null && cert === null && key === null;
  const known = isPlain ? systemContexts.get(minVersion) : undefined;
  if (known) return known;
  const context = makeContext(config, label);
  if (isPlain) systemContexts.set(minVersion, context);
  return context;
}

function makeContext(config: TlsTargetConfig, label: string): SecureContext {
  const { ca, cert, key, passphrase, verify, minVersion } = config;
  const options: SecureContextOptions = { minVersion };
  // Without ca Node trusts its own list, on which no private authority stands.
  const trusted = ca ?? (verify ? systemAuthorities() : null);
  if (ca !== null) {
    // Node takes any text for a list of authorities and then trusts nobody.
    readCertificate(ca, `ca of ${label}`);
  }
  if (trusted !== null) options.ca = trusted;
  if (cert !== null || key !== null) {
    if (cert === null)
      throw problem('TLS_CERTIFICATE_INVALID', `cert of ${label} (missing)`, 'Give cert along with key.');
    if (key === null) throw problem('TLS_KEY_INVALID', `key of ${label} (missing)`, 'Give key along with cert.');
    const certificate = readCertificate(cert, `cert of ${label}`);
    if (!certificate.checkPrivateKey(readKey(key, passphrase, `key of ${label}`)))
      throw problem('TLS_KEY_MISMATCH', `key of ${label}`);
    options.cert = cert;
    options.key = key.reveal();
    if (passphrase !== null) options.passphrase = passphrase.reveal();
  }
  try {
    return createSecureContext(options);
  } catch (error) {
    throw problem('TLS_OPTION_INVALID', `${label} (${messageOf(error)})`, undefined, error);
  }
}

function readCertificate(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw problem('TLS_CERTIFICATE_INVALID', what, undefined, error);
  }
}

function readKey(key: Secret, passphrase: Secret | null, what: string): KeyObject {
  try {
    return createPrivateKey({ key: key.reveal(), ...(passphrase && { passphrase: passphrase.reveal() }) });
  } catch (error) {
    if (!/ENCRYPTED/.test(key.reveal())) throw problem('TLS_KEY_INVALID', what, 'Give a PEM private key.', error);
    throw problem('TLS_PASSPHRASE_WRONG', what, 'Give the passphrase of the key.', error);
  }
}

function problem(code: ErrorCode, detail: string, remedy?: string, cause?: unknown): BridgeError {
  return new BridgeError(code, { detail, cause, ...(remedy && { remedy }) });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
