/** A name and a password as a client sent them. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** Longer ones are nobody's, and hashing them takes long. */
const MOST_LETTERS = 1024;
const NOT_PRINTABLE = /\p{Cc}/u;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads an Authorization header of the Basic scheme (RFC 7617), in UTF-8; null for anything else. */
export function readBasicCredentials(header: string | undefined): Credentials | null {
  const [, encoded = ''] = /^Basic +([A-Za-z\d+/]+={0,2}) *$/i.exec(header ?? '') ?? [];
  let pair: string;
  try {
    pair = UTF8.decode(Buffer.from(encoded, 'base64'));
  } catch {
    return null;
  }
  const colon = pair.indexOf(':');
  if (colon === -1 || pair.length > MOST_LETTERS || NOT_PRINTABLE.test(pair)) return null;
  return { name: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
