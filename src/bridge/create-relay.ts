import type { Duplex } from 'node:stream';
import type { RelayConfig } from '../config/model.ts';
import type { Framing } from '../framing/framing.ts';
import { StreamReader, type ByteReader } from '../stream/byte-reader.ts';
import type { DatagramConnection } from '../stream/datagram.ts';
import { DatagramRelay } from './datagram-relay.ts';
import type { MessageConnection } from './message-connection.ts';
import { MessageRelay } from './message-relay.ts';
import type { Relay, RelayObserver, Tap } from './relay.ts';
import { StreamRelay } from './stream-relay.ts';

/** A connected target as a relay takes it. */
export type RelayTarget =
  | { readonly kind: 'stream'; readonly duplex: Duplex; readonly reader?: ByteReader; readonly keepAlive?: number }
  | DatagramConnection
  | MessageConnection;

/** Makes the relay that suits a target. `label` names the target in errors; without `framing` payloads pass as they are. */
export function createRelay(
  target: RelayTarget,
  label: string,
  config: RelayConfig,
  observer: RelayObserver,
  tap: Tap | null,
  framing: Framing | null,
): Relay {
  const context = { label, config, observer, tap, framing };
  if (target.kind === 'datagram') return new DatagramRelay(target, context);
  if (target.kind === 'message') return new MessageRelay(target, context);
  const reader = target.reader ?? new StreamReader(target.duplex);
  const { duplex, keepAlive = 0 } = target;
  return new StreamRelay({ duplex, reader, keepAlive }, context);
}
