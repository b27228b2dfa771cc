// A resolver for bascule that asks an HTTP service where each connection leads.
//
// The service gets a POST with JSON:
//
//   { "path": "/vm/7", "query": "?a=b", "host": "bridge.example.com", "client": "192.0.2.1", "user": "ada",
//     "subprotocols": ["binary"], "cookies": { "session": "…" }, "headers": {} }
//
// and answers 200 with JSON such as
//
//   { "address": "tcp://10.0.0.7:5900", "subprotocol": "binary", "framing": "newline", "framingConfig": "crlf" }
//
// where all but the address may be missing; or with 403, 404 or 503, which the client then gets, too.
//
// Options: url is the address of the service. cookie and header are names of what to pass on, and may come several times:
// nothing else of what a client sends in either reaches the service.

export const apiVersion = 1;

/** An answer is shorter. */
const MOST_BYTES = 64 * 1024;
const REFUSALS = new Set([403, 404, 503]);

/**
 * Called once, before the bridge opens its ports.
 *
 * @param {import('bascule/plugin').PluginContext} context
 * @returns {import('bascule/plugin').PluginResolver}
 */
export function createResolver() {
  let url = null;
  const cookies = [];
  const headers = [];

  return {
    configure(option, value) {
      if (option === 'url') url = readUrl(value);
      else if (option === 'cookie') cookies.push(value);
      else if (option === 'header') headers.push(value.toLowerCase());
      else throw new Error('the options are url, cookie and header');
    },

    start() {
      if (!url) throw new Error('the option url is missing');
    },

    async resolve(handshake, identity, signal) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(question(handshake, identity, cookies, headers)),
        redirect: 'error',
        signal,
      });
      if (REFUSALS.has(response.status)) {
        await response.body?.cancel();
        return { refuse: response.status };
      }
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new Error(`the service answered ${response.status}`);
      }
      // The bridge looks closely at what is in it.
      return JSON.parse(await readText(response));
    },
  };
}

/** What the service is asked. */
function question(handshake, identity, cookies, headers) {
  const { path, query, host, client, subprotocols } = handshake;
  return {
    path,
    query: query.size > 0 ? `?${query}` : '',
    host,
    client: client.address,
    user: identity?.name ?? null,
    subprotocols,
    cookies: given(cookies, (name) => handshake.cookies.get(name)),
    headers: given(headers, (name) => handshake.headers[name]),
  };
}

/** The values that are there, by name. */
function given(names, valueOf) {
  return Object.fromEntries(names.map((name) => [name, valueOf(name)]).filter(([, value]) => value !== undefined));
}

/** The address of the service, if it is one. */
function readUrl(text) {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new Error('it is no address of HTTP');
  return text;
}

/** Reads an answer to its end, unless it has none. */
async function readText(response) {
  const chunks = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new Error(`the service answered with more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
