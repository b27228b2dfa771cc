import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { explainFailure, type ParseFailure } from '../../../src/http/parse-failure.ts';

const failure = (code: string, more: object = {}): ParseFailure => Object.assign(new Error('text'), { code, ...more });
const connection = (requests = 0, socket: object = { bytesRead: 3 }): { requests: number; socket: Socket } => ({
  requests,
  socket: socket as Socket,
});

const HELLO = Buffer.from([0x16, 3, 1]);

test.each([
  ['ERR_HTTP_REQUEST_TIMEOUT', 'HTTP_TIMEOUT'],
  ['HPE_HEADER_OVERFLOW', 'HTTP_HEADERS_TOO_LARGE'],
  ['HPE_INVALID_METHOD', 'HTTP_BAD_REQUEST'],
  ['HPE_INVALID_EOF_STATE', 'HTTP_BAD_REQUEST'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'TLS_HANDSHAKE_FAILED'],
])('%s is %s', (code, expected) => {
  expect(explainFailure(failure(code), connection())?.code).toBe(expected);
});

test('a TLS hello at the very beginning means that TLS is missing here', () => {
  expect(explainFailure(failure('HPE_INVALID_METHOD', { rawPacket: HELLO }), connection())?.code).toBe(
    'TLS_NOT_CONFIGURED',
  );
});

test('the same byte later, or inside TLS, is just not HTTP', () => {
  const hello = failure('HPE_INVALID_METHOD', { rawPacket: HELLO });
  expect(explainFailure(hello, connection(1, { bytesRead: 100 }))?.code).toBe('HTTP_BAD_REQUEST');
  expect(explainFailure(hello, connection(0, { bytesRead: 3, encrypted: true }))?.code).toBe('HTTP_BAD_REQUEST');
});

test('the parser’s reason goes into the detail', () => {
  const error = explainFailure(failure('HPE_INVALID_METHOD', { reason: 'Invalid method encountered' }), connection());
  expect(error?.detail).toBe('Invalid method encountered');
});

test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])('%s says only that the client has gone', (code) => {
  expect(explainFailure(failure(code), connection())).toBeNull();
});

test('a TLS error after a request is no failed handshake', () => {
  expect(explainFailure(failure('ERR_SSL_DECRYPTION_FAILED'), connection(1))).toBeNull();
});
