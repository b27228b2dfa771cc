/** Names of the close codes that a page may see (RFC 6455 §7.4.1 and the IANA registry). */
const NAMES: Readonly<Record<number, string>> = {
  1000: 'Normal end',
  1001: 'Going away',
  1002: 'Protocol error',
  1003: 'Data not accepted',
  1005: 'Closed without a code',
  1006: 'Connection lost',
  1007: 'Invalid text',
  1008: 'Against a rule',
  1009: 'Message too large',
  1010: 'Extension missing',
  1011: 'Target or bridge failed',
  1012: 'Restarting',
  1013: 'Try again later',
  1014: 'Bad gateway',
  1015: 'TLS failed',
};

/** A close code in words. */
export function closeCodeName(code: number): string {
  return NAMES[code] ?? (code >= 3000 ? 'Closed by the application' : 'Unknown code');
}
