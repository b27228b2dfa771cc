import type { Handshake } from '../handshake.ts';

/** An opening handshake as a browser sends it, with what a test is about changed. */
export function makeHandshake(changes: Partial<Handshake> = {}): Handshake {
  return {
    method: 'GET',
    path: '/',
    query: new URLSearchParams(),
    headers: {},
    cookies: new Map(),
    host: 'bridge.example.com',
    client: { family: 'ipv4', address: '192.0.2.1', port: 50_000 },
    secure: true,
    subprotocols: ['binary'],
    listener: 'test',
    ...changes,
  };
}
