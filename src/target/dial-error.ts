import { BridgeError, type BridgeErrorOptions, type ErrorCode } from '../errors.ts';

/** What a system error means for a dial. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'TARGET_REFUSED',
  // A Unix socket whose queue of waiting connections is full.
  EAGAIN: 'TARGET_REFUSED',
  EACCES: 'TARGET_NO_PERMISSION',
  EPERM: 'TARGET_NO_PERMISSION',
  ETIMEDOUT: 'TARGET_TIMEOUT',
  EHOSTUNREACH: 'TARGET_UNREACHABLE',
  ENETUNREACH: 'TARGET_UNREACHABLE',
  EHOSTDOWN: 'TARGET_UNREACHABLE',
  ENETDOWN: 'TARGET_UNREACHABLE',
  EADDRNOTAVAIL: 'TARGET_UNREACHABLE',
  ENOENT: 'TARGET_NOT_FOUND',
  ENOTFOUND: 'TARGET_NAME_NOT_FOUND',
  ENODATA: 'TARGET_NAME_NOT_FOUND',
};

/** What a system error means for a datagram socket that is connected already. */
const DATAGRAM_CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNRESET: 'TARGET_RESET',
  EMSGSIZE: 'TARGET_DATAGRAM_TOO_LARGE',
};

/** Better remedies than those of the table, where the system error says more. */
const REMEDIES: Readonly<Record<string, string>> = {
  EAGAIN: 'The target is too busy to accept connections: look at its load and its listen backlog.',
  EPROTOTYPE: 'The socket is of the other kind: use unix-dgram: for datagrams and unix: for streams.',
  EMFILE: 'The bridge has no file descriptors left: raise its limit (ulimit -n).',
  ENFILE: 'The system has no file descriptors left: raise fs.file-max.',
};

/** When several addresses of one name failed, the reason that came nearest to a connection tells most. */
const RANK: readonly ErrorCode[] = [
  'TARGET_REFUSED',
  'TARGET_NO_PERMISSION',
  'TARGET_TIMEOUT',
  'TARGET_FAILED',
  'TARGET_UNREACHABLE',
];

/** Turns what a socket or a lookup of `address` failed with into the BridgeError that it means. */
export function dialError(thrown: unknown, address: string): BridgeError {
  if (thrown instanceof BridgeError) return thrown;
  const cause = mostTelling(thrown);
  const systemCode = codeOf(cause);
  const code = bridgeCode(systemCode);
  const message = cause instanceof Error ? cause.message : String(cause);
  const options: BridgeErrorOptions = {
    detail: code === 'TARGET_FAILED' ? `${address} (${message})` : address,
    cause: thrown,
  };
  const remedy = REMEDIES[systemCode];
  if (remedy) options.remedy = remedy;
  return new BridgeError(code, options);
}

/** The same for a datagram socket in use. A datagram target tells only then that it refuses (by ICMP, for UDP). */
export function datagramError(thrown: unknown, address: string): BridgeError {
  const code = DATAGRAM_CODES[codeOf(thrown)];
  return code ? new BridgeError(code, { detail: address, cause: thrown }) : dialError(thrown, address);
}

function bridgeCode(systemCode: string): ErrorCode {
  return CODES[systemCode] ?? (systemCode.startsWith('EAI_') ? 'TARGET_NAME_NOT_FOUND' : 'TARGET_FAILED');
}

/** Looks into the AggregateError with which Node reports that every address of a name has failed. */
function mostTelling(thrown: unknown): unknown {
  if (!(thrown instanceof AggregateError) || thrown.errors.length === 0) return thrown;
  return thrown.errors.reduce((best: unknown, error: unknown) => (rank(error) < rank(best) ? error : best));
}

/** How far the attempt got that failed so: less is further. */
function rank(error: unknown): number {
  const place = RANK.indexOf(bridgeCode(codeOf(error)));
  return place < 0 ? RANK.length : place;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : '';
}
