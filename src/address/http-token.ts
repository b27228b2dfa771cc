/** A token of RFC 9110 §5.6.2: what names of headers, cookies and subprotocols are made of. '*' is one, too. */
export function isHttpToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}
