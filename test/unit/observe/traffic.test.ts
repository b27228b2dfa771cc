import { expect, test } from 'vitest';
import { EventHub } from '../../../src/observe/events.ts';
import type { LogFields } from '../../../src/observe/logger.ts';
import { logTraffic } from '../../../src/observe/traffic.ts';
import { sessionView } from './session-view.ts';

interface Entry {
  readonly message: string;
  readonly fields: LogFields;
  readonly more: readonly string[];
}

function trafficOf(data: Uint8Array, from: 'client' | 'target' = 'client'): Entry {
  const events = new EventHub();
  const entries: Entry[] = [];
  const stop = logTraffic(events, {
    log: (_level, message, fields, more = []) => void entries.push({ message, fields, more }),
    enabled: () => true,
  });
  events.publish('session:data', { session: sessionView(), from, data });
  stop();
  events.publish('session:data', { session: sessionView(), from, data });
  expect(entries).toHaveLength(1);
  expect(events.has('session:data')).toBe(false);
  return entries[0]!;
}

test('a chunk is shown in hex and as text', () => {
  expect(trafficOf(Buffer.from('GET /\r\n\u001B[1m é'))).toEqual({
    message: '#3 client → target: 14 bytes',
    fields: { event: 'session:data', session: 3, from: 'client', bytes: 14, hex: '474554202f0d0a1b5b316d20c3a9' },
    more: ['0000  47 45 54 20 2f 0d 0a 1b 5b 31 6d 20 c3 a9        GET /...[1m ..'],
  });
});

test('the direction is shown', () => {
  expect(trafficOf(Buffer.from('x'), 'target')).toMatchObject({
    message: '#3 client ← target: 1 byte',
    fields: { from: 'target' },
  });
});

test('a large chunk is shown by its first bytes only', () => {
  const { more, fields } = trafficOf(new Uint8Array(1_000_000));
  expect(more).toHaveLength(5);
  expect(more[3]).toMatch(/^0030 {2}00 00/);
  expect(more[4]).toBe('… 999936 more');
  expect(fields['hex']).toHaveLength(128);
  expect(fields['bytes']).toBe(1_000_000);
});

test('a chunk of a multiple of the line is shown whole', () => {
  expect(trafficOf(new Uint8Array(64)).more).toHaveLength(4);
  expect(trafficOf(new Uint8Array(0)).more).toEqual([]);
});
