/** Names of RFB security types that noVNC has no part in (RFC 6143 §7.1.2 and the registry of the RFB community). */
const NAMES: Readonly<Record<string, string>> = {
  1: 'None',
  2: 'VncAuth',
  5: 'RA2',
  6: 'RA2ne',
  16: 'Tight',
  18: 'TLS',
  19: 'VeNCrypt',
  20: 'SASL',
  30: 'Apple Remote Desktop',
  35: 'macOS system login',
  113: 'MS-Logon II',
  129: 'RA256',
  130: 'RA256ne',
  256: 'Plain',
  257: 'TLSNone',
  258: 'TLSVnc',
  259: 'TLSPlain',
  260: 'X509None',
  261: 'X509Vnc',
  262: 'X509Plain',
  263: 'TLSSASL',
  264: 'X509SASL',
};

/** The name of a security type, or its number. */
export function securityTypeName(type: string): string {
  return NAMES[type] ?? `type ${type}`;
}
