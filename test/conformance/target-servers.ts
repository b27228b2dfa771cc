import { execFileSync } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { Child } from '../support/child.ts';
import { PYTHON } from '../support/packages.ts';
import { FAREWELL, GREETING } from './target-suite.ts';

/** A server that is running. */
export interface Running {
  /** TCP or UDP port; 0 for a Unix socket. */
  readonly port: number;
  /** How many streams it has accepted so far. */
  readonly accepted: () => number;
  stop(): Promise<void>;
}

/** Speaks as the conformance suite wants it: greets, echoes, and says goodbye at the client's end. */
export function greetAndEcho(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.write(GREETING);
  socket.pipe(socket, { end: false });
  socket.on('end', () => socket.end(FAREWELL));
}

/** Starts a TCP or Unix stream server. */
export function startStreamServer(
  listen: ListenOptions,
  onSocket: (socket: Socket) => void = greetAndEcho,
): Promise<Running> {
  return start(createServer({ allowHalfOpen: true }, onSocket), listen);
}

/** Starts a TLS server on a loopback port. */
export function startTlsServer(
  options: TlsOptions,
  onSocket: (socket: Socket) => void = greetAndEcho,
): Promise<Running> {
  const server = createTlsServer({ allowHalfOpen: true, ...options }, onSocket);
  server.on('tlsClientError', () => {});
  return start(server, { host: '127.0.0.1', port: 0 });
}

async function start(server: Server, listen: ListenOptions): Promise<Running> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(listen);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    accepted: () => accepted,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Starts a UDP server that echoes. */
export async function startUdpServer(host = '127.0.0.1'): Promise<Running & { socket: UdpSocket }> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1024 * 1024 });
  socket.on('message', (data, from) => socket.send(data, from.port, from.address));
  socket.bind(0, host);
  await once(socket, 'listening');
  return {
    socket,
    port: socket.address().port,
    accepted: () => 0,
    stop: () =>
      new Promise((resolve) => {
        socket.close(resolve);
      }),
  };
}

/** Runs a Python program and waits until it has printed 'ready'; `tell` is its standard input. */
export async function startPython(program: string, args: readonly string[]): Promise<Child> {
  const child = new Child(PYTHON, ['-u', '-c', program, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  await child.waitForOutput(/ready/);
  return child;
}

/** Builds the native parts that are not up to date. */
export function buildNative(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build-native.mjs', import.meta.url))]);
}
