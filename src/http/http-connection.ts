import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientAddress } from '../handshake.ts';
import { clientAddress } from './client-address.ts';

/** A response whose client takes none of it for this long is given up, in ms. */
const RESPONSE_STALL = 60_000;

/**
 * One connection while it speaks HTTP: counts its open responses and watches the time between two requests.
 *
 * Node's own keep-alive timeout restarts with every byte, so that a client sending empty lines would stay for ever.
 */
export class HttpConnection {
  readonly socket: Socket;
  readonly client: ClientAddress;
  /** An error has been answered; whatever else arrives does not count. */
  refused = false;
  /** Requests so far. */
  requests = 0;
  /** Responses that are not finished. */
  responses = 0;
  readonly #idleLimit: number;
  readonly #onGone: () => void;
  #idle: NodeJS.Timeout | undefined;

  /** `idleLimit` is the time from a finished response to the next whole request head, in ms; 0 = no limit. */
  constructor(socket: Socket, idleLimit: number, onGone: () => void) {
    this.socket = socket;
    this.client = clientAddress(socket);
    this.#idleLimit = idleLimit;
    this.#onGone = (): void => {
      clearTimeout(this.#idle);
      onGone();
    };
    socket.on('close', this.#onGone);
  }

  /** Notes a request; `onDone` is called when its response is finished or broken off. */
  begin(res: ServerResponse, onDone: () => void): void {
    clearTimeout(this.#idle);
    this.requests += 1;
    this.responses += 1;
    this.socket.setTimeout(RESPONSE_STALL);
    // The client may be gone before its file is found.
    res.on('error', () => {});
    res.once('close', () => {
      this.responses -= 1;
      if (this.socket.destroyed) return;
      if (this.responses === 0 && this.#idleLimit > 0) {
        clearTimeout(this.#idle);
        this.#idle = setTimeout(() => this.socket.destroy(), this.#idleLimit);
      }
      onDone();
    });
  }

  /** Leaves the socket to somebody else, with nothing of this connection on it. */
  release(): void {
    clearTimeout(this.#idle);
    this.socket.setTimeout(0);
    this.socket.off('close', this.#onGone);
  }
}
