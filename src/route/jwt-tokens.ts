import type { JWTPayload } from 'jose';
import type { Secret } from '../config/secret.ts';
import { BridgeError } from '../errors.ts';
import { type JwtKey, readJwtKeys } from './jwt-key.ts';
import type { JwtKeyFile } from './jwt-key-file.ts';
import { isTokenAddress } from './token-address.ts';
import type { TokenAddress, TokenSource } from './token-source.ts';

/** Why a token is not accepted, by the error code of jose. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'it has expired',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'it is not valid yet, or a time in it is no number',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is wrong',
  ERR_JWE_DECRYPTION_FAILED: 'it is not encrypted for this key',
  ERR_JOSE_ALG_NOT_ALLOWED: 'its algorithm is not for this key',
};

/** Those that say that another key may do. */
const OTHER_KEY: ReadonlySet<string> = new Set([
  'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  'ERR_JWE_DECRYPTION_FAILED',
  'ERR_JWE_INVALID',
]);

/**
 * The token itself says where it leads: a JWT with the claims host and port, signed (JWS), or signed and then encrypted
 * (JWE). `nbf` and `exp` count where they are given.
 */
export class JwtTokens implements TokenSource {
  readonly label = 'JWT';
  readonly #file: JwtKeyFile | null;
  readonly #keys: readonly JwtKey[];

  constructor(key: Secret | JwtKeyFile) {
    this.#file = 'current' in key ? key : null;
    this.#keys = 'current' in key ? [] : readJwtKeys(key);
  }

  async start(): Promise<void> {
    await this.#file?.start();
  }

  async lookup(token: string): Promise<TokenAddress> {
    const claims = await this.#claims(token);
    const { host, port } = claims;
    const address = { host, port };
    if (isTokenAddress(address)) return address;
    throw new BridgeError('TOKEN_TARGET_INVALID', { detail: `${this.label}: it has no claims host and port` });
  }

  async #claims(token: string): Promise<JWTPayload> {
    const keys = this.#file ? await this.#file.current() : this.#keys;
    if (keys.length === 0) throw unknown('there is no key any more');
    let code = '';
    for (const key of keys) {
      try {
        return await readClaims(token, key);
      } catch (error) {
        if (error instanceof BridgeError) throw error;
        code = (error as NodeJS.ErrnoException).code ?? '';
        // A secret has two readings, and only one of them fits the length that an algorithm asks for.
        if (!OTHER_KEY.has(code) && !(error instanceof TypeError)) break;
      }
    }
    throw unknown(REASONS[code] ?? 'it is no JWT that can be read');
  }
}

async function readClaims(token: string, key: JwtKey): Promise<JWTPayload> {
  const { compactDecrypt, jwtDecrypt, jwtVerify } = await import('jose');
  const verify = { algorithms: [...key.signatures] };
  if (token.split('.').length !== 5) return (await jwtVerify(token, key.verify, verify)).payload;
  if (!key.decrypt) throw unknown('it is encrypted, and the key is a public one');
  const decrypt = { keyManagementAlgorithms: [...key.encryptions] };
  const { plaintext } = await compactDecrypt(token, key.decrypt, decrypt);
  const inner = Buffer.from(plaintext).toString('utf8');
  if (!inner.startsWith('{')) return (await jwtVerify(inner, key.verify, verify)).payload;
  if (!key.shared) throw unknown('it is encrypted and not signed');
  return (await jwtDecrypt(token, key.decrypt, decrypt)).payload;
}

function unknown(why: string): BridgeError {
  return new BridgeError('TOKEN_UNKNOWN', { detail: `JWT: ${why}` });
}
