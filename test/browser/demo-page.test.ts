import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/accessibility.ts';
import { keepScreenshot, launchBrowser, watchedPage, type WatchedPage } from '../support/browser.ts';
import { spawnBridge, type BridgeProcess } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { until } from '../support/wait.ts';
import { say, screenOf, stateOf, VIEWS } from './visitor.ts';

suite('the terminal of bascule demo in Chromium', { needs: ['chromium'] }, () => {
  let browser: Browser;
  let bridge: BridgeProcess;

  beforeAll(async () => {
    [browser, bridge] = await Promise.all([launchBrowser(), spawnBridge(['demo', '127.0.0.1:0'])]);
  });

  afterAll(async () => {
    await browser?.close();
    await bridge?.stop();
  });

  /** Goes from the start page to the terminal as a visitor does; it connects by itself. */
  async function visit(options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    atTestEnd(() => context.close());
    const watched = await watchedPage(context);
    await watched.page.goto(bridge.openUrl);
    await watched.page.click('.card-link >> nth=0');
    await until('it is connected', async () => (await stateOf(watched.page)) === 'open');
    return watched;
  }

  test('talks to the demo target: help, 500 lines, a clean end', async () => {
    const { page, complaints } = await visit();
    await say(page, 'help');
    await until('the help is on the screen', async () => /lines/.test(await screenOf(page)));
    await say(page, 'echo hällo wörld');
    await until('the echo is on the screen', async () => /^hällo wörld/m.test(await screenOf(page)));
    await say(page, 'lines 500');
    await until('line 500 is on the screen', async () => /\b500 of 500\b/.test(await screenOf(page)));
    await page.click('#toggle');
    await until('it is closed', async () => (await stateOf(page)) === 'closed');
    expect(complaints).toEqual([]);
  });

  test('shows why a session ended', async () => {
    const { page, complaints } = await visit({ colorScheme: 'dark' });
    await say(page, 'quit');
    await until('the end is shown', () => page.isVisible('#ending'));
    expect(await page.textContent('#ending')).toMatch(/^1000Normal end/);
    await keepScreenshot(page, 'terminal-ending');
    expect(complaints).toEqual([]);
  });

  test.each(VIEWS)('stands in $name, with nothing that axe-core finds wrong', async ({ name, ...options }) => {
    const { page, complaints } = await visit({ ...options, bypassCSP: true });
    await say(page, 'help');
    await until('the help is on the screen', async () => /lines \[N\]/.test(await screenOf(page)));
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await keepScreenshot(page, `terminal-${name}`);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test.each(VIEWS.filter(({ hasTouch }) => hasTouch))('has its settings behind a button in $name', async (view) => {
    const { page } = await visit({ ...view, bypassCSP: true });
    expect(await page.isVisible('#encoding')).toBe(false);
    await page.tap('#more');
    expect(await page.isVisible('#encoding')).toBe(true);
    await keepScreenshot(page, `terminal-${view.name}-more`);
    expect(await violations(page)).toEqual([]);
  });

  test('on a telephone, keys that it has not got are below the terminal', async () => {
    const phone = VIEWS.find(({ hasTouch }) => hasTouch)!;
    const { page } = await visit(phone);
    await page.tap('input[value="raw"]');
    expect(await page.isVisible('#line')).toBe(false);
    await page.tap('#terminal');
    await page.keyboard.type('clock\n');
    await until('the clock runs', async () => /^\d\d:\d\d:\d\d/m.test(await screenOf(page)));
    await keepScreenshot(page, 'terminal-phone-keys');
    await page.tap('[data-key="Interrupt"]');
    await until('the key has been sent', async () => (await page.textContent('#sent')) === '7 B');
  });
});
