import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { Abort } from '../abort.ts';
import type { BridgeError } from '../errors.ts';
import { formatAddress } from './address.ts';
import { DatagramInbox } from './datagram-inbox.ts';
import { datagramError, dialError } from './dial-error.ts';
import type { DatagramConnection, DatagramHandlers, DialContext, Target } from './target.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Greatest payload: 65535 less the headers. IPv4 counts its own header in (RFC 791), IPv6 does not (RFC 8200 §3). */
const MAX_DATAGRAM = { 4: 65535 - 20 - 8, 6: 65535 - 8 } as const;

/** What a queued datagram costs besides its bytes: empty ones must not queue up without an end. */
const QUEUE_OVERHEAD = 64;

/**
 * A UDP server. Of a name with several addresses the first that has a route is taken.
 *
 * Whether somebody listens there shows only after sending: an ICMP refusal arrives as TARGET_REFUSED on the connection.
 */
export class UdpTarget implements Target {
  readonly label: string;
  readonly #host: string;
  readonly #port: number;

  constructor(host: string, port: number) {
    this.label = formatAddress('udp', host, port);
    this.#host = host;
    this.#port = port;
  }

  async connect({ abort }: DialContext): Promise<DatagramConnection> {
    abort.throwIfAborted();
    try {
      const addresses = await unlessAborted(lookup(this.#host, { all: true }), abort.signal);
      return await this.#connectToFirst(addresses, abort);
    } catch (error) {
      throw abort.aborted ? abort.reason : dialError(error, this.label);
    }
  }

  async #connectToFirst(addresses: readonly LookupAddress[], abort: Abort): Promise<DatagramConnection> {
    const errors: unknown[] = [];
    for (const { address, family } of addresses) {
      const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
      try {
        await connectSocket(socket, this.#port, address);
        abort.throwIfAborted();
        return new UdpConnection(socket, this.label, MAX_DATAGRAM[family === 6 ? 6 : 4]);
      } catch (error) {
        socket.close();
        abort.throwIfAborted();
        errors.push(error);
      }
    }
    throw new AggregateError(errors);
  }
}

/**
 * A connected UDP socket.
 *
 * node:dgram cannot stop reading, so while this is paused (and before it is started) datagrams are kept up to a bound
 * and dropped beyond it, here instead of in the kernel.
 */
class UdpConnection implements DatagramConnection {
  readonly kind = 'datagram';
  readonly maxDatagram: number;
  onDrain: (() => void) | null = null;
  readonly #socket: Socket;
  readonly #label: string;
  readonly #inbox: DatagramInbox;
  #handlers: DatagramHandlers | null = null;
  /** A failure that its owner could not be told yet. */
  #failure: BridgeError | null = null;
  #closed = false;
  /** Whether a send was left queued, so that its end is a drain. */
  #congested = false;

  constructor(socket: Socket, label: string, maxDatagram: number) {
    this.#socket = socket;
    this.#label = label;
    this.maxDatagram = maxDatagram;
    this.#inbox = new DatagramInbox((data) => this.#handlers?.onMessage(data));
    const peer = socket.remoteAddress();
    socket.on('message', (data, from) => {
      // A stranger may have sent something between bind and connect.
      if (from.port === peer.port && from.address === peer.address) this.#inbox.push(data);
    });
    socket.on('error', (error) => this.#fail(error));
  }

  get queuedBytes(): number {
    if (this.#closed) return 0;
    return this.#socket.getSendQueueSize() + this.#socket.getSendQueueCount() * QUEUE_OVERHEAD;
  }

  start(handlers: DatagramHandlers): void {
    this.#handlers = handlers;
    this.#inbox.resume();
    if (this.#failure) process.nextTick(() => handlers.onError(this.#failure!));
  }

  send(data: Uint8Array): void {
    if (this.#closed) return;
    // A datagram that the kernel does not take at once stays queued and must not change meanwhile.
    this.#socket.send(Buffer.from(data), this.#onSent);
    if (this.#socket.getSendQueueCount() > 0) this.#congested = true;
  }

  pause(): void {
    this.#inbox.pause();
  }

  resume(): void {
    if (!this.#closed) this.#inbox.resume();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox.clear();
    this.#socket.close();
  }

  readonly #onSent = (error: Error | null): void => {
    if (this.#closed) return;
    // ENOBUFS: the network card's queue is full, and the datagram is lost as datagrams are.
    if (error && (error as NodeJS.ErrnoException).code !== 'ENOBUFS') {
      this.#fail(error);
    } else if (this.#congested && this.#socket.getSendQueueCount() === 0) {
      this.#congested = false;
      this.onDrain?.();
    }
  };

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#failure = datagramError(error, this.#label);
    this.#handlers?.onError(this.#failure);
  }
}

/** Connects a datagram socket; the port it is bound to is the system's choice. */
function connectSocket(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, (error?: Error) => {
      socket.off('error', reject);
      if (error) reject(error);
      else resolve();
    });
  });
}
