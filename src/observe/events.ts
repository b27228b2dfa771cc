import type { BridgeError, Stage } from '../errors.ts';
import type { ClientAddress } from '../handshake.ts';

/** What subscribers and function targets may know of a session. The numbers are live. */
export interface SessionView {
  /** Unique within its bridge, counting from 1. */
  readonly id: number;
  readonly stage: Stage;
  readonly listener: string;
  /** Name of the route; '' before routing. */
  readonly route: string;
  /** The target as text, such as 'tcp://localhost:5900'; '' before routing. Holds no secret. */
  readonly target: string;
  readonly client: ClientAddress;
  /** Path of the request, without its query. */
  readonly path: string;
  readonly subprotocol: string;
  readonly secure: boolean;
  /** Name of the authenticated user; '' where nobody asked. */
  readonly user: string;
  /** Payload bytes that came from the client. */
  readonly bytesIn: number;
  /** Payload bytes that went to the client. */
  readonly bytesOut: number;
  /** When the request arrived, in ms since the epoch. */
  readonly startedAt: number;
}

/** How a session ended: the first reason, as both sides were told it. */
export interface SessionEnd {
  /** Close code (RFC 6455 §7.4) that describes the end; 1006 when there was no close handshake. */
  readonly code: number;
  readonly reason: string;
  /** Who ended it. */
  readonly by: 'client' | 'target' | 'bridge';
  /** The error behind the end; null for an ordinary one. */
  readonly error: BridgeError | null;
  /** From request to end, in ms. */
  readonly duration: number;
}

/** Every event of the bridge, with what its subscribers get. Publishing to nobody costs one property look-up. */
export interface BridgeEvents {
  /** A listener is ready. `address` is 'host:port' or a path; `url` is what a browser opens. */
  'listener:open': {
    readonly listener: string;
    readonly address: string;
    readonly url: string;
    readonly secure: boolean;
  };
  /** A listener that was ready accepts no more. What it has accepted may still be open. */
  'listener:close': { readonly listener: string };
  /** A connection failed before it became a session (stages accept to http). */
  'connection:refused': { readonly listener: string; readonly client: ClientAddress; readonly error: BridgeError };
  /** A session was refused before its upgrade (stages http to upgrade). */
  'session:refused': { readonly session: SessionView; readonly error: BridgeError };
  /** Client and target are connected. */
  'session:open': { readonly session: SessionView };
  'session:close': { readonly session: SessionView; readonly end: SessionEnd };
  /** Payload as it passes; only published while somebody subscribes when the session opens. The bytes are valid during the call only. */
  'session:data': { readonly session: SessionView; readonly from: 'client' | 'target'; readonly data: Uint8Array };
  /** A stage was entered. */
  'session:stage': { readonly session: SessionView; readonly stage: Stage };
  /** The recording of a session has begun, in this file. */
  'record:start': { readonly session: SessionView; readonly file: string };
  /** The recording is whole and closed. */
  'record:end': { readonly session: SessionView; readonly file: string };
  /** The recording has ended early (RECORD_FAILED); the session goes on. */
  'record:error': { readonly session: SessionView; readonly file: string; readonly error: BridgeError };
  /** A line that a wrapped program wrote. Control characters are still in it. */
  'program:output': { readonly target: string; readonly line: string };
  /** A wrapped program has ended for good, and the bridge should too. `status` is the exit status to report. */
  'program:exit': { readonly target: string; readonly status: number };
  /** The bridge has lived as long as its config says, and should be drained. */
  'life:end': { readonly reason: string };
  /** Something an operator should know that ended nothing. */
  warning: { readonly message: string; readonly error?: BridgeError };
}

export type BridgeEventName = keyof BridgeEvents;
type Handler<Name extends BridgeEventName> = (event: BridgeEvents[Name]) => void;

/** The bridge's event list. A throwing subscriber is reported on 'warning' and disturbs nobody. */
export class EventHub {
  readonly #handlers = new Map<BridgeEventName, Set<(event: never) => void>>();

  /** Subscribes; returns the function that unsubscribes. */
  on<Name extends BridgeEventName>(name: Name, handler: Handler<Name>): () => void {
    let set = this.#handlers.get(name);
    if (!set) this.#handlers.set(name, (set = new Set()));
    set.add(handler);
    return () => {
      set.delete(handler);
      // A second call must not remove a set that others have begun since.
      if (set.size === 0 && this.#handlers.get(name) === set) this.#handlers.delete(name);
    };
  }

  /** Whether anybody subscribes: lets a publisher skip building a costly event. */
  has(name: BridgeEventName): boolean {
    return this.#handlers.has(name);
  }

  publish<Name extends BridgeEventName>(name: Name, event: BridgeEvents[Name]): void {
    const set = this.#handlers.get(name);
    if (!set) return;
    for (const handler of set) {
      try {
        (handler as Handler<Name>)(event);
      } catch (error) {
        if (name !== 'warning')
          this.publish('warning', { message: `a subscriber of ${name} failed: ${String(error)}` });
      }
    }
  }
}
