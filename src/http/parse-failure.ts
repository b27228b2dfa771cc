import { BridgeError } from '../errors.ts';
import type { HttpConnection } from './http-connection.ts';

/** An error as Node's http server reports it on 'clientError'. */
export interface ParseFailure extends Error {
  readonly code?: string;
  /** What exactly the parser, or OpenSSL, did not like. */
  readonly reason?: string;
  readonly rawPacket?: Buffer;
}

/** A TLS record of the handshake begins with this byte (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16;

/**
 * The row of the error table for a connection that failed while speaking HTTP; null when the client has merely gone.
 */
export function explainFailure(
  failure: ParseFailure,
  connection: Pick<HttpConnection, 'socket' | 'requests'>,
): BridgeError | null {
  const { code = '', message, reason, rawPacket } = failure;
  const detail = reason ?? message;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new BridgeError('HTTP_TIMEOUT');
  if (code === 'HPE_HEADER_OVERFLOW') return new BridgeError('HTTP_HEADERS_TOO_LARGE');
  if (code.startsWith('HPE_')) {
    const isFirst = rawPacket !== undefined && connection.socket.bytesRead <= rawPacket.length;
    if (isFirst && rawPacket[0] === TLS_HANDSHAKE && !('encrypted' in connection.socket)) {
      return new BridgeError('TLS_NOT_CONFIGURED');
    }
    return new BridgeError('HTTP_BAD_REQUEST', { detail });
  }
  // With TLS 1.3 a client that does not trust the certificate says so only after the server has finished its handshake.
  if (code.startsWith('ERR_SSL_') && connection.requests === 0)
    return new BridgeError('TLS_HANDSHAKE_FAILED', { detail });
  return null;
}
