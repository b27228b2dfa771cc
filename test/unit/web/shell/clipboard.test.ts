import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { copyWith } from '../../../../src/web/shell/clipboard.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What a button says, when a browser does with a copied text what `writeText` does. */
async function pressed(writeText: (text: string) => Promise<void>): Promise<string[]> {
  const field = { select: () => {}, remove: () => {} };
  vi.stubGlobal('navigator', { clipboard: { writeText } });
  vi.stubGlobal('HTMLElement', EventTarget);
  vi.stubGlobal('document', {
    activeElement: null,
    body: { append: () => {} },
    createElement: () => field,
    execCommand: () => false,
  });
  const button = { textContent: 'Copy' };
  await copyWith(button as HTMLElement, 'text');
  const said = [button.textContent];
  await vi.advanceTimersByTimeAsync(1500);
  return [...said, button.textContent];
}

test('a button says for a moment what came of a copy', async () => {
  const copied: string[] = [];
  expect(await pressed(async (text) => void copied.push(text))).toEqual(['Copied', 'Copy']);
  expect(copied).toEqual(['text']);
  expect(await pressed(() => Promise.reject(new Error('no')))).toEqual(['Not allowed', 'Copy']);
});
