import type { Abort } from '../abort.ts';
import type { Handshake, Identity } from '../handshake.ts';

/** Decides who may connect: gives the identity, or throws a BridgeError AUTH_REQUIRED or AUTH_DENIED. */
export interface Authenticator {
  authenticate(handshake: Handshake, abort: Pick<Abort, 'signal' | 'throwIfAborted'>): Promise<Identity> | Identity;
  /** Makes ready before the listeners open. Rejects with a config error. */
  start?(): Promise<void>;
  dispose?(): void | Promise<void>;
}
