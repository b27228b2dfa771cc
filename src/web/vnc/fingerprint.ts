/** A public key for people to compare: SHA-256 in hex, in groups of four; null without a secure context, which it needs. */
export async function fingerprint(key: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const { subtle } = crypto as { readonly subtle?: typeof crypto.subtle };
  if (!subtle) return null;
  const hash = new Uint8Array(await subtle.digest('SHA-256', key));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replaceAll(/.{4}(?=.)/g, '$& ');
}
