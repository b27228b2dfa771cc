import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
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

/** A port of loopback where nobody listens. */
export async function freePort(): Promise<number> {
  const server = await startStreamServer({ host: '127.0.0.1', port: 0 });
  await server.stop();
  return server.port;
}

/** A directory for sockets and certificates. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const directory = mkdtempSync(path.join(tmpdir(), 'bascule-test-'));
  return { path: directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** A program that reports on its standard output when it is ready, and is told what to do on its standard input. */
export interface Script {
  readonly child: ChildProcess;
  /** Everything it has printed. */
  readonly output: () => string;
  tell(line: string): void;
  stop(): Promise<void>;
}

/** Runs a Python program and waits until it has printed 'ready'. */
export function startPython(program: string, args: readonly string[]): Promise<Script> {
  return startProgram(PYTHON, ['-u', '-c', program, ...args], 'ready');
}

/** Runs a program and waits until it has printed `mark` ('' waits for nothing). */
export async function startProgram(command: string, args: readonly string[], mark: string): Promise<Script> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const seen = new Promise<void>((resolve, reject) => {
    const take = (data: Buffer): void => {
      output += data.toString();
      if (output.includes(mark)) resolve();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${command} exited: ${output}`)));
    if (mark === '') resolve();
  });
  child.stdin.on('error', () => {});
  await seen;
  return {
    child,
    output: () => output,
    tell: (line) => child.stdin.write(`${line}\n`),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

/** Builds the native parts that are not up to date. */
export function buildNative(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build-native.mjs', import.meta.url))]);
}

/** Certificates made by openssl: an authority, and servers that it signed in good and bad ways. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly expired: { readonly cert: string; readonly key: string };
  readonly selfSigned: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string; readonly encryptedKey: string };
}

/** Makes certificates for localhost, 127.0.0.1 and bascule.test. The passphrase of the encrypted key is 'sesame'. */
export function makeCertificates(directory: string): Certificates {
  const file = (name: string): string => path.join(directory, name);
  const read = (name: string): string => readFileSync(file(name), 'utf8');
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  };
  writeFileSync(file('index.txt'), '');
  writeFileSync(
    file('ca.cnf'),
    `[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`,
  );
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = 'subjectAltName=DNS:localhost,DNS:bascule.test,IP:127.0.0.1';
  const selfSign = (name: string, subject: string, ...more: string[]): void =>
    openssl('req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', subject, ...more);
  const sign = (name: string, from: string, to: string): void => {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`, '-addext', names);
    const dates = ['-startdate', from, '-enddate', to];
    openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', '-in', `${name}.csr`, '-out', `${name}.pem`, ...dates);
  };

  selfSign('ca', '/CN=Test authority', '-days', '30');
  selfSign('self-signed', '/CN=localhost', '-days', '30', '-addext', names);
  const soon = new Date(Date.now() + 86_400_000).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  sign('server', '20200101000000Z', soon);
  sign('expired', '20200101000000Z', '20210101000000Z');
  sign('client', '20200101000000Z', soon);
  openssl('pkey', '-in', 'client.key', '-aes256', '-passout', 'pass:sesame', '-out', 'client-encrypted.key');
  return {
    ca: read('ca.pem'),
    server: { cert: read('server.pem'), key: read('server.key') },
    expired: { cert: read('expired.pem'), key: read('expired.key') },
    selfSigned: { cert: read('self-signed.pem'), key: read('self-signed.key') },
    client: { cert: read('client.pem'), key: read('client.key'), encryptedKey: read('client-encrypted.key') },
  };
}
