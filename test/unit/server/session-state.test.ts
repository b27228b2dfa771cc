import { describe, expect, it } from 'vitest';
import { STAGES, type Stage } from '../../../src/errors.ts';
import { checkTransition, isUpgraded } from '../../../src/server/session-state.ts';

/** Written out once more, so that a change of the machine has to be made twice. */
const LEGAL = new Set([
  'http>authenticate',
  'http>route',
  'http>closed',
  'authenticate>route',
  'authenticate>closed',
  'route>upgrade',
  'route>closed',
  'upgrade>dial',
  'upgrade>closed',
  'dial>relay',
  'dial>closing',
  'relay>closing',
  'closing>closed',
]);
const pairs = STAGES.flatMap((from) => STAGES.map((to): [Stage, Stage] => [from, to]));

describe('the session state machine', () => {
  it.each(pairs.filter(([from, to]) => LEGAL.has(`${from}>${to}`)))('goes from %s to %s', (from, to) => {
    expect(() => checkTransition(from, to)).not.toThrow();
  });

  it.each(pairs.filter(([from, to]) => !LEGAL.has(`${from}>${to}`)))('throws from %s to %s', (from, to) => {
    expect(() => checkTransition(from, to)).toThrow(`illegal transition from ${from} to ${to}`);
  });

  it('ends in closed from everywhere, and closed is the end', () => {
    const reach = (from: Stage, seen = new Set<Stage>()): Set<Stage> => {
      seen.add(from);
      for (const to of STAGES) if (LEGAL.has(`${from}>${to}`) && !seen.has(to)) reach(to, seen);
      return seen;
    };
    for (const from of ['http', 'authenticate', 'route', 'upgrade', 'dial', 'relay', 'closing'] as const) {
      expect(reach(from)).toContain('closed');
    }
    expect([...reach('closed')]).toEqual(['closed']);
  });

  it('is past the upgrade from dial to closing', () => {
    expect(STAGES.filter((stage) => isUpgraded(stage))).toEqual(['dial', 'relay', 'closing']);
  });
});
