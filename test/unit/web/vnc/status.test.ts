import { expect, test } from 'vitest';
import { hintOf, statusOf } from '../../../../src/web/vnc/status.ts';
import type { VncState } from '../../../../src/web/vnc/session-state.ts';

test.each([
  [{ name: 'idle' }, 'idle', 'Not connected'],
  [{ name: 'connecting' }, 'connecting', 'Connecting …'],
  [{ name: 'greeting' }, 'connecting', 'Connecting …'],
  [{ name: 'login', kinds: [], refusal: null }, 'connecting', 'Login'],
  [{ name: 'authenticating' }, 'connecting', 'Logging in …'],
  [{ name: 'connected', desktop: 'desk' }, 'open', 'Connected to desk'],
  [{ name: 'connected', desktop: '' }, 'open', 'Connected'],
  [{ name: 'closing' }, 'closing', 'Disconnecting …'],
  [{ name: 'waiting', end: { by: 'user' }, attempt: 1, at: 0 }, 'connecting', 'Connection lost'],
  [{ name: 'ended', end: { by: 'user' } }, 'closed', 'Disconnected'],
  [{ name: 'ended', end: { by: 'login', reason: '' } }, 'failed', 'Failed'],
] as const satisfies readonly (readonly [VncState, string, string])[])('%j', (state, lamp, text) => {
  expect(statusOf(state)).toEqual({ lamp, text });
});

test('the hint tells where keys go, and how to get away', () => {
  const state = { name: 'connected', desktop: '' } as const;
  const looks = { viewOnly: false, focused: true, touch: false };
  expect(hintOf(state, looks)).toMatch(/Shift-Esc leaves/);
  expect(hintOf(state, { ...looks, focused: false })).toMatch(/^Click/);
  expect(hintOf(state, { ...looks, touch: true })).toMatch(/fingers/);
  expect(hintOf(state, { ...looks, viewOnly: true })).toMatch(/stay here/);
  expect(hintOf({ name: 'idle' }, looks)).toBe('');
});
