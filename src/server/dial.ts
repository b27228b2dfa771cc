import type { Abort } from '../abort.ts';
import { BridgeError } from '../errors.ts';
import type { Handshake } from '../handshake.ts';
import type { SessionView } from '../observe/events.ts';
import type { Peer } from '../route/resolver.ts';
import type { TargetConnection } from '../target/target.ts';

/** Connects to a session's target within the deadline of its route. `abort` ends the attempt for other reasons. */
export async function dial(
  { target, relay }: Peer,
  session: SessionView,
  handshake: Handshake,
  abort: Abort,
): Promise<TargetConnection> {
  const timer = setTimeout(
    () => abort.abort(new BridgeError('TARGET_TIMEOUT', { detail: target.label })),
    relay.connectTimeout,
  );
  try {
    return await target.connect({ session, handshake, abort, fastRead: relay.fastRead });
  } finally {
    clearTimeout(timer);
  }
}

/** Closes a target that came too late. */
export function hangUp(target: TargetConnection): void {
  if (target.kind === 'stream') target.duplex.destroy();
  else target.close();
}
