import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { once } from 'node:events';
import { expect } from 'vitest';
import { Abort } from '../../src/abort.ts';
import { BridgeError } from '../../src/errors.ts';
import type { SessionView } from '../../src/observe/events.ts';
import { makeHandshake } from '../../src/testing/handshake.ts';
import type { DatagramConnection, DialContext, StreamConnection, Target } from '../../src/target/target.ts';

/** A session as function targets see it. */
export const SESSION: SessionView = {
  id: 1,
  stage: 'dial',
  listener: 'test',
  route: 'test',
  target: '',
  client: { family: 'ipv4', address: '192.0.2.1', port: 4242 },
  path: '/',
  user: '',
  subprotocol: '',
  secure: false,
  bytesIn: 0,
  bytesOut: 0,
  startedAt: 0,
};

/** What is given to work that nobody waits for any more. */
export function abortedFor(reason: Error): Abort {
  const abort = new Abort();
  abort.abort(reason);
  return abort;
}

/** What a session gives to a target; nothing ends the dial unless it is given. */
export function dialContext(options: Partial<DialContext> = {}): DialContext {
  return {
    session: SESSION,
    handshake: makeHandshake(),
    abort: new Abort(),
    fastRead: false,
    ...options,
  };
}

export async function dialStream(target: Target, options: Partial<DialContext> = {}): Promise<StreamConnection> {
  const connection = await target.connect(dialContext(options));
  if (connection.kind !== 'stream') throw new Error('not a stream');
  return connection;
}

export async function dialDatagram(target: Target, options: Partial<DialContext> = {}): Promise<DatagramConnection> {
  const connection = await target.connect(dialContext(options));
  if (connection.kind !== 'datagram') throw new Error('not a datagram connection');
  return connection;
}

/** Dials a target that must refuse and gives its error. */
export async function refusal(target: Target, options: Partial<DialContext> = {}): Promise<BridgeError> {
  const thrown = await target.connect(dialContext(options)).then(
    () => new Error('connected'),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(BridgeError);
  return thrown as BridgeError;
}

/** Everything that a stream connection brings, in the way its owner would read it. */
export class Received {
  readonly chunks: Buffer[] = [];
  ended = false;

  constructor({ duplex, reader }: StreamConnection) {
    if (reader) {
      reader.start({
        onBytes: (buffer, start, end) => {
          this.chunks.push(Buffer.from(buffer.subarray(start, end)));
          return false;
        },
        onEnd: () => {
          this.ended = true;
        },
      });
    } else {
      duplex.on('data', (chunk: Buffer) => this.chunks.push(chunk));
      duplex.on('end', () => {
        this.ended = true;
      });
      duplex.resume();
    }
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }
}

/** Everything that a datagram connection brings. */
export class Datagrams {
  readonly messages: Buffer[] = [];
  readonly errors: Error[] = [];

  constructor(connection: DatagramConnection) {
    connection.start({
      onMessage: (data) => this.messages.push(data),
      onError: (error) => this.errors.push(error),
    });
  }

  get texts(): string[] {
    return this.messages.map((message) => message.toString('latin1'));
  }
}

/** Waits until `condition` holds. */
export function until(condition: () => boolean): Promise<void> {
  return expect.poll(condition, { timeout: 10_000, interval: 5 }).toBe(true);
}

export async function closed(connection: StreamConnection): Promise<void> {
  const { duplex } = connection;
  duplex.destroy();
  if (!duplex.closed) await once(duplex, 'close');
}

/** How many sockets this process has open. */
export function openSockets(): number {
  if (!existsSync('/proc/self/fd'))
    return process.getActiveResourcesInfo().filter((name) => /TCP|Pipe|UDP|TLS/.test(name)).length;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}
