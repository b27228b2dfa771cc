import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { Secret } from '../config/secret.ts';
import { BridgeError } from '../errors.ts';

/** A key, and what may be done with it. No key may be used for an algorithm of another kind (RFC 8725 §3.1). */
export interface JwtKey {
  /** Verifies signatures. */
  readonly verify: KeyObject;
  readonly signatures: readonly string[];
  /** Decrypts; null for a public key. */
  readonly decrypt: KeyObject | null;
  readonly encryptions: readonly string[];
  /** Whether who can encrypt for this key can also sign with it. Anybody can encrypt for a public key. */
  readonly shared: boolean;
}

const RSA_SIGNATURES = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const RSA_ENCRYPTIONS = ['RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'];
const EC_ENCRYPTIONS = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'];
const EC_SIGNATURES: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
const SHARED_SIGNATURES = ['HS256', 'HS384', 'HS512'];
// Not PBES2: the token would say how long the bridge has to compute (RFC 8725 §3.2).
const SHARED_ENCRYPTIONS = ['dir', 'A128KW', 'A192KW', 'A256KW', 'A128GCMKW', 'A192GCMKW', 'A256GCMKW'];

/**
 * Reads a key: PEM (public, private or a certificate), or a shared secret. A secret in base64url counts as the bytes that
 * it stands for, as in websockify, and as its own letters, as most other programs have it. Throws TOKEN_SOURCE_INVALID.
 */
export function readJwtKeys(secret: Secret): readonly JwtKey[] {
  const text = secret
    .reveal()
    .replace(/^\uFEFF/, '')
    .trim();
  if (text === '') throw invalid('the key is empty', 'Give a PEM key or a shared secret.');
  if (text.includes('-----BEGIN')) return [pemKey(text)];
  const letters = Buffer.from(text);
  const isBase64 = /^[\w-]+={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1;
  const bytes = isBase64 ? Buffer.from(text, 'base64url') : letters;
  return (bytes.equals(letters) ? [letters] : [bytes, letters]).map(sharedKey);
}

function sharedKey(bytes: Buffer): JwtKey {
  const key = createSecretKey(bytes);
  return { verify: key, signatures: SHARED_SIGNATURES, decrypt: key, encryptions: SHARED_ENCRYPTIONS, shared: true };
}

function pemKey(pem: string): JwtKey {
  const decrypt = /-----BEGIN [A-Z ]*PRIVATE KEY/.test(pem) ? readPem(() => createPrivateKey(pem)) : null;
  if (!decrypt && /ENCRYPTED/.test(pem)) throw invalid('the key has a passphrase', 'Give a key without a passphrase.');
  const verify = readPem(() => createPublicKey(decrypt ?? pem));
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = verify;
  switch (type) {
    case 'rsa':
      return { verify, signatures: RSA_SIGNATURES, decrypt, encryptions: RSA_ENCRYPTIONS, shared: false };
    case 'ec': {
      const signature = EC_SIGNATURES[details?.namedCurve ?? ''];
      if (signature) return { verify, signatures: [signature], decrypt, encryptions: EC_ENCRYPTIONS, shared: false };
      break;
    }
    case 'ed25519':
      return { verify, signatures: ['EdDSA', 'Ed25519'], decrypt: null, encryptions: [], shared: false };
    default:
  }
  throw invalid(`a key of type ${type} signs no JWT`, 'Give an RSA, P-256, P-384, P-521 or Ed25519 key.');
}

function readPem(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw invalid('the key is not PEM', 'Give a PEM key (public, private or a certificate) without a passphrase.');
  }
}

function invalid(what: string, remedy: string): BridgeError {
  return new BridgeError('TOKEN_SOURCE_INVALID', { detail: `JWT (${what})`, remedy });
}
