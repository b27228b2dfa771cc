import type { BrowserContextOptions, Page } from 'playwright-core';

/** The two widths and the two themes that every page is looked at in. */
export const VIEWS: readonly (BrowserContextOptions & { readonly name: string })[] = (
  ['light', 'dark'] as const
).flatMap((colorScheme) => [
  { name: `desktop-${colorScheme}`, viewport: { width: 1280, height: 800 }, colorScheme },
  { name: `phone-${colorScheme}`, viewport: { width: 390, height: 844 }, colorScheme, hasTouch: true, isMobile: true },
]);

/** The state of the connection as a page shows it: idle, connecting, open, closed, failed; null before it is there. */
export function stateOf(page: Page): Promise<string | null> {
  return page.evaluate(`document.body?.dataset.state ?? null`);
}

/** What stands on the terminal, a line each. */
export function screenOf(page: Page): Promise<string> {
  return page.evaluate(
    `[...document.querySelectorAll('#terminal .xterm-rows > div')].map((row) => row.textContent.trimEnd()).join('\\n')`,
  );
}

/** Sends a line as a visitor does: with a keyboard in the terminal, on a telephone in the field below it. */
export async function say(page: Page, line: string): Promise<void> {
  if (await page.isVisible('#line')) {
    await page.fill('#line', line);
    await page.press('#line', 'Enter');
    return;
  }
  await page.click('#terminal');
  await page.keyboard.type(`${line}\n`);
}
