import type { CredentialKind } from './credentials.ts';

/** How far a connection came: to the bridge, to the VNC server's greeting, to the login, to the screen. */
export type VncStage = 'opening' | 'greeting' | 'login' | 'screen';

/** Why a session is over; the first reason counts. */
export type VncEnd =
  /** The visitor ended it. */
  | { readonly by: 'user' }
  /** The bridge closed the WebSocket, or the network broke it. */
  | { readonly by: 'close'; readonly code: number; readonly reason: string; readonly stage: VncStage }
  /** The VNC server refused to let the visitor in; `reason` is in its own words, '' for none. */
  | { readonly by: 'login'; readonly reason: string }
  /** What came is not VNC, or not what noVNC can use; `details` are noVNC's words. */
  | { readonly by: 'protocol'; readonly details: string; readonly stage: VncStage }
  /** Nothing came for too long. */
  | { readonly by: 'deadline'; readonly stage: VncStage }
  /** The browser did not even try to connect. */
  | { readonly by: 'browser'; readonly details: string };

/**
 * Where a session stands:
 *
 *     idle → connecting → greeting → [identity] → [login → authenticating] → connected → [closing] → ended
 *                ↑            from any of these: waiting (connects again), ended, login (after a refused password)
 */
export type VncState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting' }
  | { readonly name: 'greeting' }
  /** The visitor is asked who they are; `refusal` tells what became of the last answer, null before one. */
  | { readonly name: 'login'; readonly kinds: readonly CredentialKind[]; readonly refusal: string | null }
  /** The visitor is asked whether this is the right server: the public key it showed. */
  | { readonly name: 'identity'; readonly key: Uint8Array<ArrayBuffer> }
  | { readonly name: 'authenticating' }
  | { readonly name: 'connected'; readonly desktop: string }
  | { readonly name: 'closing' }
  /** Lost, and tried again at `at` (ms, performance.now) for the n-th time. */
  | { readonly name: 'waiting'; readonly end: VncEnd; readonly attempt: number; readonly at: number }
  | { readonly name: 'ended'; readonly end: VncEnd };
