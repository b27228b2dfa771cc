import type { FramerConfig, FramingConfig, PluginConfig, RouteConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { checkFraming } from '../framing/create-framing.ts';
import { isPluginCalled } from '../framing/plugin-name.ts';
import type { PeerAddress } from '../address/peer-address.ts';

/** A framing as a line of a peer file or a plugin names it. */
export interface NamedFraming {
  readonly name: string;
  /** null = nothing is said. */
  readonly config: string | null;
}

/**
 * The framing of a peer: what it names itself cuts its stream, in place of what its route says. Plugins are known by what
 * the route has loaded, and nothing else is. Throws FRAMING_INVALID.
 */
export function peerFraming(
  { framing, framingPlugins = [], relay }: RouteConfig,
  named: NamedFraming | null,
  { kind }: PeerAddress,
): FramingConfig | undefined {
  const own = framing?.framer?.plugin;
  const plugins = own ? [own, ...framingPlugins] : framingPlugins;
  const chosen = named ? { framer: framerOf(named, plugins), unframer: framing?.unframer ?? null } : framing;
  if (!chosen) return undefined;
  checkFraming(chosen, {
    limit: relay.maxMessage,
    target: kind === 'udp' || kind === 'unix-dgram' ? 'datagram' : 'stream',
  });
  return chosen;
}

function framerOf({ name, config }: NamedFraming, plugins: readonly PluginConfig[]): FramerConfig {
  const plugin = plugins.find(({ module }) => isPluginCalled(module, name));
  if (!plugin) return { name, config };
  const { source } = plugin;
  if (config === null || config === source) return { name: 'plugin', config: source, plugin };
  // Each config would be a plugin of its own, and nobody knows how many there are to come.
  throw new BridgeError('FRAMING_INVALID', { detail: `the framing ${name} has the config that its route gives it` });
}
