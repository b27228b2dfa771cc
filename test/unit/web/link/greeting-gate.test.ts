import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GreetingGate } from '../../../../src/web/link/greeting-gate.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A gate, and what came through it: the kind of the server and the first bytes. */
function gate(): { readonly one: GreetingGate; readonly through: string[]; readonly take: (text: string) => boolean } {
  const through: string[] = [];
  const one = new GreetingGate((kind, first) => through.push(`${kind}: ${Buffer.from(first).toString('latin1')}`));
  return { one, through, take: (text) => one.take(Buffer.from(text, 'latin1')) };
}

test.each([
  ['telnet', '\u00ff\u00fd\u0018'],
  ['telnet', '\u00ff\u00fb\u0001hello'],
  ['vnc', 'RFB 003.008\n'],
  ['ssh', 'SSH-2.0-x\r\n'],
  ['load', 'bascule-load 1 max=1\r\n'],
  ['demo', 'Hello, this is the demo target of Bascule.\r\n'],
])('knows %s by its first bytes, however they come', (kind, greeting) => {
  for (let cut = 1; cut < greeting.length; cut++) {
    const { take, through } = gate();
    const isEarly = take(greeting.slice(0, cut)) && through.length > 0;
    const isRest = !take(greeting.slice(cut));
    expect(isRest).toBe(isEarly);
    expect(through.join()).toBe(`${kind}: ${isEarly ? greeting.slice(0, cut) : greeting}`);
  }
  const { take, through } = gate();
  const rest = Array.from(greeting)
    .filter((byte) => !take(byte))
    .join('');
  expect(through.join() + rest).toBe(`${kind}: ${greeting}`);
});

test.each(['220 ready\r\n', 'Hello!', 'RFB x', 'SSH2', '\u00ff\u00d8', '\u00ff\u00ff'])(
  'lets %j go on at once, which cannot become a greeting',
  (text) => {
    const { take, through } = gate();
    expect(take(text)).toBe(true);
    expect(through).toEqual([`null: ${text}`]);
    expect(take('more')).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  },
);

test('waits a second for the rest, from the first byte on', () => {
  const { take, through } = gate();
  take('');
  vi.advanceTimersByTime(60_000);
  take('S');
  vi.advanceTimersByTime(600);
  take('A');
  expect(through).toEqual(['null: SA']);

  const slow = gate();
  slow.take('R');
  vi.advanceTimersByTime(600);
  slow.take('F');
  expect(slow.through).toEqual([]);
  vi.advanceTimersByTime(400);
  expect(slow.through).toEqual(['null: RF']);
  expect(slow.take('B 003.008\n')).toBe(false);
});

test('opened by hand it hands on what there is, once, and stops its clock', () => {
  const { one, take, through } = gate();
  take('\u00ff');
  one.open();
  one.open();
  expect(through).toEqual(['null: \u00ff']);
  expect(vi.getTimerCount()).toBe(0);
  const empty = gate();
  empty.one.open();
  expect(empty.through).toEqual([]);
});
