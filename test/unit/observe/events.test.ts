import { describe, expect, it } from 'vitest';
import { EventHub, type BridgeEvents } from '../../../src/observe/events.ts';

const closed = { listener: 'front' };

describe('the event hub', () => {
  it('calls every subscriber of an event in the order of subscription, and nobody else', () => {
    const hub = new EventHub();
    const calls: string[] = [];
    hub.on('listener:close', ({ listener }) => calls.push(`first ${listener}`));
    hub.on('listener:close', ({ listener }) => calls.push(`second ${listener}`));
    hub.on('warning', () => calls.push('warning'));
    hub.publish('listener:close', closed);
    expect(calls).toEqual(['first front', 'second front']);
  });

  it('does nothing without a subscriber', () => {
    const hub = new EventHub();
    expect(hub.has('listener:close')).toBe(false);
    expect(() => hub.publish('listener:close', closed)).not.toThrow();
  });

  it('knows whether anybody subscribes', () => {
    const hub = new EventHub();
    const offs = [hub.on('warning', () => {}), hub.on('warning', () => {})];
    expect(hub.has('warning')).toBe(true);
    offs[0]!();
    expect(hub.has('warning')).toBe(true);
    offs[1]!();
    expect(hub.has('warning')).toBe(false);
  });

  it('lets a subscriber unsubscribe twice without harm to those who came later', () => {
    const hub = new EventHub();
    let calls = 0;
    const off = hub.on('listener:close', () => {});
    off();
    hub.on('listener:close', () => calls++);
    off();
    hub.publish('listener:close', closed);
    expect(calls).toBe(1);
    expect(hub.has('listener:close')).toBe(true);
  });

  it('lets a subscriber unsubscribe while an event is published', () => {
    const hub = new EventHub();
    const calls: string[] = [];
    const off = hub.on('listener:close', () => {
      calls.push('once');
      off();
    });
    hub.on('listener:close', () => calls.push('always'));
    hub.publish('listener:close', closed);
    hub.publish('listener:close', closed);
    expect(calls).toEqual(['once', 'always', 'always']);
  });

  it('reports a subscriber that throws on "warning" and goes on with the others', () => {
    const hub = new EventHub();
    const warnings: BridgeEvents['warning'][] = [];
    let calls = 0;
    hub.on('listener:close', () => {
      throw new Error('no disk');
    });
    hub.on('listener:close', () => calls++);
    hub.on('warning', (warning) => warnings.push(warning));
    hub.publish('listener:close', closed);
    expect(calls).toBe(1);
    expect(warnings).toEqual([{ message: 'a subscriber of listener:close failed: Error: no disk' }]);
  });

  it('does not go round in circles when a subscriber of "warning" throws', () => {
    const hub = new EventHub();
    let calls = 0;
    hub.on('warning', () => {
      calls++;
      throw new Error('again');
    });
    hub.publish('warning', { message: 'something' });
    expect(calls).toBe(1);
  });
});
