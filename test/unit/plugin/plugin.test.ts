import { describe, expect, it } from 'vitest';
import { Plugin } from '../../../src/plugin/plugin.ts';
import { pluginFile } from '../../support/plugin-file.ts';

function open(body: string, source: string | null = 'the source') {
  const warnings: string[] = [];
  const module = pluginFile(`export const apiVersion = 1;\n${body}`);
  const config = { kind: 'plugin', module, source } as const;
  return { plugin: new Plugin(config, 'createTokenSource', (message) => warnings.push(message)), warnings, module };
}

const counting = (dispose: string): string => `
  export const createTokenSource = () => ({ lookup: () => null, dispose() { ${dispose} } });`;

describe('a plugin', () => {
  it('is made once, with its source and a log', async () => {
    const { plugin, warnings, module } = open(`
      let made = 0;
      export async function createTokenSource({ source, log }) {
        log.warn('hello');
        made += 1;
        return { lookup: () => source + ' ' + made };
      }`);
    const [first, second] = await Promise.all([plugin.get(), plugin.get()]);
    expect(first).toBe(second);
    expect(await first.lookup('', new AbortController().signal)).toBe('the source 1');
    expect(warnings).toEqual([`plugin ${module}: hello`]);
  });

  it.each([
    ['has not that role', 'export const createAuthenticator = () => {};', /exports no function createTokenSource/],
    ['has something else of that name', 'export const createTokenSource = {};', /exports no function/],
    [
      'throws',
      "export const createTokenSource = () => { throw new Error('no luck'); };",
      /createTokenSource failed: no luck/,
    ],
    ['rejects', "export const createTokenSource = async () => { throw 'no luck'; };", /failed: no luck/],
    [
      'throws what has no text',
      'export const createTokenSource = () => { throw Object.create(null); };',
      /^plugin .*createTokenSource failed: something that has no text/,
    ],
    [
      'gives what throws',
      "export const createTokenSource = () => ({ get lookup() { throw new Error('no luck'); } });",
      /^plugin .*createTokenSource failed: no luck/,
    ],
    ['gives nothing', 'export const createTokenSource = () => {};', /gave nothing with a method lookup/],
    ['gives something else', 'export const createTokenSource = () => ({ find() {} });', /a method lookup/],
  ])('says what is wrong when it %s, every time', async (_what, body, message) => {
    const { plugin } = open(body);
    for (let i = 0; i < 2; i++) {
      const error: unknown = await plugin.get().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'PLUGIN_INVALID' });
      expect((error as Error).message).toMatch(message);
    }
  });

  it('is disposed once', async () => {
    const { plugin } = open(counting('globalThis.disposedPlugins = (globalThis.disposedPlugins ?? 0) + 1;'));
    await plugin.get();
    await plugin.dispose();
    await plugin.dispose();
    expect((globalThis as { disposedPlugins?: number }).disposedPlugins).toBe(1);
    await expect(plugin.get()).rejects.toMatchObject({ code: 'SHUTDOWN' });
  });

  it('needs no dispose, and none when it was never used', async () => {
    const { plugin, warnings } = open('export const createTokenSource = () => ({ lookup: () => null });');
    await plugin.dispose();
    await plugin.get();
    await plugin.dispose();
    expect(warnings).toEqual([]);
  });

  it.each([
    ['throws', "throw new Error('stuck');", /dispose failed: stuck/],
    ['hangs', 'return new Promise(() => {});', /took longer than 2 s/],
  ])('is given up with a warning when its dispose %s', async (_what, body, message) => {
    const { plugin, warnings } = open(counting(body));
    await plugin.get();
    await plugin.dispose();
    expect(warnings).toEqual([expect.stringMatching(message)]);
  });
});
