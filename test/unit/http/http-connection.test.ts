import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HttpConnection } from '../../../src/http/http-connection.ts';

/** As much of a socket as a connection touches. */
class FakeSocket extends EventEmitter {
  readonly remoteAddress: string = '10.0.0.1';
  destroyed: boolean = false;
  timeout: number = 0;

  setTimeout(timeout: number): void {
    this.timeout = timeout;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function connect(idleLimit = 1000): { socket: FakeSocket; connection: HttpConnection; gone: () => number } {
  const socket = new FakeSocket();
  const onGone = vi.fn<() => void>();
  const connection = new HttpConnection(socket as unknown as Socket, idleLimit, onGone);
  return { socket, connection, gone: () => onGone.mock.calls.length };
}

/** A response on the connection, and what finishes it. */
function respond(connection: HttpConnection): () => void {
  const res = new EventEmitter();
  connection.begin(res as unknown as ServerResponse, () => {});
  return () => void res.emit('close');
}

test('counts requests and open responses', () => {
  const { connection } = connect();
  const finish = respond(connection);
  respond(connection);
  finish();
  expect(connection).toMatchObject({ requests: 2, responses: 1 });
});

test('a response that does not move is given up by the socket after a minute', () => {
  const { socket, connection } = connect();
  respond(connection);
  expect(socket.timeout).toBe(60_000);
});

test('the wait for the next request begins with the last response and ends with the next head', () => {
  const { socket, connection } = connect(1000);
  const finishes = [respond(connection), respond(connection)];
  finishes[0]!();
  vi.advanceTimersByTime(5000);
  finishes[1]!();
  vi.advanceTimersByTime(999);
  const finish = respond(connection);
  vi.advanceTimersByTime(5000);
  expect(socket.destroyed).toBe(false);
  finish();
  vi.advanceTimersByTime(1000);
  expect(socket.destroyed).toBe(true);
});

test('without a limit it waits for ever', () => {
  const { socket, connection } = connect(0);
  respond(connection)();
  vi.advanceTimersByTime(1_000_000_000);
  expect(socket.destroyed).toBe(false);
});

test('tells once that its socket has closed, and keeps no timer', () => {
  const { socket, connection, gone } = connect();
  respond(connection)();
  socket.destroy();
  expect(gone()).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});

test('a response that is broken off with its socket starts no timer', () => {
  const { socket, connection } = connect();
  const finish = respond(connection);
  socket.destroy();
  finish();
  expect(vi.getTimerCount()).toBe(0);
});

test('leaves nothing on a socket that it releases', () => {
  const { socket, connection, gone } = connect();
  respond(connection)();
  connection.release();
  expect(vi.getTimerCount()).toBe(0);
  expect(socket.timeout).toBe(0);
  expect(socket.eventNames()).toEqual([]);
  socket.destroy();
  expect(gone()).toBe(0);
});

test('remembers where its client was, for when the socket no longer knows', () => {
  expect(connect().connection.client).toEqual({ family: 'ipv4', address: '10.0.0.1', port: 0 });
});
