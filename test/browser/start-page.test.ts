import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/accessibility.ts';
import { keepScreenshot, launchBrowser, watchedPage, type WatchedPage } from '../support/browser.ts';
import { spawnBridge, startBridge, type BridgeProcess } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { suite } from '../support/packages.ts';
import { greeter, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { VIEWS } from './visitor.ts';

suite('the start page in Chromium', { needs: ['chromium'] }, () => {
  let browser: Browser;
  let demo: BridgeProcess;

  beforeAll(async () => {
    [browser, demo] = await Promise.all([launchBrowser(), spawnBridge(['demo', '127.0.0.1:0'])]);
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  /** Opens the start page of a bridge, with the query of a link. */
  async function visit(
    bridge: BridgeProcess,
    { query = '', ...options }: BrowserContextOptions & { query?: string } = {},
  ): Promise<WatchedPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    atTestEnd(() => context.close());
    const watched = await watchedPage(context);
    await watched.page.goto(bridge.openUrl + query);
    return watched;
  }

  test('checks the demo, and leads to its other paths and to the pages', async () => {
    const { page, complaints } = await visit(demo);
    await page.click('#try');
    await until('it has an answer', () => page.isVisible('#result'));
    expect(await page.textContent('#result')).toMatch(/^[\d.]+ msThe demo server answers/);
    expect(await page.locator('.card[data-fits]').innerText()).toMatch(/^Terminal/);
    await page.click('text=/load');
    await until('the load test answers', async () =>
      /load-test server/.test((await page.textContent('#result')) ?? ''),
    );
    expect(await page.locator('.card[data-fits]').innerText()).toMatch(/^Diagnostics/);
    for (const link of await page.locator('.card-link').all())
      expect(await link.getAttribute('href')).toContain('path=%2Fload');
    await page.click('text=Terminal >> nth=0');
    await until('the terminal has the path', async () => (await page.inputValue('#path')) === '/load');
    expect(complaints).toEqual([]);
  });

  test('no other site may show the pages in a frame, unless the bridge is told so', async () => {
    const root = tempDir();
    const site = await startBridge('echo:', '--web', root);
    const allowing = await startBridge(
      'echo:',
      '--web',
      'builtin',
      '--web-frame-ancestors',
      new URL(site.openUrl).origin,
    );
    const frames = [demo, allowing, site].map(({ openUrl }, index) => {
      return `<iframe name="${index}" src="${openUrl}${index === 2 ? 'own.html' : 'terminal.html'}"></iframe>`;
    });
    writeFileSync(join(root, 'own.html'), '<title>mine</title>');
    writeFileSync(join(root, 'index.html'), `<link rel="icon" href="data:,">${frames.join('')}`);
    const { page, complaints } = await visit(site);
    const title = async (name: string): Promise<unknown> => page.frame({ name })?.evaluate('document.title');
    await until('the allowed one is there', async () => /Terminal/.test(String(await title('1'))));
    expect(await title('2')).toBe('mine');
    await until('the other one is refused', () => page.frame({ name: '0' })?.url().startsWith('chrome-error:'));
    expect(complaints).toEqual([
      `request: ${demo.openUrl}terminal.html net::ERR_BLOCKED_BY_RESPONSE`,
      expect.stringMatching(/frame-ancestors 'self'/),
    ]);
  });

  test.each([
    ['a VNC server', 'RFB 003.008\n', /A VNC server answers/],
    ['the beginning of a greeting', 'RFB', /The server says: “RFB”/],
    ['a greeting, as text', '220 <b>mail</b>.example\r\n', /The server says: “220 <b>mail<\/b>\.example”/],
    ['no greeting', '', /says nothing until it is spoken to/],
  ])('tells of a target with %s', async (_name, greeting, told) => {
    const target = await TcpTarget.listen(greeter(greeting));
    const { page, complaints } = await visit(await startBridge(target.address, '--web', 'builtin'));
    expect(await checked(page)).toMatch(told);
    await until('the connection is over', () => target.sockets[0]?.destroyed === true);
    expect(complaints).toEqual([]);
  });

  test('tells why a target is not there', async () => {
    const { page, complaints } = await visit(await startBridge(`127.0.0.1:${await freePort()}`, '--web', 'builtin'));
    expect(await checked(page)).toMatch(/^1011Target or bridge failed.*refused/);
    expect(complaints).toEqual([]);
  });

  test('a path of a link stays a path in the example that a visitor copies', async () => {
    const { page, complaints } = await visit(demo, {
      permissions: ['clipboard-read', 'clipboard-write'],
      query: `?path=${encodeURIComponent("/');alert('1');('")}`,
    });
    await page.click('#copy');
    await until('the button tells', async () => (await page.textContent('#copy')) === 'Copied');
    const copied = await page.evaluate('navigator.clipboard.readText()');
    expect(copied).toContain(`await connect("${demo.openUrl.replace('http', 'ws')}');alert('1');('");\n`);
    expect(complaints).toEqual([]);
  });

  test('connects to nobody by itself', async () => {
    const target = await TcpTarget.listen(() => {});
    const { page } = await visit(await startBridge(target.address, '--web', 'builtin'));
    await page.waitForLoadState('networkidle');
    expect(target.sockets).toEqual([]);
  });

  test.each(VIEWS)('stands in $name, with nothing that axe-core finds wrong', async ({ name, ...options }) => {
    const { page, complaints } = await visit(demo, { ...options, bypassCSP: true });
    await page.click('#try');
    await until('it has an answer', () => page.isVisible('#result'));
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await keepScreenshot(page, `start-${name}`);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

/** Presses Check and gives what the page says. */
async function checked(page: Page): Promise<string> {
  await page.click('#try');
  await until('it has an answer', () => page.isVisible('#result'));
  return (await page.textContent('#result')) ?? '';
}
