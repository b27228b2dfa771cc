import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepScreenshot, launchBrowser, watchedPage, type WatchedPage } from '../support/browser.ts';
import { spawnBridge, type BridgeProcess } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { until } from '../support/wait.ts';

suite('the page of bascule demo in Chromium', { needs: ['chromium'] }, () => {
  let browser: Browser;
  let bridge: BridgeProcess;

  beforeAll(async () => {
    [browser, bridge] = await Promise.all([launchBrowser(), spawnBridge(['demo', '127.0.0.1:0'])]);
  });

  afterAll(async () => {
    await browser?.close();
    await bridge?.stop();
  });

  /** Opens the page as a visitor does; it connects by itself. */
  async function visit(options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, ...options });
    atTestEnd(() => context.close());
    const watched = await watchedPage(context);
    await watched.page.goto(bridge.openUrl);
    await until('it is connected', async () => (await state(watched.page)) === 'open');
    return watched;
  }

  test('talks to the demo target: help, 500 lines, a clean end', async () => {
    const { page, complaints } = await visit();
    await say(page, 'help');
    await until('the help is on the screen', async () => /lines/.test(await screen(page)));
    await keepScreenshot(page, 'demo-help');
    await say(page, 'echo hällo wörld');
    await until('the echo is on the screen', async () => /^hällo wörld/m.test(await screen(page)));
    await say(page, 'lines 500');
    await until('line 500 is on the screen', async () => /\b500\b/.test(await screen(page)));
    await keepScreenshot(page, 'demo-lines');
    await page.click('#toggle');
    await until('it is closed', async () => (await state(page)) === 'closed');
    expect(complaints).toEqual([]);
  });

  test('shows why a session ended', async () => {
    const { page, complaints } = await visit({ colorScheme: 'dark' });
    await say(page, 'stop');
    await say(page, 'quit');
    await until('the end is shown', () => page.isVisible('#ending'));
    expect(await page.textContent('#ending-code')).toContain('1000');
    await keepScreenshot(page, 'demo-ending-dark');
    expect(complaints).toEqual([]);
  });

  test('fits a telephone', async () => {
    const { page, complaints } = await visit({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
    await say(page, 'help');
    await until('the help is on the screen', async () => /lines/.test(await screen(page)));
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await keepScreenshot(page, 'demo-telephone');
    expect(complaints).toEqual([]);
  });
});

/** The state of the connection as the page shows it: idle, connecting, open, closed; null before the page is there. */
function state(page: Page): Promise<string | null> {
  return page.evaluate(`document.body?.dataset.state ?? null`);
}

/** What stands on the terminal. */
function screen(page: Page): Promise<string> {
  return page.evaluate(`document.querySelector('#terminal')?.innerText ?? ''`);
}

/** Sends a line as a visitor does: with a keyboard in the terminal, on a telephone in the field below it. */
async function say(page: Page, line: string): Promise<void> {
  if (await page.isVisible('#line')) {
    await page.fill('#line', line);
    await page.press('#line', 'Enter');
    return;
  }
  await page.click('#terminal');
  await page.keyboard.type(`${line}\n`);
}
