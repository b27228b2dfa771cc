import { ConnectError } from './socket-error.ts';

/** The absolute `ws:` or `wss:` address that an address stands for, relative ones against the page; throws BAD_URL. */
export function absoluteUrl(address: string | URL): string {
  const { location } = globalThis as { location?: { href: string } };
  try {
    const { href } = new URL(address, location?.href);
    if (/^(ws|http)s?:/.test(href)) return href.replace(/^http/, 'ws').replace(/#.*/, '');
  } catch {
    // As if it were of another scheme.
  }
  throw new ConnectError('BAD_URL', 'No WebSocket address');
}

/** The subprotocols to offer; binary and base64 unless told otherwise. */
export function offeredProtocols(protocols: string | readonly string[] = ['binary', 'base64']): string[] {
  return typeof protocols === 'string' ? [protocols] : [...protocols];
}

/** What makes WebSockets: what the user gives, or what there is; throws UNSUPPORTED. */
export function webSocketConstructor<Constructor>(given: Constructor | undefined): Constructor {
  const found = given ?? (globalThis as { readonly WebSocket?: unknown }).WebSocket;
  if (!found) throw new ConnectError('UNSUPPORTED', 'No WebSocket here');
  return found as Constructor;
}
