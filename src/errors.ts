/** Stages of a connection, in order. The same names are folders, session states, log fields and metric labels. */
export const STAGES = [
  'config',
  'accept',
  'sniff',
  'tls',
  'http',
  'authenticate',
  'route',
  'policy',
  'upgrade',
  'dial',
  'relay',
  'closing',
  'closed',
] as const;

export type Stage = (typeof STAGES)[number];

/** Who can mend an error: the client, the target, the operator of the bridge, or the bridge itself. */
export type Side = 'client' | 'target' | 'operator' | 'bridge';

/** One row of the error table. */
export interface ErrorRow {
  readonly stage: Stage;
  readonly side: Side;
  /** HTTP status when the error happens before the upgrade; null where no response is possible. */
  readonly status: number | null;
  /** Close code when the error happens after the upgrade (RFC 6455 §7.4); null where it cannot. */
  readonly close: number | null;
  /** What happened, in one sentence. Goes to the client, so it never holds an address or a secret. */
  readonly sentence: string;
  /** What the person who sees it can do. */
  readonly remedy: string;
}

const row = (
  stage: Stage,
  side: Side,
  status: number | null,
  close: number | null,
  sentence: string,
  remedy: string,
): ErrorRow => ({ stage, side, status, close, sentence, remedy });

/**
 * THE error table: every way in which a connection or a start can fail.
 *
 * docs/reference/errors.md is made from it, and a test holds the two together.
 */
