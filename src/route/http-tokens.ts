import { splitUserinfo } from '../address/userinfo.ts';
import type { TokenSourceConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { isTokenAddress } from './token-address.ts';
import type { TokenAddress, TokenSource } from './token-source.ts';

/** What an answer may have in bytes. An address is shorter. */
const MOST_BYTES = 16 * 1024;
const MOST_REDIRECTS = 3;
const PLACE = '%s';

/** Asks an HTTP server for the address of a token: GET on a URL that holds the token. */
export class HttpTokens implements TokenSource {
  readonly label: string;
  readonly #url: string;
  readonly #origin: string;
  readonly #format: 'plain' | 'json';
  readonly #headers: Record<string, string>;

  constructor({ url, format }: TokenSourceConfig & { kind: 'http' }) {
    // fetch takes no user and password in an address.
    const [userinfo, address] = splitUserinfo(url);
    const { origin } = parseUrl(address);
    this.#url = address;
    this.#origin = origin;
    this.label = `token API ${origin}`;
    this.#format = format;
    this.#headers = { Accept: format === 'json' ? 'application/json' : 'text/plain, */*;q=0.5' };
    if (userinfo) this.#headers['Authorization'] = basic(userinfo, this.label);
  }

  async lookup(token: string, signal: AbortSignal): Promise<TokenAddress | null> {
    const url = this.#urlOf(token);
    if (url === null) return null;
    const response = await this.#fetch(url, signal);
    if (!response.ok) {
      await response.body?.cancel();
      // The server knows no such token, or it has a problem that the operator should know of.
      if (response.status < 500) return null;
      throw this.#failure(`it answered ${response.status}`);
    }
    const body = (await this.#read(response)).trim();
    if (body === '') return null;
    return this.#format === 'json' ? this.#fromJson(body) : body;
  }

  /** The URL with the token in it, escaped; null for a token that would lead to another path. */
  #urlOf(token: string): URL | null {
    // A path of dots is taken for a way up, escaped or not.
    if (/^\.{1,2}$/.test(token)) return null;
    try {
      const escaped = encodeURIComponent(token);
      const text = this.#url.includes(PLACE) ? this.#url.replaceAll(PLACE, () => escaped) : this.#url + escaped;
      return new URL(text);
    } catch {
      // Half of a surrogate pair cannot be escaped.
      return null;
    }
  }

  /** Follows redirects on the same server only: no other one may learn tokens. */
  async #fetch(url: URL, signal: AbortSignal): Promise<Response> {
    let at = url;
    for (let redirects = 0; ; redirects++) {
      const response = await fetch(at.href, { signal, headers: this.#headers, redirect: 'manual' }).catch(
        (error: unknown) => {
          signal.throwIfAborted();
          throw this.#failure(reasonOf(error));
        },
      );
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) return response;
      await response.body?.cancel();
      if (!URL.canParse(location, at.href)) throw this.#failure('it redirects to no address');
      at = new URL(location, at);
      if (at.origin !== this.#origin) throw this.#failure(`it redirects to ${at.origin}`);
      if (redirects === MOST_REDIRECTS) throw this.#failure('it redirects too often');
    }
  }

  async #read(response: Response): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        size += chunk.length;
        if (size > MOST_BYTES) break;
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#failure(reasonOf(error));
    }
    if (size > MOST_BYTES) throw this.#failure(`its answer is longer than ${MOST_BYTES} bytes`);
    return Buffer.concat(chunks).toString('utf8');
  }

  #fromJson(body: string): TokenAddress {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      throw this.#failure('its answer is not JSON');
    }
    if (typeof parsed === 'object' && isTokenAddress(parsed)) return parsed;
    throw this.#failure('its answer has no host and port');
  }

  #failure(what: string): BridgeError {
    return new BridgeError('ROUTE_FAILED', { detail: `${this.label} (${what})` });
  }
}

function parseUrl(url: string): URL {
  if (/^https?:\/\//i.test(url) && URL.canParse(url.replaceAll(PLACE, 'token')))
    return new URL(url.replaceAll(PLACE, 'token'));
  throw new BridgeError('TOKEN_SOURCE_INVALID', {
    detail: 'token API (its address is no URL)',
    remedy: "Give a URL such as http://localhost:8080/tokens/%s, where '%s' stands for the token.",
  });
}

/** The credentials of RFC 7617 for 'user:password' as it stands in an address, with escapes. */
function basic(userinfo: string, label: string): string {
  const colon = userinfo.indexOf(':');
  const pair = colon === -1 ? `${userinfo}:` : userinfo;
  try {
    return `Basic ${Buffer.from(decodeURIComponent(pair)).toString('base64')}`;
  } catch (cause) {
    throw new BridgeError('TOKEN_SOURCE_INVALID', {
      detail: `${label} (a '%' in its user or password begins no escape)`,
      remedy: "Write %25 for each '%' that is one itself.",
      cause,
    });
  }
}

/** The system's word for what went wrong; fetch hides it in a cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? cause?.message ?? message;
}
