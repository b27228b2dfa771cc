import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { ListenerConfig } from '../../src/config/model.ts';
import type { BridgeError, ErrorCode } from '../../src/errors.ts';
import type { ClientAddress } from '../../src/handshake.ts';
import { createHttpServer, type HttpFront, type HttpFrontOptions } from '../../src/http/http-server.ts';
import { upgradeResponse } from '../../src/http/upgrade.ts';
import { type BoundAddress, Listener } from '../../src/listen/listener.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { until } from '../support/wait.ts';

/** A listener with its HTTP side, whose WebSockets echo raw bytes. */
export interface Front {
  readonly bound: BoundAddress;
  readonly port: number;
  readonly listener: Listener;
  readonly http: HttpFront;
  readonly refused: { readonly client: ClientAddress; readonly error: BridgeError }[];
  readonly upgrades: IncomingMessage[];
  /** Codes of what was refused, in order. */
  codes(): ErrorCode[];
}

/** Starts a front that ends with the test. */
export async function startFront(
  config: ListenerConfig,
  options: { readonly endpoints?: NonNullable<HttpFrontOptions['endpoints']>; readonly admit?: () => boolean } = {},
): Promise<Front> {
  const refused: Front['refused'] = [];
  const upgrades: IncomingMessage[] = [];
  const upgraded = new Set<Socket>();
  const onRefused = (client: ClientAddress, error: BridgeError): void => {
    refused.push({ client, error });
  };
  const http = createHttpServer({
    config,
    onRefused,
    ...(options.endpoints ? { endpoints: options.endpoints } : {}),
    onUpgrade: (req, socket, head) => {
      upgrades.push(req);
      upgraded.add(socket);
      socket.on('error', () => {});
      socket.write(upgradeResponse(req.headers['sec-websocket-key'] ?? '', ''));
      socket.write(head);
      socket.pipe(socket);
    },
  });
  const listener = new Listener(config, { onRefused, onConnection: (socket) => http.accept(socket) }, options.admit);
  const bound = await listener.listen();
  atTestEnd(async () => {
    await listener.close();
    listener.destroyPending();
    http.destroy();
    for (const socket of upgraded) socket.destroy();
    await until('every connection is gone', () => listener.connections === 0);
  });
  return {
    bound,
    port: bound.port ?? 0,
    listener,
    http,
    refused,
    upgrades,
    codes: () => refused.map(({ error }) => error.code),
  };
}

/** A client that collects what it gets. Its own half stays open until it is ended. */
export class Client {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  ended: boolean = false;
  closed: boolean = false;
  error: NodeJS.ErrnoException | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.closed = true;
    });
    atTestEnd(() => socket.destroy());
  }

  static plain(target: number | string): Client {
    return new Client(
      typeof target === 'number'
        ? connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
        : connect({ path: target, allowHalfOpen: true }),
    );
  }

  static tls(port: number, options: ConnectionOptions = {}): Client {
    const halfOpen: ConnectionOptions & { allowHalfOpen: boolean } = { allowHalfOpen: true, rejectUnauthorized: false };
    return new Client(connectTls({ port, host: '127.0.0.1', ...halfOpen, ...options }));
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  send(...parts: (string | Uint8Array)[]): this {
    for (const part of parts) this.socket.write(part);
    return this;
  }

  /** Sends byte by byte, each on its own. */
  async dribble(text: string): Promise<void> {
    for (const byte of Buffer.from(text)) {
      this.socket.write(Buffer.of(byte));
      await immediate();
    }
  }

  /** Everything until the other side has ended. */
  async untilEnd(deadline?: number): Promise<string> {
    await until('the other side has ended', () => this.ended || this.closed, deadline);
    return this.text;
  }

  async until(pattern: RegExp, deadline?: number): Promise<string> {
    return until(
      `${pattern} has come`,
      () => {
        if (pattern.test(this.text)) return this.text;
        if (this.closed) throw new Error(`closed without ${pattern}: ${JSON.stringify(this.text)}`);
        return null;
      },
      deadline,
    );
  }
}

/** Request head with a Host and the lines given. */
export function request(line: string, ...headers: string[]): string {
  return [line, 'Host: test.example', ...headers, '', ''].join('\r\n');
}

export const UPGRADE: readonly string[] = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];

/** A valid opening handshake. */
export function handshake(path: string = '/', ...headers: string[]): string {
  return request(`GET ${path} HTTP/1.1`, ...UPGRADE, ...headers);
}

/** Whether the front serves: a whole handshake and an echo pass. Fails when they do not come. */
export async function serves(target: number | string | Client): Promise<boolean> {
  const client = target instanceof Client ? target : Client.plain(target);
  client.send(handshake());
  await client.until(/^HTTP\/1\.1 101 /);
  client.send('ping!');
  await client.until(/\r\n\r\nping!$/);
  client.socket.destroy();
  return true;
}
