import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { native } from '../../src/cli/native.ts';
import { validate } from '../../src/config/schema.ts';
import type { PluginModule } from '../../src/plugin/api.ts';
import { loadPlugin } from '../../src/plugin/load.ts';
import { parsePeerLines } from '../../src/route/peer-lines.ts';
import { makeHandshake } from '../../src/testing/handshake.ts';
import { describeResolver } from '../../src/testing/resolver-suite.ts';
import { pluginFile } from '../support/plugin-file.ts';
import { blocks, read } from './documents.ts';

const guide = (name: string): string => `docs/guide/${name}`;

describe.each(['peer-files.md', 'resolver-plugins.md'])('%s', (name) => {
  test('shows configs that are right', () => {
    const configs = blocks(guide(name), 'yaml');
    expect(configs).toHaveLength(1);
    for (const config of configs) expect(validate(parse(config))).not.toHaveProperty('issues');
  });

  test('shows a command line that is understood', () => {
    const text = read(guide(name)).replaceAll(/\s+/g, ' ');
    const [, line = ''] = /`bascule (6080[^`]*)`/.exec(text) ?? [];
    expect(native.parse(line.replaceAll("'", '').split(' '), {})).toMatchObject({ command: 'run' });
  });
});

test('the lines of peer-files.md are right', () => {
  const lines = parsePeerLines(blocks(guide('peer-files.md'), '')[0] ?? '');
  expect(lines).toHaveLength(5);
  expect(lines.filter(({ peer }) => 'wrong' in peer)).toEqual([]);
});

describeResolver('the resolver of resolver-plugins.md', {
  test,
  async create() {
    const [module = ''] = blocks(guide('resolver-plugins.md'), 'js');
    const plugin: PluginModule = await loadPlugin(pluginFile(module));
    const resolver = await plugin.createResolver!({ source: null, log: { warn() {} } });
    await resolver.configure?.('peer', 'kitchen tcp://10.0.0.7:5900');
    return resolver;
  },
  found: [{ handshake: makeHandshake({ path: '/kitchen' }), address: 'tcp://10.0.0.7:5900', subprotocol: '*' }],
  refused: [makeHandshake({ path: '/garage' })],
  secrets: [],
});
