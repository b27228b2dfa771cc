import { badAddress } from './host-port.ts';

/** Reads the path of a Unix socket, written as '/path', 'path' or '///path' after its scheme. */
export function parseSocketPath(rest: string, text: string): string {
  // unix:///path is the URL form: two slashes, an empty host, then the path.
  const path = rest.startsWith('///') ? rest.slice(2) : rest;
  if (path === '') throw badAddress(text, 'the path is missing', 'write unix:PATH, such as unix:/run/app.sock');
  if (path.startsWith('//')) throw badAddress(text, 'a Unix socket has no host', `write unix:${path.slice(1)}`);
  if (path.includes('\0')) throw badAddress(text, 'the path holds a NUL character', 'write the path of a socket file');
  return path;
}
