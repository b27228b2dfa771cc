/**
 * The WebSocket address that belongs to a page: its own origin, path '/' or the one that `?path=` names.
 *
 * A link to a page may choose another path but never another host: whatever does not stay within the origin is dropped.
 */
export function bridgeAddress(page: URL): string {
  const wanted = page.searchParams.get('path') ?? '/';
  const base = new URL('/', page);
  let chosen = base;
  if (URL.canParse(wanted, base.href)) {
    const named = new URL(wanted, base);
    if (named.origin === base.origin) chosen = named;
  }
  const scheme = page.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${page.host}${chosen.pathname}${chosen.search}`;
}
