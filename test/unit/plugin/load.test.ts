import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPlugin, messageOf } from '../../../src/plugin/load.ts';
import { pluginFile } from '../../support/plugin-file.ts';
import { tempDir } from '../../support/temp-dir.ts';

const GOOD = 'export const apiVersion = 1; export const createTokenSource = () => ({ lookup: () => null });';

async function failure(module: string, directory?: string, timeout?: number): Promise<Error> {
  const error: unknown = await loadPlugin(module, directory, timeout).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).not.toContain('\n');
  return error as Error;
}

describe('loading a plugin', () => {
  it('takes an absolute path, also an odd one', async () => {
    expect(typeof (await loadPlugin(pluginFile(GOOD))).createTokenSource).toBe('function');
    expect((await loadPlugin(pluginFile(GOOD, 'a b.mjs'))).apiVersion).toBe(1);
  });

  it('takes a module in the old format', async () => {
    const path = pluginFile(
      'module.exports = Object.assign({}, { apiVersion: 1, createTokenSource() {} });',
      'plugin.cjs',
    );
    expect(typeof (await loadPlugin(path)).createTokenSource).toBe('function');
  });

  it('finds a package where the bridge was started', async () => {
    const directory = tempDir();
    pluginFile(GOOD, 'node_modules/bascule-plugin-x/index.js', directory);
    const description = { name: 'bascule-plugin-x', type: 'module', main: 'index.js' };
    writeFileSync(join(directory, 'node_modules/bascule-plugin-x/package.json'), JSON.stringify(description));
    expect((await loadPlugin('bascule-plugin-x', directory)).apiVersion).toBe(1);
  });

  it('says that a file is missing', async () => {
    const path = join(tempDir(), 'none.mjs');
    const error = await failure(path);
    expect(error).toMatchObject({ code: 'PLUGIN_NOT_FOUND', detail: `plugin ${path}`, remedy: 'Check its path.' });
  });

  it('says which package to install', async () => {
    const error = await failure('bascule-plugin-missing', tempDir());
    expect(error).toMatchObject({ code: 'PLUGIN_NOT_FOUND' });
    expect((error as Error & { remedy: string }).remedy).toContain('npm install bascule-plugin-missing');
  });

  it.each([
    ['fails', "throw new Error('no luck\\nat all');", /no luck/],
    ['cannot be read', 'export const apiVersion = ;', /cannot be loaded/],
    ['imports what is missing', "import './gone.mjs';", /gone\.mjs/],
    ['has no version', 'export const createTokenSource = () => {};', /exports no apiVersion/],
    ['has another version', 'export const apiVersion = 2;', /version 2 of the plugin API, and this is version 1/],
    ['throws nothing at all', 'throw null;', /cannot be loaded: null/],
    [
      'has a version that no text can show',
      'export const apiVersion = Object.create(null);',
      /version something that has no text of/,
    ],
    ['has a version as text', "export const apiVersion = '1';", /version "1" of/],
    ['is a CommonJS module without a version', 'export default { createTokenSource() {} };', /exports no apiVersion/],
  ])('says what is wrong when it %s', async (_what, text, message) => {
    const error = await failure(pluginFile(text));
    expect(error).toMatchObject({ code: 'PLUGIN_INVALID' });
    expect(error.message).toMatch(message);
  });

  it('waits for a plugin no longer than it may', async () => {
    const error = await failure(pluginFile('await new Promise(() => {});'), undefined, 100);
    expect(error).toMatchObject({ code: 'PLUGIN_INVALID' });
    expect(error.message).toContain('did not load within 0.1 s');
  });

  it('puts what was thrown into one line', () => {
    expect(messageOf(new Error('one\ntwo'))).toBe('one');
    expect(messageOf(new TypeError())).toBe('TypeError');
    expect(messageOf('text')).toBe('text');
    expect(messageOf(undefined)).toBe('undefined');
    expect(messageOf(Symbol('s'))).toBe('Symbol(s)');
  });

  it.each([
    ['an object without a text', () => Object.create(null) as unknown],
    ['an error whose message is none', () => Object.assign(new Error(), { message: Object.create(null) as string })],
    [
      'an error whose message throws',
      () =>
        Object.defineProperty(new Error(), 'message', {
          get() {
            throw new Error('again');
          },
        }),
    ],
  ])('never throws itself: %s', (_what, thrown) => {
    expect(messageOf(thrown())).toBe('something that has no text');
    expect(messageOf(Object.assign(new Error(), { message: 7 }))).toBe('7');
  });
});
