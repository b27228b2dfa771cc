import type { IncomingHttpHeaders } from 'node:http';

/** Versions of drafts whose handshake and frames are those of RFC 6455 but for the name of one header. */
const DRAFT_VERSIONS: ReadonlySet<string> = new Set(['7', '8']);

/** Whether a Sec-WebSocket-Version is that of a HyBi draft on the wire of RFC 6455 (drafts 07 to 12). */
export function isDraftVersion(version: string | undefined): boolean {
  return version !== undefined && DRAFT_VERSIONS.has(version);
}

/**
 * Gives the origin of a draft its later name, so that whoever checks origins need not know of drafts.
 *
 * Only for a draft's version, which no page of a current browser can send: nothing else may replace the Origin header.
 */
export function adoptDraftOrigin(headers: Record<string, string>): void {
  const origin = headers['sec-websocket-origin'];
  if (origin === undefined || headers['origin'] !== undefined) return;
  if (isDraftVersion(headers['sec-websocket-version'])) headers['origin'] = origin;
}

/** The header with the offered subprotocols. It had no 'Sec-' in draft-hixie-thewebsocketprotocol-75, nor a key beside it. */
export function offeredSubprotocols(headers: IncomingHttpHeaders): string | undefined {
  const offered = headers['sec-websocket-protocol'];
  if (offered !== undefined || headers['sec-websocket-key'] !== undefined) return offered;
  return headers['websocket-protocol']?.toString();
}
