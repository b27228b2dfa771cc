import { describe, expect, it } from 'vitest';
import { Gate } from '../../../src/bridge/gate.ts';
import { sleep, until } from '../../support/wait.ts';

/** A gate and what it told its source. */
function gate(): { gate: Gate; said: string[] } {
  const said: string[] = [];
  const made = new Gate();
  made.bind({ pause: () => said.push('pause'), resume: () => said.push('resume') });
  return { gate: made, said };
}

describe('a gate', () => {
  it('leaves its side unread while the other is behind', () => {
    const { gate: side, said } = gate();
    side.wait();
    expect(side.shut).toBe(true);
    side.goOn();
    expect(side.shut).toBe(false);
    expect(said).toEqual(['pause', 'resume']);
  });

  it('stays shut until both reasons are gone, in either order', () => {
    const first = gate();
    first.gate.wait();
    first.gate.hold();
    first.gate.goOn();
    expect(first.said).not.toContain('resume');
    first.gate.release();
    expect(first.said.at(-1)).toBe('resume');

    const second = gate();
    second.gate.hold();
    second.gate.wait();
    second.gate.release();
    expect(second.said).not.toContain('resume');
    second.gate.goOn();
    expect(second.said.at(-1)).toBe('resume');
  });

  it('resumes nothing that it did not stop', () => {
    const { gate: side, said } = gate();
    side.goOn();
    side.release();
    expect(said).toEqual([]);
  });

  it('set free, it reads and lets nothing stop it any more', () => {
    const { gate: side, said } = gate();
    side.hold();
    side.wait();
    side.free();
    side.wait();
    side.hold();
    side.release();
    expect(side.shut).toBe(false);
    expect(said).toEqual(['pause', 'pause', 'resume']);
  });

  it('rests for a moment, unless another reason keeps it shut', async () => {
    const { gate: side, said } = gate();
    side.rest(1);
    side.rest(1);
    expect(side.shut).toBe(true);
    await until('it goes on', () => said.at(-1) === 'resume');
    expect(said).toEqual(['pause', 'resume']);
    side.rest(1);
    side.wait();
    await sleep(20);
    expect(said.at(-1)).toBe('pause');
    side.goOn();
    expect(said.at(-1)).toBe('resume');
  });

  it('does not go on before its rest is over', async () => {
    const { gate: side, said } = gate();
    side.wait();
    side.rest(50);
    side.goOn();
    expect(said).not.toContain('resume');
    side.free();
    expect(said.at(-1)).toBe('resume');
    await sleep(60);
    expect(said.filter((word) => word === 'resume')).toHaveLength(1);
  });
});
