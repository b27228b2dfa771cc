import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ListenerConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { ClientAddress } from '../handshake.ts';
import { createHttpServer, type HttpFront } from '../http/http-server.ts';
import type { HixieOpening } from '../http/legacy-hixie.ts';
import { Listener } from '../listen/listener.ts';
import type { EventHub } from '../observe/events.ts';
import { fileGuard } from './file-guard.ts';
import type { Entrance } from './session.ts';

/** A process without descriptors fails to accept many times in a second; it is told once in this time, in ms. */
const WARNING_INTERVAL = 1000;

/** Where a listener can be reached. */
export interface BridgeAddress {
  readonly listener: string;
  /** 'host:port' with the port that was taken, or a path. */
  readonly address: string;
  /** What a browser opens; 'unix:/path' where none can. */
  readonly url: string;
  readonly secure: boolean;
}

/** Takes over a checked opening handshake; `hixie` answers one that is older than RFC 6455. */
export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, hixie: HixieOpening | null) => void;

/** What a door asks of its bridge. */
export interface DoorHost {
  readonly events: EventHub;
  readonly onUpgrade: OnUpgrade;
  /** Whether one more connection fits into the limit of the process. */
  readonly admit: () => boolean;
}

/** A listener with its HTTP side, from its opening to the end of the last connection that became no session. */
export class Door {
  readonly #name: string;
  readonly #events: EventHub;
  readonly #listener: Listener;
  readonly #front: HttpFront;
  #address: BridgeAddress | null = null;
  #shut: Promise<void> | null = null;
  #warnedAt = -Infinity;

  constructor(config: ListenerConfig, entrance: Entrance, { events, onUpgrade, admit }: DoorHost) {
    const { name } = config;
    this.#name = name;
    this.#events = events;
    const onRefused = (client: ClientAddress, error: BridgeError): void =>
      events.publish('connection:refused', { listener: name, client, error });
    this.#front = createHttpServer({
      config,
      onUpgrade,
      onRefused,
      ...(config.webAuth ? { guard: fileGuard(entrance, name) } : {}),
    });
    const onConnection = (socket: Socket): void => this.#front.accept(socket);
    const onError = (error: BridgeError): void => this.#warn(error);
    this.#listener = new Listener(config, { onConnection, onRefused, onError }, admit);
  }

  /** Where it listens; null before that. */
  get address(): BridgeAddress | null {
    return this.#address;
  }

  /** Connections that are open, whatever has become of them. */
  get connections(): number {
    return this.#listener.connections;
  }

  /** Begins to listen. Rejects with LISTEN_*, or with SHUTDOWN when it has been shut meanwhile; then it is not open. */
  async open(): Promise<void> {
    const { address, url, secure } = await this.#listener.listen();
    if (this.#shut) throw new BridgeError('SHUTDOWN');
    this.#address = { listener: this.#name, address, url, secure };
    this.#events.publish('listener:open', this.#address);
  }

  /** Takes a connection that somebody else has accepted. Throws TLS_* for a bad certificate. */
  adopt(socket: Socket): void {
    this.#listener.adopt(socket);
  }

  /** Stops accepting. Rejects, every time it is asked, when the file of its Unix socket could not be removed. */
  shut(): Promise<void> {
    return (this.#shut ??= this.#close());
  }

  /** Ends the connections that carry no session, each behind the answer that it waits for. */
  async end(): Promise<void> {
    this.#listener.destroyPending();
    await this.#front.close();
  }

  /** Cuts off the connections that carry no session. */
  destroy(): void {
    this.#listener.destroyPending();
    this.#front.destroy();
  }

  async #close(): Promise<void> {
    try {
      await this.#listener.close();
    } finally {
      if (this.#address) this.#events.publish('listener:close', { listener: this.#name });
    }
  }

  #warn(error: BridgeError): void {
    const now = performance.now();
    if (now - this.#warnedAt < WARNING_INTERVAL) return;
    this.#warnedAt = now;
    this.#events.publish('warning', { message: `a connection could not be accepted: ${error.detail}`, error });
  }
}
