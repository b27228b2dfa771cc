import { describe, expect, it } from 'vitest';
import type { FramerConfig, FramingConfig } from '../../../src/config/model.ts';
import { pluginFile } from '../../support/plugin-file.ts';
import { until } from '../../support/wait.ts';
import { play, type Scene } from './session-fixture.ts';

const named = (name: string, config: string | null = null): FramerConfig => ({ name, config });

/** A session whose resolver chooses a framing. */
function framed(framing: FramingConfig): Scene {
  return play({ resolve: async (peer) => ({ ...peer, framing }) });
}

const byPlugin = (text: string): FramingConfig => {
  const plugin = { kind: 'plugin', module: pluginFile(`export const apiVersion = 1;\n${text}`), source: null } as const;
  return { framer: { name: 'plugin', config: null, plugin }, unframer: null };
};

describe('a framing that is chosen for a session', () => {
  it('is used', async () => {
    const { target, seen, ran } = framed({ framer: named('newline'), unframer: null });
    await ran;
    target.write('one\ntw');
    target.write('o\n');
    await until('two messages', () => seen.frames.length === 2);
    expect(seen.frames.map(({ opcode, payload }) => `${opcode}${payload.toString()}`)).toEqual(['1one\n', '1two\n']);
  });

  it('is loaded when it is a plugin', async () => {
    const { target, seen, ran } = framed(
      byPlugin(
        "export const createFraming = () => ({ createFramer: () => ({ push: (chunk) => [{ type: 'text', data: `<${chunk}>` }] }) });",
      ),
    );
    await ran;
    target.write('one');
    await until('a message', () => seen.frames.length === 1);
    expect(seen.frames[0]!.payload.toString()).toBe('<one>');
  });

  it('refuses the session when its plugin cannot be loaded', async () => {
    const { refused, ran } = framed(byPlugin("export const createFraming = () => { throw new Error('no luck'); };"));
    await ran;
    expect(refused.map(({ error }) => error.code)).toEqual(['FRAMING_INVALID']);
    expect(refused[0]!.error.message).toContain('no luck');
    expect(refused[0]!.error.row.status).toBe(500);
  });

  it.each([
    ['there is none of that name', () => ({ framer: named('none'), unframer: null }), 'FRAMING_INVALID'],
    [
      'its plugin throws when it is to begin',
      () => byPlugin("export const createFraming = () => ({ createFramer() { throw new Error('no luck'); } });"),
      'FRAMING_FAILED',
    ],
    [
      'its plugin gives no framer',
      () => byPlugin('export const createFraming = () => ({ createFramer: () => null });'),
      'FRAMING_FAILED',
    ],
  ])('ends the session with 1011 when %s, and hangs up', async (_what, framing, code) => {
    const { ends, seen, client, targetSide, ran } = framed(framing());
    await ran;
    await until('a Close frame', () => seen.close !== null && seen.close !== undefined);
    expect(seen.close!.code).toBe(1011);
    client.end();
    await until('the end', () => ends.length === 1);
    expect(ends[0]).toMatchObject({ code: 1011, by: 'bridge', error: { code } });
    expect(targetSide.destroyed).toBe(true);
  });
});
