import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { loadPlugin } from '../../../src/plugin/load.ts';
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

  it('finds a package there that is for import alone', async () => {
    const directory = tempDir();
    const place = 'node_modules/bascule-plugin-y';
    pluginFile(GOOD, `${place}/index.mjs`, directory);
    pluginFile(GOOD.replace('TokenSource', 'Authenticator'), `${place}/second.mjs`, directory);
    const exports = { '.': { import: './index.mjs' }, './second': { import: './second.mjs' } };
    pluginFile(JSON.stringify({ name: 'bascule-plugin-y', exports }), `${place}/package.json`, directory);
    expect(typeof (await loadPlugin('bascule-plugin-y', directory)).createTokenSource).toBe('function');
    expect(typeof (await loadPlugin('bascule-plugin-y/second', directory)).createAuthenticator).toBe('function');
    const error = await failure('bascule-plugin-y/third', directory);
    expect(error).toMatchObject({ code: 'PLUGIN_INVALID' });
    expect(error.message).toMatch(/cannot be loaded: .*\.\/third/);
  });

  it('finds a file of a package there', async () => {
    const directory = tempDir();
    pluginFile(GOOD, 'node_modules/bascule-plugins-z/tokens.mjs', directory);
    pluginFile(GOOD, 'node_modules/@acme/plugins/tokens.mjs', directory);
    expect((await loadPlugin('bascule-plugins-z/tokens.mjs', directory)).apiVersion).toBe(1);
    expect((await loadPlugin('@acme/plugins/tokens.mjs', directory)).apiVersion).toBe(1);
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
    ['bascule-plugin-missing/tokens', 'npm install bascule-plugin-missing,'],
    ['@acme/missing/tokens', 'npm install @acme/missing,'],
  ])('says so of %s, too', async (module, remedy) => {
    const error = await failure(module, tempDir());
    expect(error).toMatchObject({ code: 'PLUGIN_NOT_FOUND', detail: `plugin ${module}` });
    expect((error as Error & { remedy: string }).remedy).toContain(remedy);
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
});

/** What becomes of a plugin in a process of its own: the version, or the code of the error. */
function loadAlone(module: string, directory: string): string {
  const program = join(tempDir(), 'load.mjs');
  buildSync({
    entryPoints: [resolve(import.meta.dirname, '../../../src/plugin/load.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  const text = `
    import { loadPlugin } from ${JSON.stringify(program)};
    const [module, directory] = process.argv.slice(1);
    console.log(await loadPlugin(module, directory).then((loaded) => loaded.apiVersion, (error) => error.code));`;
  const args = ['--no-warnings', '--input-type=module', '-e', text, module, directory];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
}

describe('loading a plugin without what vitest puts in between', () => {
  it.each([
    ['a package', 'pack', 'pack/index.js', '1'],
    ['a file of a package', 'pack/tokens.js', 'pack/tokens.js', '1'],
    ['a file of a package in a scope', '@acme/pack/tokens.js', '@acme/pack/tokens.js', '1'],
    ['what import alone finds', 'modern', 'modern/main.js', '1'],
    ['no package', 'gone', 'pack/index.js', 'PLUGIN_NOT_FOUND'],
    ['no package with such a file', 'gone/tokens', 'pack/index.js', 'PLUGIN_NOT_FOUND'],
    ['no such package in a scope', '@acme/gone/tokens', '@acme/pack/index.js', 'PLUGIN_NOT_FOUND'],
  ])('finds %s', (_what, module, file, result) => {
    const directory = tempDir();
    pluginFile(GOOD, `node_modules/${file}`, directory);
    const folder = file.slice(0, file.lastIndexOf('/'));
    const exports = folder === 'modern' ? { exports: { import: './main.js' } } : {};
    pluginFile(JSON.stringify({ type: 'module', ...exports }), `node_modules/${folder}/package.json`, directory);
    expect(loadAlone(module, directory)).toBe(result);
  });
});
