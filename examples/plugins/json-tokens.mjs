// A token source for bascule: tokens in a JSON file, or behind an HTTP address that answers with such JSON.
//
//   { "kitchen-3f9a": "10.0.0.7:5900", "office-77c1": { "host": "10.0.0.8", "port": 5900 } }
//
// The source that the operator names is the path of the file, or an http(s) address.

import { readFile } from 'node:fs/promises';

export const apiVersion = 1;

/** How long an answer is used before it is asked for again, in ms. */
const MAX_AGE = 1000;

/**
 * Called once, before the bridge opens its ports. What it throws keeps the bridge from starting.
 *
 * @param {import('bascule/plugin').PluginContext} context
 * @returns {Promise<import('bascule/plugin').PluginTokenSource>}
 */
export async function createTokenSource({ source, log }) {
  if (!source) throw new Error('the source is missing: give the path or the address of the JSON');

  let tokens = await read(source);
  let readAt = performance.now();

  return {
    async lookup(token, signal) {
      if (performance.now() - readAt > MAX_AGE) {
        try {
          tokens = await read(source, signal);
          readAt = performance.now();
        } catch (error) {
          // Nobody waits any more, or the tokens that were read before have to do. Never put a token into a message.
          signal.throwIfAborted();
          log.warn(`the tokens could not be read again: ${error.message}`);
        }
      }
      return tokens.get(token) ?? null;
    },
  };
}

/** Reads all tokens. A Map, because a token may be called '__proto__'. */
async function read(source, signal) {
  const text = /^https?:/.test(source) ? await get(source, signal) : await readFile(source, 'utf8');
  return new Map(Object.entries(JSON.parse(text)));
}

/** The text behind an HTTP address. */
async function get(url, signal) {
  const response = await fetch(url, { signal, redirect: 'error' });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.text();
}
