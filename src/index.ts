import type { BridgeInput } from './config/input.ts';
import { resolveConfig } from './config/resolve.ts';
import { EventHub } from './observe/events.ts';
import { BridgeServer } from './server/bridge-server.ts';

/**
 * Makes a bridge from the same input that a config file holds; a target may also be a function that gives a stream, and
 * `onSession`, in its place, talks to each client itself.
 *
 * Throws a BridgeError that names every wrong value. Nothing is opened before `listen` or `attach`.
 */
export function createBridge(input: BridgeInput): BridgeServer {
  const { config, warnings } = resolveConfig(input);
  return new BridgeServer(config, new EventHub(), warnings);
}

export type { BridgeSession, SessionHandler } from './bridge-session.ts';
export type { BridgeServer } from './server/bridge-server.ts';
export type { BridgeAddress } from './server/door.ts';
export type {
  BridgeInput,
  DurationInput,
  LimitsInput,
  ListenerInput,
  RelayInput,
  RouteInput,
  SizeInput,
  TargetAddressInput,
  TargetInput,
  TlsInput,
} from './config/input.ts';
export type { BridgeConfig, TargetFunction } from './config/model.ts';
export { Secret } from './config/secret.ts';
export { BridgeError, ERRORS, type ErrorCode, type ErrorRow, type Side, type Stage } from './errors.ts';
export type { ClientAddress, Handshake } from './handshake.ts';
export type { BridgeEventName, BridgeEvents, SessionEnd, SessionView } from './observe/events.ts';
