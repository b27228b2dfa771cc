import { lookup } from 'node:dns/promises';
import { isIP, type ListenOptions, type Server } from 'node:net';
import { formatHostPort } from '../address/host-port.ts';
import type { ListenAddress } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { explainListenError } from './listen-error.ts';

/** Connections that may wait in the kernel to be accepted. */
const BACKLOG = 511;
/** How many ports after the first are tried for `nextFreePort`. */
const PORTS_TRIED = 100;
const LAST_PORT = 65_535;
/** What the system says of '::' where IPv6 is switched off, or not even built in. */
const NO_IPV6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

/** Listens; rejects with the system's error. What can be done at once is done before this returns. */
export function listenOn(server: Server, options: ListenOptions | { readonly fd: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const onListening = (): void => {
      server.off('error', onError);
      resolve();
    };
    const onError = (error: Error): void => {
      server.off('listening', onListening);
      reject(error);
    };
    server.once('listening', onListening).once('error', onError);
    try {
      server.listen({ ...options, backlog: BACKLOG, exclusive: true });
    } catch (error) {
      server.off('listening', onListening).off('error', onError);
      reject(error);
    }
  });
}

/** Listens on a TCP port; with `nextFreePort` on the first free one from there. */
export async function bindTcp(
  server: Server,
  { host: name, port, family }: Extract<ListenAddress, { kind: 'tcp' }>,
  nextFreePort: boolean,
): Promise<void> {
  const host = await addressOf(name, family).catch((error: unknown) => {
    throw explainListenError(error, formatHostPort({ host: name, port }));
  });
  const last = nextFreePort && port > 0 ? Math.min(port + PORTS_TRIED, LAST_PORT) : port;
  for (let candidate = port; ; candidate += 1) {
    try {
      await listenOn(server, { host, port: candidate });
      return;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      // Every address of this machine is what was asked for, and those of IPv4 are all it has.
      if (host === '::' && family !== 6 && NO_IPV6.has(code))
        return bindTcp(server, { kind: 'tcp', host: '0.0.0.0', port }, nextFreePort);
      const taken = code === 'EADDRINUSE';
      if (!taken || candidate >= last) {
        const where = formatHostPort({ host, port });
        throw explainListenError(error, candidate === port ? where : `${where} and the ports up to ${candidate}`);
      }
    }
  }
}

/** The address of a name in the wanted family, or its first one. A name that needs no choice stays as it is. */
async function addressOf(name: string, family: 4 | 6 | undefined): Promise<string> {
  if (family === undefined || isIP(name) !== 0) return name;
  const addresses = await lookup(name, { all: true });
  return (addresses.find((each) => each.family === family) ?? addresses[0])?.address ?? name;
}

/** Listens on a descriptor that the parent process opened, bound and passed on. */
export async function bindDescriptor(server: Server, fd: number): Promise<void> {
  try {
    await listenOn(server, { fd });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new BridgeError('LISTEN_FD_INVALID', { detail: `fd:${fd} (${code ?? message})`, cause: error });
  }
}
