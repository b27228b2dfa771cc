import type { BridgeError } from '../errors.ts';
import type { ConnectionHandler } from '../websocket/connection.ts';

/** What a session wants to know of a client that has no target. */
interface Observer {
  onClientClose(code: number, reason: string): void;
  onClientEnd(): void;
  onClientError(error: BridgeError): void;
}

/** Reads a client whose target could not be reached until it has answered the Close frame; its data goes nowhere. */
export class Farewell implements ConnectionHandler {
  readonly #observer: Observer;

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  onData(): void {}

  onChunk(): boolean {
    return false;
  }

  onPong(): void {}

  onClose(code: number, reason: string): void {
    this.#observer.onClientClose(code, reason);
  }

  onPeerEnd(): void {
    this.#observer.onClientEnd();
  }

  onError(error: BridgeError): void {
    this.#observer.onClientError(error);
  }
}
