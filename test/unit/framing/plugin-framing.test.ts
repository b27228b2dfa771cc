import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFraming } from '../../../src/framing/create-framing.ts';
import type { Framing } from '../../../src/framing/framing.ts';
import type { PluginFramer, PluginFraming, PluginUnframer } from '../../../src/plugin/api.ts';
import { OPCODE } from '../../../src/websocket/opcode.ts';

const PLUGIN = { name: 'plugin', config: null, plugin: { kind: 'plugin', module: 'mine', source: null } } as const;
const LIMIT = 100;

/** What plugins written in JavaScript may give, whatever the types say. */
type Anything = () => unknown;

interface Opened {
  readonly framing: Framing;
  readonly warnings: string[];
}

function open(made: PluginFraming): Opened {
  const warnings: string[] = [];
  const config = { framer: made.createFramer ? PLUGIN : null, unframer: made.createUnframer ? PLUGIN : null };
  const loaded = { label: 'plugin mine', made, warn: (message: string) => warnings.push(message) };
  return { framing: createFraming(config, { limit: LIMIT, target: 'stream' }, () => loaded)!, warnings };
}

const framer = (parts: { readonly push?: Anything; readonly end?: Anything; readonly dispose?: Anything }): Opened =>
  open({ createFramer: () => ({ push: () => [], ...parts }) as PluginFramer });
const unframer = (parts: { readonly push?: Anything; readonly dispose?: Anything }): Opened =>
  open({ createUnframer: () => ({ push: () => null, ...parts }) as PluginUnframer });

function thrownBy(step: () => unknown): unknown {
  try {
    return step();
  } catch (error) {
    return error;
  }
}

const rejects = (): Promise<never> => Promise.reject(new Error('no luck'));
const hostile = (): object => ({
  // eslint-disable-next-line unicorn/no-thenable -- plugins may do it
  then() {
    throw new Error('no luck');
  },
});
const throws = (): never => {
  throw new Error('no luck');
};
const blames = (): never => {
  throw Object.assign(new Error('no command'), { code: 'CLIENT' });
};
const pushError = (push: () => never): unknown =>
  thrownBy(() => unframer({ push }).framing.unframer.push(Buffer.from('x'), OPCODE.text, true));
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a plugin that gives a promise, which is rejected', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(() => {
    process.off('unhandledRejection', note);
  });

  const PROMISE = 'it gave a promise, and has to answer at once';

  it.each([
    ['push', rejects, PROMISE],
    ['push', hostile, PROMISE],
    ['push', () => [rejects(), rejects()], PROMISE],
    ['push', () => [{ type: 'text', data: rejects() }, { type: 'text', data: rejects() }, rejects()], PROMISE],
    ['end', rejects, PROMISE],
  ] as const)('fails in %s of a framer', async (method, answer, what) => {
    const { framing } = framer({ [method]: answer });
    expect(framing.framer[method](Buffer.from('x'))).toEqual([]);
    expect(framing.framer.error).toMatchObject({
      code: 'FRAMING_FAILED',
      detail: `plugin mine (${method}: ${what})`,
    });
    await turns();
    expect(unhandled).toEqual([]);
  });

  it('fails in push of an unframer', async () => {
    const { framing } = unframer({ push: rejects });
    const error = thrownBy(() => framing.unframer.push(Buffer.from('x'), OPCODE.text, true));
    expect(error).toMatchObject({ code: 'FRAMING_FAILED', detail: `plugin mine (push: ${PROMISE})` });
    await turns();
    expect(unhandled).toEqual([]);
  });

  it.each(['createFramer', 'createUnframer'] as const)('fails in %s', async (method) => {
    const error = thrownBy(() => open({ [method]: rejects }));
    expect(error).toMatchObject({ code: 'FRAMING_FAILED', detail: `plugin mine (${method}: ${PROMISE})` });
    await turns();
    expect(unhandled).toEqual([]);
  });

  it.each([
    ['framer', framer],
    ['unframer', unframer],
  ] as const)('at dispose of a %s is a warning', async (_what, make) => {
    const { framing, warnings } = make({ dispose: rejects });
    framing.dispose();
    framing.dispose();
    await turns();
    expect(warnings).toEqual(['plugin mine: dispose failed: no luck']);
    expect(unhandled).toEqual([]);
  });
});

