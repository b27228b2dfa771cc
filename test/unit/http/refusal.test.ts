import { Duplex } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { refuse } from '../../../src/http/refusal.ts';
import { refuseUpgrade } from '../../../src/http/upgrade.ts';

/** A socket that remembers what was written to it and whose other side never ends. */
class FakeSocket extends Duplex {
  written: string = '';

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString();
    done();
  }
}

test('tells what happened and what to do, never the detail', () => {
  const socket = new FakeSocket();
  refuse(socket, new BridgeError('ROUTE_NOT_FOUND', { detail: 'token hunter2' }));
  expect(socket.written).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  expect(socket.written).toMatch(/\r\n\r\nNo route leads from this address\. Check the path and the host name\.\n$/);
  expect(socket.written).toContain('Content-Length: 68\r\n');
  expect(socket.written).toContain('Connection: close\r\n');
  expect(socket.written).not.toContain('hunter2');
  socket.destroy();
});

test('a 426 names the protocol to upgrade to, and the WebSocket version where that was the trouble', () => {
  const socket = new FakeSocket();
  refuseUpgrade(socket, new BridgeError('WS_VERSION'));
  expect(socket.written).toContain('Upgrade: websocket\r\n');
  expect(socket.written).toContain('Connection: Upgrade, close\r\n');
  expect(socket.written).toContain('Sec-WebSocket-Version: 13\r\n');
  socket.destroy();
});

test('a 405 names the method that is allowed', () => {
  const socket = new FakeSocket();
  refuseUpgrade(socket, new BridgeError('WS_METHOD'));
  expect(socket.written).toMatch(/^HTTP\/1\.1 405 .*\r\nAllow: GET\r\n/s);
  socket.destroy();
});

test('further headers are sent when each is one line', () => {
  const socket = new FakeSocket();
  refuse(socket, new BridgeError('AUTH_REQUIRED'), { 'WWW-Authenticate': 'Basic realm="x"' });
  expect(socket.written).toContain('WWW-Authenticate: Basic realm="x"\r\n');
  expect(() => refuse(new FakeSocket(), new BridgeError('AUTH_REQUIRED'), { A: 'b\r\nC: d' })).toThrow(
    /Invalid character/,
  );
  socket.destroy();
});

test('an error without a status leaves nothing to say', () => {
  const socket = new FakeSocket();
  refuse(socket, new BridgeError('TLS_NOT_CONFIGURED'));
  expect(socket.written).toBe('');
  expect(socket.destroyed).toBe(true);
});

test('a client that does not close is dropped after a moment', () => {
  vi.useFakeTimers();
  try {
    const socket = new FakeSocket();
    refuse(socket, new BridgeError('ROUTE_NOT_FOUND'));
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(5000);
    expect(socket.destroyed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('a client that breaks the connection meanwhile does no harm', async () => {
  const socket = new FakeSocket();
  refuse(socket, new BridgeError('ROUTE_NOT_FOUND'));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy(new Error('reset'));
  await closed;
  expect(socket.destroyed).toBe(true);
});
