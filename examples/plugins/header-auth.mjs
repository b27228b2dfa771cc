// An authenticator for bascule behind a proxy that has authenticated its users: the proxy puts the user's name into a
// header, and proves that it was the proxy by a secret in another one.
//
// The source that the operator names is the path of a file with the secret.

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export const apiVersion = 1;

const USER_HEADER = 'x-forwarded-user';
const SECRET_HEADER = 'x-proxy-secret';

/**
 * @param {import('bascule/plugin').PluginContext} context
 * @returns {Promise<import('bascule/plugin').PluginAuthenticator>}
 */
export async function createAuthenticator({ source }) {
  if (!source) throw new Error('the source is missing: give the path of a file with the secret of the proxy');
  const text = (await readFile(source, 'utf8')).trim();
  // Every request without the header would know an empty one.
  if (text === '') throw new Error('the secret is empty');
  const secret = digest(text);

  return {
    authenticate({ headers }) {
      const proof = headers[SECRET_HEADER];
      // Digests have one length, so that comparing takes the same time whatever was sent.
      if (!proof || !timingSafeEqual(secret, digest(proof))) return null;
      const name = headers[USER_HEADER];
      return name ? { name } : null;
    },
  };
}

/** The SHA-256 of a text. */
function digest(text) {
  return createHash('sha256').update(text).digest();
}
