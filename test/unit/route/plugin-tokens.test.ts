import { describe, expect, it } from 'vitest';
import { BridgeError } from '../../../src/errors.ts';
import { PluginTokens } from '../../../src/route/plugin-tokens.ts';
import { atTestEnd } from '../../support/cleanup.ts';
import { pluginFile } from '../../support/plugin-file.ts';

function open(lookup: string): PluginTokens {
  const module = pluginFile(
    `export const apiVersion = 1; export const createTokenSource = () => ({ lookup: ${lookup} });`,
  );
  const tokens = new PluginTokens({ kind: 'plugin', module, source: null }, () => {});
  atTestEnd(() => tokens.dispose());
  return tokens;
}

const live = new AbortController().signal;

describe('a plugin with tokens', () => {
  it.each([
    ["() => 'vm:1'", 'vm:1'],
    ["async () => ({ host: 'vm', port: 1 })", { host: 'vm', port: 1 }],
    ['() => null', null],
    ['() => undefined', null],
  ])('answers %s', async (lookup, expected) => {
    expect(await open(lookup).lookup('t', live)).toEqual(expected);
  });

  it.each([
    ["() => { throw new Error('no luck'); }", /no luck/],
    ["async () => { throw 'no luck'; }", /no luck/],
    ['() => 5900', /it gave a number/],
    ['() => ({ port: 5900 })', /an object without host/],
    ["() => ['vm', 1]", /an object without host/],
  ])('fails this session only with %s', async (lookup, message) => {
    const error: unknown = await open(lookup)
      .lookup('t', live)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ROUTE_FAILED' });
    expect((error as Error).message).toMatch(message);
  });

  it('is left alone when it hangs', async () => {
    const abort = new AbortController();
    const found = open('() => new Promise(() => {})').lookup('t', abort.signal);
    const late = new BridgeError('ROUTE_TIMEOUT');
    setTimeout(() => abort.abort(late), 20);
    await expect(found).rejects.toBe(late);
  });

  it('keeps the bridge from starting when it cannot be made', async () => {
    const tokens = new PluginTokens({ kind: 'plugin', module: '/no/such/plugin.mjs', source: null }, () => {});
    await expect(tokens.start()).rejects.toMatchObject({ code: 'PLUGIN_NOT_FOUND' });
  });
});
