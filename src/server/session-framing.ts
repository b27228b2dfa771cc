import type { FramingConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { createBase64 } from '../framing/base64.ts';
import type { Framing } from '../framing/framing.ts';
import type { Framings } from '../framing/framings.ts';
import type { Peer } from '../route/resolver.ts';
import type { TargetConnection } from '../target/target.ts';

/**
 * Loads the plugins of a framing that was chosen for one session, which the bridge has not seen at its start; null when
 * there is none to load. Rejects with FRAMING_INVALID.
 */
export function loadFraming(framings: Framings, framing: FramingConfig | undefined): Promise<void> | null {
  const loading = framing ? framings.load(framing) : null;
  return (
    loading?.catch((error: unknown) => {
      const { message } = error as Error;
      throw new BridgeError('FRAMING_INVALID', { detail: message.replace(/\.$/, ''), cause: error });
    }) ?? null
  );
}

/** Makes the framing of a session; null = payloads pass as they are. `base64` puts every message into text. */
export function openFraming(
  framings: Framings,
  { framing, relay }: Peer,
  { kind }: TargetConnection,
  base64: boolean,
): Framing | null {
  const inner = framing ? framings.open(framing, { limit: relay.maxMessage, target: kind }) : null;
  return base64 ? createBase64(inner) : inner;
}