// prettier-ignore
export const ERRORS = {
  // config: nothing has been started
  USAGE: row('config', 'operator', null, null, 'The command line is wrong.', 'See bascule --help.'),
  CONFIG_NOT_FOUND: row('config', 'operator', null, null, 'The config file cannot be read.', 'Check its path and permissions.'),
  CONFIG_SYNTAX: row('config', 'operator', null, null, 'The config file is not valid YAML or JSON.', 'Mend the line named in the message.'),
  CONFIG_INVALID: row('config', 'operator', null, null, 'A config value is wrong.', 'Mend the key named in the message.'),
  CONFIG_UNKNOWN_KEY: row('config', 'operator', null, null, 'The config has a key that does not exist.', 'Use the key proposed in the message.'),
  TOKEN_SOURCE_INVALID: row('config', 'operator', null, null, 'The token source cannot be used.', 'Check what the message names.'),
  HTPASSWD_INVALID: row('config', 'operator', null, null, 'The password file cannot be used.', 'Check its path and permissions.'),
  PLUGIN_NOT_FOUND: row('config', 'operator', null, null, 'The plugin cannot be found.', 'Check its path, or install its package.'),
  PLUGIN_INVALID: row('config', 'operator', null, null, 'The plugin cannot be used.', 'See the guide to plugins.'),
  PLUGIN_OPTION: row('config', 'operator', null, null, 'The plugin does not take an option.', 'Give the options that its own documentation names.'),
  PEER_FILES_INVALID: row('config', 'operator', null, null, 'The directory of the peer files cannot be used.', 'Check its path and permissions.'),
  PACKAGE_MISSING: row('config', 'operator', null, null, 'An optional package is not installed.', 'Install the package that the message names.'),
  SYSLOG_UNREACHABLE: row('config', 'operator', null, null, 'The system log cannot be reached.', 'Check its address, and that the log daemon runs.'),
  OUTPUT_FAILED: row('config', 'operator', null, null, 'The output cannot be written.', 'Check that there is room where it goes.'),
  LINK_FAILED: row('config', 'operator', null, null, 'The link cannot be made.', 'Choose another directory with --dir.'),
  DAEMON_FAILED: row('config', 'operator', null, null, 'The daemon ended before it listened.', 'Start it without --daemon to see why.'),
  PID_FILE_UNWRITABLE: row('config', 'operator', null, null, 'The pid file cannot be written.', 'Check its path and permissions.'),
  INETD_NO_SOCKET: row('config', 'operator', null, null, 'Standard input is not a socket.', 'Let inetd or systemd start the bridge with --inetd.'),
  LOG_FILE_UNWRITABLE: row('config', 'operator', null, null, 'The log file cannot be written.', 'Check its path and permissions.'),
  WEB_ROOT_INVALID: row('config', 'operator', null, null, 'The web root is not a readable directory.', 'Give --web an existing directory.'),
  TLS_FILE_UNREADABLE: row('config', 'operator', null, null, 'A certificate or key file cannot be read.', 'Check its path and permissions.'),
  TLS_CERTIFICATE_INVALID: row('config', 'operator', null, null, 'The certificate is not a PEM certificate.', 'Give a PEM file with the certificate first.'),
  TLS_CERTIFICATE_EXPIRED: row('config', 'operator', null, null, 'The certificate has expired or is not valid yet.', 'Renew the certificate, or check the clock.'),
  TLS_KEY_INVALID: row('config', 'operator', null, null, 'The private key is not a PEM key.', 'Give a PEM private key with --key.'),
  TLS_KEY_MISMATCH: row('config', 'operator', null, null, 'The private key does not belong to the certificate.', 'Give the key that the certificate was made with.'),
  TLS_PASSPHRASE_WRONG: row('config', 'operator', null, null, 'The private key is encrypted and the passphrase is missing or wrong.', 'Give the right passphrase in the environment as BASCULE_KEY_PASSWORD, or with tls.keyPasswordFile.'),
  TLS_OPTION_INVALID: row('config', 'operator', null, null, 'TLS refused a cipher list or a protocol version.', 'Check the TLS options named in the message.'),

  // accept
  LISTEN_PORT_IN_USE: row('accept', 'operator', null, null, 'The port is taken by another program.', 'Stop that program, or listen on another port.'),
  LISTEN_ADDRESS_NOT_LOCAL: row('accept', 'operator', null, null, 'The listen address does not belong to this machine.', 'Listen on an address of this machine, or on 0.0.0.0 or [::].'),
  LISTEN_NAME_NOT_FOUND: row('accept', 'operator', null, null, 'The listen host name cannot be resolved.', 'Check its spelling, or give an IP address.'),
  LISTEN_NO_PERMISSION: row('accept', 'operator', null, null, 'The system does not let this user listen there.', 'Use a port above 1023 or a directory you may write to.'),
  LISTEN_UNIX_PATH_TOO_LONG: row('accept', 'operator', null, null, 'The Unix socket path is too long for the system.', 'Use a path of at most 107 bytes.'),
  LISTEN_UNIX_LIVE: row('accept', 'operator', null, null, 'Another program is listening on that Unix socket.', 'Stop that program, or use another path.'),
  LISTEN_UNIX_NOT_SOCKET: row('accept', 'operator', null, null, 'The Unix socket path exists and is not a socket.', 'Move the file away, or use another path.'),
  LISTEN_FD_INVALID: row('accept', 'operator', null, null, 'The inherited descriptor is not a listening socket.', 'Check which descriptor the parent process passes.'),
  LISTEN_FAILED: row('accept', 'operator', null, null, 'Listening failed.', 'See the system error in the message.'),
  LIMIT_CONNECTIONS: row('accept', 'operator', 503, 1013, 'The bridge has as many connections as it may have.', 'Try again later, or raise limits.connections.'),

  // sniff and tls
  SNIFF_TIMEOUT: row('sniff', 'client', null, null, 'The client sent nothing before the deadline.', 'Send the request at once.'),
  TLS_REQUIRED: row('sniff', 'client', null, null, 'The client spoke plain text to a port that takes TLS only.', 'Use https:// or wss://.'),
  TLS_NOT_CONFIGURED: row('sniff', 'operator', null, null, 'The client spoke TLS to a port that has no certificate.', 'Give the bridge a certificate with --cert, or use ws://.'),
  FLASH_POLICY: row('sniff', 'client', null, null, 'The Flash policy request is not a whole one.', 'Send <policy-file-request/> and a zero byte, and nothing before it.'),
  TLS_HANDSHAKE_FAILED: row('tls', 'client', null, null, 'The TLS handshake failed.', 'Check that the client trusts the certificate and shares a protocol version.'),
  TLS_HANDSHAKE_TIMEOUT: row('tls', 'client', null, null, 'The TLS handshake did not finish before the deadline.', 'Check the network between client and bridge.'),

  // http
  HTTP_BAD_REQUEST: row('http', 'client', 400, null, 'The request is not valid HTTP.', 'Speak HTTP/1.1.'),
  HTTP_HEADERS_TOO_LARGE: row('http', 'client', 431, null, 'The request headers are too large.', 'Send fewer or shorter headers, or raise limits.headerBytes.'),
  HTTP_TIMEOUT: row('http', 'client', 408, null, 'The request did not arrive before the deadline.', 'Send the request at once.'),
  HTTP_METHOD: row('http', 'client', 405, null, 'This method is not allowed here.', 'Use GET.'),
  HTTP_NOT_FOUND: row('http', 'client', 404, null, 'There is nothing at this address.', 'Check the path.'),
  HTTP_FORBIDDEN: row('http', 'client', 403, null, 'This file is not served.', 'Ask for another path.'),
  HTTP_NO_FILES: row('http', 'client', 405, null, 'There are no files here: this address speaks WebSocket only.', 'Connect with a WebSocket client.'),
  HTTP_UPGRADE_REQUIRED: row('http', 'client', 426, null, 'This address speaks WebSocket only.', 'Connect with a WebSocket client.'),
  WS_METHOD: row('http', 'client', 405, null, 'A WebSocket handshake must be a GET request.', 'Use GET.'),
  WS_HTTP_VERSION: row('http', 'client', 400, null, 'A WebSocket handshake needs HTTP/1.1 or newer.', 'Use HTTP/1.1.'),
  WS_UPGRADE_HEADER: row('http', 'client', 400, null, 'The Upgrade header does not say websocket.', 'Send Upgrade: websocket.'),
  WS_HOST: row('http', 'client', 400, null, 'The Host header is missing.', 'Send one Host header.'),
  WS_KEY: row('http', 'client', 400, null, 'The Sec-WebSocket-Key header is missing or is not 16 bytes in base64.', 'Send a fresh 16-byte key in base64.'),
  WS_HIXIE_KEY: row('http', 'client', 400, null, 'A Sec-WebSocket-Key1 or Sec-WebSocket-Key2 header is missing or wrong.', 'Send both as draft-hixie-thewebsocketprotocol-76 makes them, or use version 13.'),
  WS_VERSION: row('http', 'client', 426, null, 'This WebSocket version is not spoken here.', 'Use version 13.'),
  WS_SUBPROTOCOL: row('http', 'client', 400, null, 'The Sec-WebSocket-Protocol header is malformed.', 'Send distinct tokens separated by commas.'),

  // authenticate, route, policy
  AUTH_REQUIRED: row('authenticate', 'client', 401, null, 'Credentials are needed.', 'Send credentials.'),
  AUTH_DENIED: row('authenticate', 'client', 403, null, 'These credentials are not accepted.', 'Use other credentials.'),
  AUTH_TIMEOUT: row('authenticate', 'operator', 503, null, 'Checking the credentials took too long.', 'Try again later.'),
  AUTH_FAILED: row('authenticate', 'operator', 500, null, 'Checking the credentials failed.', 'See the log of the bridge.'),
  ROUTE_NOT_FOUND: row('route', 'client', 404, null, 'No route leads from this address.', 'Check the path and the host name.'),
  TOKEN_MISSING: row('route', 'client', 404, null, 'The address has no token.', 'Add ?token= and the token to the address.'),
  TOKEN_UNKNOWN: row('route', 'client', 404, null, 'The token is not valid.', 'Ask for a new token.'),
  TOKEN_TARGET_INVALID: row('route', 'operator', 500, null, 'The token leads to an address that cannot be used.', 'Correct the address in the token source.'),
  PEER_NOT_FOUND: row('route', 'client', 404, null, 'There is no peer for this connection.', 'Check the address, the cookies and the subprotocols.'),
  PEER_DENIED: row('route', 'client', 403, null, 'This connection is not allowed.', 'Ask those who run the bridge.'),
  PEER_UNAVAILABLE: row('route', 'operator', 503, null, 'There is no peer for this connection at the moment.', 'Try again later.'),
  PEER_INVALID: row('route', 'operator', 500, null, 'The peer of this connection cannot be used.', 'Correct what the log of the bridge names.'),
  SUBPROTOCOL_REFUSED: row('route', 'client', 404, null, 'None of the subprotocols that were offered is accepted here.', 'Offer one that is accepted, or none.'),
  FRAMING_INVALID: row('route', 'operator', 500, 1011, 'The framing cannot be used.', 'See the guide to framing.'),
  ROUTE_TIMEOUT: row('route', 'operator', 503, null, 'Finding the target took too long.', 'Try again later.'),
  ROUTE_FAILED: row('route', 'operator', 500, null, 'Finding the target failed.', 'See the log of the bridge.'),

  // dial
  TARGET_REFUSED: row('dial', 'target', 502, 1011, 'The target refused the connection.', 'Start the target, or correct its address.'),
  TARGET_UNREACHABLE: row('dial', 'target', 502, 1011, 'The target cannot be reached over the network.', 'Check routes and firewalls.'),
  TARGET_NAME_NOT_FOUND: row('dial', 'operator', 502, 1011, 'The name of the target cannot be resolved.', 'Check its spelling and the name server.'),
  TARGET_TIMEOUT: row('dial', 'target', 504, 1011, 'The target did not answer before the deadline.', 'Check the target, or raise relay.connectTimeout.'),
  TARGET_TLS: row('dial', 'target', 502, 1011, 'The TLS handshake with the target failed.', 'Check its certificate; give its authority with target.ca.'),
  TARGET_NO_PERMISSION: row('dial', 'operator', 502, 1011, 'The bridge may not connect to the target.', 'Give the bridge permission on the socket.'),
  TARGET_NOT_FOUND: row('dial', 'operator', 502, 1011, 'The Unix socket of the target does not exist.', 'Start the target, or correct its path.'),
  TARGET_UNIX_PATH_TOO_LONG: row('dial', 'operator', 502, 1011, 'The Unix socket path of the target is too long for the system.', 'Use a path of at most 107 bytes.'),
  TARGET_FAILED: row('dial', 'target', 502, 1011, 'Connecting to the target failed.', 'See the log of the bridge.'),
  PROGRAM_NOT_FOUND: row('config', 'operator', null, null, 'The program to wrap cannot be started.', 'Check its path and permissions.'),
  NATIVE_MISSING: row('dial', 'operator', 502, 1011, 'The native part for this target is not built.', 'Install a C compiler (Debian: apt-get install gcc libc6-dev) and build Bascule from a clone of its repository (npm run build).'),

  // relay
  TARGET_RESET: row('relay', 'target', null, 1011, 'The target broke the connection.', 'Check the target.'),
  HANDLER_FAILED: row('relay', 'target', null, 1011, 'The handler of the session failed.', 'See the log of the bridge.'),
  TARGET_DATAGRAM_TOO_LARGE: row('relay', 'client', null, 1009, 'The message is too large for a datagram.', 'Send smaller messages.'),
  WS_UNMASKED: row('relay', 'client', null, 1002, 'A client frame was not masked.', 'Mask every frame (RFC 6455 §5.1).'),
  WS_RESERVED_BITS: row('relay', 'client', null, 1002, 'A reserved bit was set without an extension.', 'Clear the reserved bits (RFC 6455 §5.2).'),
  WS_OPCODE: row('relay', 'client', null, 1002, 'A frame had an unknown opcode.', 'Use the opcodes of RFC 6455 §5.2.'),
  WS_HIXIE_FRAME: row('relay', 'client', null, 1002, 'A frame was not a text frame of a Hixie draft.', 'Send text frames only: 0x00, base64, 0xFF.'),
  WS_CONTROL_FRAME: row('relay', 'client', null, 1002, 'A control frame was fragmented or longer than 125 bytes.', 'Send short, whole control frames (RFC 6455 §5.5).'),
  WS_FRAGMENT: row('relay', 'client', null, 1002, 'A fragment was out of order.', 'Follow RFC 6455 §5.4.'),
  WS_LENGTH: row('relay', 'client', null, 1002, 'A frame length was not encoded in the shortest form or was too great.', 'Follow RFC 6455 §5.2.'),
  WS_CLOSE_FRAME: row('relay', 'client', null, 1002, 'A close frame was malformed.', 'Follow RFC 6455 §5.5.1 and §7.4.'),
  WS_INVALID_UTF8: row('relay', 'client', null, 1007, 'A text message was not valid UTF-8.', 'Send binary messages, or valid UTF-8.'),
  WS_BASE64: row('relay', 'client', null, 1007, 'A message was not valid base64.', 'Send text messages in base64 with padding, or use the binary subprotocol.'),
  FRAMING_LIMIT: row('relay', 'target', null, 1009, 'A message of the target was larger than the limit.', 'Raise relay.maxMessage, or check that the framing is that of the target.'),
  FRAMING_FAILED: row('relay', 'operator', null, 1011, 'The framing of the session failed.', 'Check that the framing is that of the target; see the log of the bridge.'),
  FRAMING_MESSAGE: row('relay', 'client', null, 1007, 'A message does not suit the framing of the target.', 'Send messages that the framing can put into the stream.'),
  WS_MESSAGE_TOO_LARGE: row('relay', 'client', null, 1009, 'A message was larger than the limit.', 'Send smaller messages, or raise relay.maxMessage.'),
  CLIENT_GONE: row('relay', 'client', null, 1006, 'The client went away without a close frame.', 'Check the network.'),
  CLIENT_SILENT: row('relay', 'client', null, 1001, 'The client answered no pings.', 'Check the network.'),
  CLIENT_TOO_SLOW: row('relay', 'client', null, 1008, 'The client took what was sent to it too slowly.', 'Read faster; or let the handler wait for what send gives.'),
  IDLE_TIMEOUT: row('relay', 'operator', null, 1000, 'Nothing was sent for the idle limit.', 'Send data, or raise relay.idleTimeout.'),
  SESSION_LIMIT: row('relay', 'operator', null, 1008, 'The session reached its time limit.', 'Connect again, or raise relay.maxSession.'),
  SHUTDOWN: row('relay', 'operator', 503, 1001, 'The bridge is shutting down.', 'Connect again later.'),

  RECORD_FAILED: row('relay', 'operator', null, null, 'The recording has ended, the session goes on.', 'Check the directory of the recording and the room on its disk.'),

  SESSION_ENDED: row('closed', 'client', null, null, 'The session has ended.', 'Send nothing after the end; the closed promise of the session says why.'),

  INTERNAL: row('closed', 'bridge', 500, 1011, 'The bridge failed.', 'Report it with the log of the bridge.'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface BridgeErrorOptions {
  /** What exactly went wrong, for the operator: addresses, paths, system errors. Never a secret, never sent to a client. */
  detail?: string;
  /** The whole message, where the sentence of the table would only say again what the detail says. */
  message?: string;
  /** What to do instead of the remedy in the table, when more is known. */
  remedy?: string;
  /** Value of the WWW-Authenticate header that goes with AUTH_REQUIRED (RFC 9110 §11.6.1). */
  challenge?: string;
  cause?: unknown;
}

/** The only error type that leaves a module of the bridge: a row of the table plus what happened this time. */
export class BridgeError extends Error {
  override readonly name: string = 'BridgeError';
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string;
  readonly challenge: string | null;

  constructor(code: ErrorCode, options: BridgeErrorOptions = {}) {
    const { sentence, remedy } = ERRORS[code];
    // Its place in the code says nothing about an expected failure, and a stack trace costs more than the rest of a short
    // session. INTERNAL is the unexpected one: its cause has the trace.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(
      options.message ?? (options.detail ? `${options.detail}: ${lowerFirst(sentence)}` : sentence),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.detail = options.detail ?? '';
    this.remedy = options.remedy ?? remedy;
    this.challenge = options.challenge ?? null;
  }

  /** The row of the table that this error stands for. */
  get row(): ErrorRow {
    return ERRORS[this.code];
  }
}

/** Turns anything thrown into a BridgeError, keeping one that is one already. */
export function asBridgeError(thrown: unknown, code: ErrorCode = 'INTERNAL', detail?: string): BridgeError {
  if (thrown instanceof BridgeError) return thrown;
  const text = textOf(thrown);
  return new BridgeError(code, { detail: detail ? `${detail}: ${text}` : text, cause: thrown });
}

/** The message of something thrown by foreign code, as one line. Never throws, whatever that is. */
export function messageOf(thrown: unknown): string {
  return textOf(thrown).split('\n', 1)[0]!.trim();
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message || thrown.name : thrown);
  } catch {
    return 'something that has no text';
  }
}

function lowerFirst(sentence: string): string {
  return /^[A-Z][a-z ]/.test(sentence) ? sentence[0]!.toLowerCase() + sentence.slice(1) : sentence;
}
