/** A public key for people to compare: SHA-256 in hex, in groups of four. Needs a secure context, as the login with keys does. */
export async function fingerprint(key: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', key));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replaceAll(/.{4}(?=.)/g, '$& ');
}
