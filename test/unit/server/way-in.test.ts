import { describe, expect, test } from 'vitest';
import { Abort } from '../../../src/abort.ts';
import type { AuthConfig, ListenerConfig } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import { Framings } from '../../../src/framing/framings.ts';
import { EventHub } from '../../../src/observe/events.ts';
import { WayIn } from '../../../src/server/way-in.ts';
import { listenerConfig } from '../../integration/listen-config.ts';
import { routeTo } from '../../support/bridge-in-process.ts';
import { rejectionOf } from '../../support/rejection-of.ts';
import { gatedPlugin } from '../../support/gated-plugin.ts';
import { pluginFile } from '../../support/plugin-file.ts';
import { handshake } from './session-fixture.ts';

/** The way in of a listener whose clients are let in by a plugin. */
function wayIn(module: string, changes: Partial<ListenerConfig> = {}): WayIn {
  const auth: AuthConfig[] = [{ kind: 'plugin', module, source: null }];
  const config = listenerConfig({ auth, routes: [routeTo({ kind: 'echo' })], ...changes });
  return new WayIn(config, { events: new EventHub(), framings: new Framings(() => {}) });
}

describe('before everything is ready', () => {
  test('a look-up waits for it', async () => {
    const gate = gatedPlugin();
    const way = wayIn(gate.module);
    const started = way.start();
    const early = way.entrance;
    let isFound = false;
    const found = Promise.resolve(early.resolver.resolve(handshake(), null, new Abort())).then((peer) => {
      isFound = true;
      return peer;
    });
    await gate.arrived;
    expect(isFound).toBe(false);
    gate.open();
    await started;
    expect((await found).route).toBe('default');
    expect(await early.authenticator?.authenticate(handshake(), new Abort())).toEqual({ name: 'ada' });
    expect(way.entrance.resolver.resolve(handshake(), null, new Abort())).toMatchObject({ route: 'default' });
    await way.end();
  });

  test('nothing is looked up for a client that has gone meanwhile', async () => {
    const gate = gatedPlugin();
    const way = wayIn(gate.module);
    const started = way.start();
    const abort = new Abort();
    const found = Promise.resolve(way.entrance.resolver.resolve(handshake(), null, abort));
    const refused = rejectionOf(found);
    abort.abort(new BridgeError('CLIENT_GONE'));
    gate.open();
    await started;
    expect(await refused).toMatchObject({ code: 'CLIENT_GONE' });
    await way.end();
  });

  test('a client learns nothing of a start that fails', async () => {
    const way = wayIn(pluginFile('throw new Error("no luck");'));
    const started = rejectionOf(way.start());
    await expect(way.entrance.resolver.resolve(handshake(), null, new Abort())).rejects.toMatchObject({
      code: 'ROUTE_FAILED',
      detail: expect.stringContaining('no luck') as string,
    });
    expect(await started).toMatchObject({ code: 'PLUGIN_INVALID' });
  });
});

describe('a start that is halted', () => {
  test('goes no further than its running step', async () => {
    const gate = gatedPlugin();
    const way = wayIn(gate.module);
    const started = rejectionOf(way.start());
    const waiting = rejectionOf(Promise.resolve(way.entrance.resolver.resolve(handshake(), null, new Abort())));
    await gate.arrived;
    way.halt();
    gate.open();
    expect(await started).toMatchObject({ code: 'SHUTDOWN' });
    expect(await waiting).toMatchObject({ code: 'SHUTDOWN' });
    await way.end();
    expect(gate.disposals()).toBe(1);
  });

  test('does not begin', async () => {
    const gate = gatedPlugin();
    const way = wayIn(gate.module);
    way.halt();
    await expect(way.start()).rejects.toMatchObject({ code: 'SHUTDOWN' });
    await way.end();
    expect(gate.disposals()).toBe(0);
  });
});
