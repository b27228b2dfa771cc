import type { Stage } from '../errors.ts';

/**
 * The legal transitions of a session. Stages accept, sniff and tls lie before it: they belong to the connection.
 *
 *   http ─► (authenticate) ─► route ─► upgrade ─► dial ─► relay ─► closing ─► closed
 *     │            │            │         │         │                 ▲         ▲
 *     │            │            │         │         └─── Close 1011 ──┘         │
 *     └────────────┴────────────┴─────────┴──────── HTTP refusal ───────────────┘
 */
const TRANSITIONS: Partial<Record<Stage, readonly Stage[]>> = {
  http: ['authenticate', 'route', 'closed'],
  authenticate: ['route', 'closed'],
  route: ['upgrade', 'closed'],
  upgrade: ['dial', 'closed'],
  dial: ['relay', 'closing'],
  relay: ['closing'],
  closing: ['closed'],
};

/** Checks one step of a session; throws on an illegal one, which is a mistake in the bridge. */
export function checkTransition(from: Stage, to: Stage): void {
  if (!TRANSITIONS[from]?.includes(to)) throw new Error(`illegal transition from ${from} to ${to}`);
}

/** Whether the 101 response has been sent: a failure is then a Close frame, not an HTTP status. */
export function isUpgraded(stage: Stage): boolean {
  return stage === 'dial' || stage === 'relay' || stage === 'closing';
}
