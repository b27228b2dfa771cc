/** A name and a password as a client sent them. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** Longer ones are nobody's, and hashing them takes long. */
const MOST_LETTERS = 1024;
const NOT_PRINTABLE = /\p{Cc}/u;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads an Authorization header of the Basic scheme (RFC 7617): what its bytes are in UTF-8, which the bridge asks for, and
 * in Latin-1, which older clients send all the same. One reading where both are the same; none for anything else.
 */
export function readBasicCredentials(header: string | undefined): readonly Credentials[] {
  const [, encoded = ''] = /^Basic +([A-Za-z\d+/]+={0,2}) *$/i.exec(header ?? '') ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  const latin1 = bytes.toString('latin1');
  return [...new Set([utf8(bytes) ?? latin1, latin1])].flatMap((pair) => split(pair) ?? []);
}

function utf8(bytes: Buffer): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function split(pair: string): Credentials | null {
  const colon = pair.indexOf(':');
  if (colon === -1 || pair.length > MOST_LETTERS || NOT_PRINTABLE.test(pair)) return null;
  return { name: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