describe('a plugin that throws', () => {
  it.each(['push', 'end'] as const)('fails in %s of a framer', (method) => {
    const { framing } = framer({ [method]: throws });
    expect(framing.framer[method](Buffer.from('x'))).toEqual([]);
    expect(framing.framer.error).toMatchObject({
      code: 'FRAMING_FAILED',
      detail: `plugin mine (${method}: no luck)`,
    });
    // It is not asked again.
    expect(framing.framer.end()).toEqual([]);
  });

  it('fails in push of an unframer, and may blame the client', () => {
    expect(pushError(throws)).toMatchObject({ code: 'FRAMING_FAILED', detail: 'plugin mine (push: no luck)' });
    expect(pushError(blames)).toMatchObject({
      code: 'FRAMING_MESSAGE',
      detail: 'plugin mine (no command)',
      row: { side: 'client', close: 1007 },
    });
    // Nobody blames a client for the stream of a target.
    const { framing } = framer({ push: blames });
    framing.framer.push(Buffer.from('x'));
    expect(framing.framer.error?.code).toBe('FRAMING_FAILED');
  });

  it('at dispose is a warning, and the other direction is disposed all the same', () => {
    let disposed = 0;
    const { framing, warnings } = open({
      createFramer: () => ({ push: () => [], dispose: throws }),
      createUnframer: () => ({
        push: () => null,
        dispose: () => {
          disposed++;
        },
      }),
    });
    framing.dispose();
    expect(warnings).toEqual(['plugin mine: dispose failed: no luck']);
    expect(disposed).toBe(1);
  });

  it('in one direction has the other one disposed', () => {
    let disposed = 0;
    const error = thrownBy(() =>
      open({
        createFramer: () => ({
          push: () => [],
          dispose: () => {
            disposed++;
          },
        }),
        createUnframer: throws,
      }),
    );
    expect(error).toMatchObject({ code: 'FRAMING_FAILED', detail: 'plugin mine (createUnframer: no luck)' });
    expect(disposed).toBe(1);
  });
});

describe('the memory of a plugin', () => {
  it('may be used again while its messages wait', () => {
    const output = Buffer.alloc(4);
    const { framing } = framer({
      push: () =>
        ['one.', 'two.'].map((text) => {
          output.write(text);
          return { type: 'binary', data: output.subarray() };
        }),
    });
    // Both messages are in the list before the first is looked at, so only what later calls do can be mended.
    const [, second] = framing.framer.push(Buffer.from('x'));
    framing.framer.push(Buffer.from('x'));
    output.fill(0);
    expect(second!.data.toString()).toBe('two.');
  });

  it('may be used again by an unframer', () => {
    const output = Buffer.alloc(3);
    const { framing } = unframer({
      push: () => {
        output[0]!++;
        return output;
      },
    });
    const got = [1, 2].map(() => framing.unframer.push(Buffer.from('x'), OPCODE.text, true));
    expect(got.map((bytes) => bytes[0])).toEqual([1, 2]);
  });

  it('is not copied where it is that of the chunk it was given', () => {
    const given: Buffer[] = [];
    const { framing } = open({
      createFramer: () => ({
        push(chunk) {
          given.push(chunk);
          return [{ type: 'binary', data: chunk.subarray(1) }];
        },
      }),
    });
    const chunk = Buffer.alloc(50, 'x');
    const [frame] = framing.framer.push(chunk);
    expect(frame!.data.buffer).toBe(given[0]!.buffer);
    expect(frame!.data.byteOffset).toBe(given[0]!.byteOffset + 1);
    // The bridge's own memory is used for the next read.
    chunk.fill(0);
    expect(frame!.data.toString()).toBe('x'.repeat(49));
  });
});
