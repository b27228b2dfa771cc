import { describe, expect, it } from 'vitest';
import { Abort } from '../../../src/abort.ts';
import { PluginAuthentication } from '../../../src/auth/plugin-authentication.ts';
import { BridgeError } from '../../../src/errors.ts';
import { makeHandshake } from '../../../src/testing/handshake.ts';
import { atTestEnd } from '../../support/cleanup.ts';
import { pluginFile } from '../../support/plugin-file.ts';

function open(authenticate: string): PluginAuthentication {
  const module = pluginFile(
    `export const apiVersion = 1; export const createAuthenticator = () => ({ authenticate: ${authenticate} });`,
  );
  const plugin = new PluginAuthentication({ kind: 'plugin', module, source: null }, () => {});
  atTestEnd(() => plugin.dispose());
  return plugin;
}

const ask = (authenticate: string, abort = new Abort()): Promise<unknown> =>
  open(authenticate)
    .authenticate(makeHandshake({ headers: { 'x-user': 'ada' } }), abort)
    .catch((error: unknown) => error);

describe('a plugin that authenticates', () => {
  it('tells who it is by what it sees of the handshake', async () => {
    expect(await ask("({ headers }) => ({ name: headers['x-user'], role: 'admin' })")).toEqual({ name: 'ada' });
    expect(await ask("async () => ({ name: '' })")).toEqual({ name: '' });
  });

  it('refuses', async () => {
    expect(await ask('() => null')).toMatchObject({ code: 'AUTH_DENIED' });
  });

  it('asks for credentials', async () => {
    const error = await ask('() => ({ challenge: \'Bearer realm="x"\' })');
    expect(error).toMatchObject({ code: 'AUTH_REQUIRED', challenge: 'Bearer realm="x"' });
  });

  it.each([
    "() => { throw new Error('no luck'); }",
    'async () => { throw null; }',
    '() => undefined',
    '() => true',
    "() => 'ada'",
    '() => ({})',
    '() => ({ name: 7 })',
    "() => ({ name: 'ada', challenge: 'Basic' })",
    "() => ({ challenge: 'Basic\\r\\nSet-Cookie: a=b' })",
    "() => ({ challenge: '' })",
  ])('lets nobody in by %s', async (authenticate) => {
    expect(await ask(authenticate)).toMatchObject({ code: 'AUTH_FAILED' });
  });

  it('is given a signal', async () => {
    const abort = new Abort();
    const isSignal = '(_handshake, signal) => ({ name: String(signal instanceof AbortSignal && !signal.aborted) })';
    expect(await ask(isSignal, abort)).toEqual({ name: 'true' });
    abort.abort(new Error('gone'));
    expect(await ask(isSignal, abort)).toMatchObject({ message: 'gone' });
  });

  it('is left alone when it hangs', async () => {
    const abort = new Abort();
    const late = new BridgeError('AUTH_TIMEOUT');
    setTimeout(() => abort.abort(late), 20);
    expect(await ask('() => new Promise(() => {})', abort)).toBe(late);
  });
});
