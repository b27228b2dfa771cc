import path from 'node:path';
import type { FramerConfig, FramingConfig, RouteConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { checkFraming } from '../framing/create-framing.ts';
import type { PeerAddress } from '../address/peer-address.ts';

/** A framing as a line of a peer file or a plugin names it. */
export interface NamedFraming {
  readonly name: string;
  /** null = nothing is said. */
  readonly config: string | null;
}

/**
 * The framing of a peer: what it names itself cuts its stream, in place of what its route says. Plugins are known by what
 * the route has loaded, and by nothing else. Throws FRAMING_INVALID.
 */
export function peerFraming(
  { framing, relay }: RouteConfig,
  named: NamedFraming | null,
  { kind }: PeerAddress,
): FramingConfig | undefined {
  const chosen = named ? { framer: framerOf(named, framing), unframer: framing?.unframer ?? null } : framing;
  if (!chosen) return undefined;
  checkFraming(chosen, {
    limit: relay.maxMessage,
    target: kind === 'udp' || kind === 'unix-dgram' ? 'datagram' : 'stream',
  });
  return chosen;
}

function framerOf({ name, config }: NamedFraming, framing: FramingConfig | undefined): FramerConfig {
  const own = framing?.framer;
  if (!own?.plugin || !isCalled(own.plugin.module, name)) return { name, config };
  if (config === null) return own;
  // Each config would be a plugin of its own, and nobody knows how many there are to come.
  throw new BridgeError('FRAMING_INVALID', { detail: `the framing ${name} has the config that its route gives it` });
}

/** A plugin is called by its module as it is in the config, or by the name of its file: 'resp' for /srv/resp.mjs. */
function isCalled(module: string, name: string): boolean {
  return name === module || name === path.basename(module).replace(/\.[cm]?js$/, '');
}
