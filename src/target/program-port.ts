import { once } from 'node:events';
import { createServer } from 'node:net';

const ATTEMPTS = 20;
/** What the system answers where it has no IPv6. */
const NO_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/**
 * A port that is free on both loopback addresses, other than `avoid`.
 *
 * The system gives it to nobody else for a while, but nothing reserves it: another program of this machine that takes it
 * before the one it is meant for is what the sessions then reach.
 */
export async function freeLoopbackPort(avoid: number): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await boundPort('127.0.0.1', 0);
    if (port !== null && port !== avoid && (await isFree('::1', port))) return port;
  }
  throw new Error('no port is free on both loopback addresses');
}

/** Whether somebody listens on a port of a loopback address. Connections that are only just closed do not count. */
export async function isPortTaken(port: number): Promise<boolean> {
  return !(await isFree('127.0.0.1', port)) || !(await isFree('::1', port));
}

async function isFree(host: string, port: number): Promise<boolean> {
  return (await boundPort(host, port)) !== null;
}

/** Listens for a moment; gives the port, or null when it is taken. Where there is no IPv6, all of its ports are free. */
async function boundPort(host: string, port: number): Promise<number | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EADDRINUSE') return null;
    if (host === '::1' && NO_IPV6.has(code)) return port;
    throw error;
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : null;
}
