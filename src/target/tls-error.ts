import { BridgeError } from '../errors.ts';

const UNKNOWN_AUTHORITY =
  'Give the certificate of its authority with target.ca, or switch the check off with target.verify.';
const NOT_TLS = 'The target does not seem to speak TLS: use tcp://, or correct the port.';

/** What helps against each reason, by the code that Node or OpenSSL gives it. Keys of the config stand in full: front-ends show their own words for them. */
const REMEDIES: readonly (readonly [codes: RegExp, remedy: string])[] = [
  [/^CERT_HAS_EXPIRED$/, 'Renew the certificate of the target.'],
  [/^CERT_NOT_YET_VALID$/, 'Check the clock of the bridge, then the certificate of the target.'],
  [/SELF_SIGNED_CERT/, UNKNOWN_AUTHORITY],
  [/^UNABLE_TO_/, UNKNOWN_AUTHORITY],
  [/ALTNAME_INVALID$/, 'Connect by a name that the certificate holds, or give that name with target.servername.'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|UNEXPECTED_MESSAGE/, NOT_TLS],
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/, 'Update the target, or allow an older version with target.minVersion.'],
  [/ALERT/, 'The target refuses the bridge: it may want a client certificate (target.cert and target.key).'],
  [/^ECONNRESET$|^EPIPE$/, `The target hung up. ${NOT_TLS}`],
];

/** Turns what a TLS handshake with `address` failed with into TARGET_TLS, naming the reason and what helps. */
export function tlsError(thrown: unknown, address: string): BridgeError {
  if (thrown instanceof BridgeError) return thrown;
  const { code = '', reason, message } = thrown as NodeJS.ErrnoException & { reason?: string };
  const remedy = REMEDIES.find(([codes]) => codes.test(code))?.[1];
  // `reason` is the short form of OpenSSL's own errors; their message holds source lines.
  const why = (code.startsWith('ERR_SSL') && reason) || message;
  return new BridgeError('TARGET_TLS', { detail: `${address} (${why})`, cause: thrown, ...(remedy && { remedy }) });
}
