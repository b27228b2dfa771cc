import type { RelayConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { SessionEnd } from '../observe/events.ts';
import type { ClientConnection, ConnectionHandler } from '../websocket/connection.ts';

/** A client that broke off leaves its target at most this long to end too, in ms. */
export const ABRUPT_LINGER = 500;

/** How a session ends, without what is known only afterwards. */
export type EndReason = Omit<SessionEnd, 'duration'>;

/** What a relay tells the session, which decides what follows. */
export interface RelayObserver {
  /** How the session ends, as soon as that is decided; null before. */
  readonly end: EndReason | null;
  /** The target has ended its stream, and all it sent is queued for the client. 1000 unless it gives a code of its own. */
  onTargetEnd(code?: number, reason?: string): void;
  onTargetError(error: BridgeError): void;
  /** The target's side is closed for good. */
  onTargetClosed(): void;
  /** The client sent a Close frame; 1005 stands for no code. Everything in front of it was passed on. */
  onClientClose(code: number, reason: string): void;
  /** The client ended its stream. */
  onClientEnd(): void;
  /** The client broke the protocol; nothing more is read from it. */
  onClientError(error: BridgeError): void;
}

/** Sees payload as it passes, valid during the call. */
export type Tap = (from: 'client' | 'target', data: Uint8Array) => void;

/**
 * The two directions between a WebSocket and a target.
 *
 * Each direction stops reading its source while its sink has more than the high-water mark queued, and goes on when
 * that queue has drained, so a session's memory is bounded whatever the two sides do.
 */
export interface Relay extends ConnectionHandler {
  /** Payload bytes from the client. */
  readonly bytesIn: number;
  /** Payload bytes to the client. */
  readonly bytesOut: number;
  /** Grows with every sign of life of the client: it sent something, or it took all that was queued for it. */
  readonly signsOfLife: number;
  /** True while the client is not read, because the target is behind or on hold: its silence means nothing then. */
  readonly clientPaused: boolean;
  /** Bytes that wait in this process, both directions together. */
  readonly queued: number;
  start(connection: ClientConnection): void;
  /** Stops reading both sides, whatever backpressure says, until `release`. What the end of a session needs goes on. */
  hold(): void;
  release(): void;
  /** Called now and then, first when the session has lasted a while: gives back memory that it does not need. */
  relax(): void;
  /** Ends the target's side once everything from the client is written. `abrupt` shortens the wait for its own end. */
  finishTarget(abrupt: boolean): void;
  /** Cuts the target off now. */
  destroyTarget(): void;
}

/** How long a side that has bytes queued may take none of them before it is given up, in ms: as long as a silent client gets. */
export function stallTime(config: RelayConfig): number {
  return Math.max(config.closeTimeout, config.keepalive.interval * (config.keepalive.misses + 1));
}

/** A TLS 1.3 server looks at the client certificate after the handshake, so it refuses while the relay runs. */
const CERTIFICATE_ALERT = /^ERR_SSL_.*ALERT.*CERTIFICATE/;
const CERTIFICATE_REMEDY = 'The target refuses the bridge: give a client certificate that it accepts (--target-cert).';

/** Puts an error event of a target's stream into the table's terms. */
export function targetError(label: string, error: Error & { code?: string }): BridgeError {
  if (error instanceof BridgeError) return error;
  const { code = '', message } = error;
  return new BridgeError('TARGET_RESET', {
    detail: `${label}: ${code || message}`,
    cause: error,
    ...(CERTIFICATE_ALERT.test(code) && { remedy: CERTIFICATE_REMEDY }),
  });
}
