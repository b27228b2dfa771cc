/**
 * The WebSocket address on the bridge that served a page, for a path such as '/', 'echo' or '/vnc?token=a'. One without
 * a leading slash starts in the directory of the page, which need not be '/' behind a proxy.
 *
 * A whole address is taken as well when it names the same host and port, wss: for a page that came over TLS. Whatever
 * leads to another one gives null: a page talks to its own bridge alone, whoever wrote the link to it.
 */
export function bridgeAddress(page: URL, wanted: string): URL | null {
  const base = new URL('.', page);
  const text = wanted.trim().replace(/^ws(s?):/i, 'http$1:');
  if (!URL.canParse(text, base.href)) return null;
  const named = new URL(text, base);
  if (named.origin !== base.origin) return null;
  const scheme = page.protocol === 'https:' ? 'wss:' : 'ws:';
  return new URL(`${scheme}//${page.host}${named.pathname}${named.search}`);
}

/** The path that a link to a page chose with `?path=` or `?address=`, for bridgeAddress(); null where it chose none. */
export function wantedPath(page: URL): string | null {
  return page.searchParams.get('path') ?? page.searchParams.get('address');
}

/** What stands behind the host in an address: path and query. */
export function pathOf(address: URL): string {
  return address.pathname + address.search;
}
