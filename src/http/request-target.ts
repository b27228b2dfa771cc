/** The address in a request line (RFC 9112 §3.2), split but not decoded. */
export interface RequestTarget {
  /** Percent-encoded, as sent; starts with '/'. */
  readonly path: string;
  /** Without its '?'; '' when absent. */
  readonly query: string;
  /** Host and port of the absolute form, which then count instead of the Host header; null otherwise. */
  readonly authority: string | null;
}

const ABSOLUTE = /^(?:http|ws)s?:\/\/([^/?]+)(.*)$/i;

/** Splits a request target in origin or absolute form; null for any other form and for a fragment, which is never sent. */
export function parseRequestTarget(url: string): RequestTarget | null {
  if (url.includes('#')) return null;
  if (url.startsWith('/')) return split(url, null);
  const [, authority = '', rest = ''] = ABSOLUTE.exec(url) ?? [];
  if (authority === '' || authority.includes('@')) return null;
  return split(rest.startsWith('/') ? rest : `/${rest}`, authority);
}

function split(url: string, authority: string | null): RequestTarget {
  const mark = url.indexOf('?');
  if (mark === -1) return { path: url, query: '', authority };
  return { path: url.slice(0, mark), query: url.slice(mark + 1), authority };
}
