import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/accessibility.ts';
import { type BridgeProcess, spawnBridge } from '../support/bridge-process.ts';
import { keepScreenshot, launchBrowser, watchedPage, type WatchedPage } from '../support/browser.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { until } from '../support/wait.ts';

/** How long echo and load are tested, in seconds: a minute in CI. */
const SECONDS = Number(process.env['BASCULE_LOAD_SECONDS'] ?? (process.env['CI'] === 'true' ? 60 : 5));
const DEADLINE = 60_000 + SECONDS * 3000;

type ToolName = 'latency' | 'throughput' | 'load' | 'echo';

suite('the diagnostics page in Chromium', { needs: ['chromium'] }, () => {
  let browser: Browser;
  let demo: BridgeProcess;

  beforeAll(async () => {
    [browser, demo] = await Promise.all([launchBrowser(), spawnBridge(['demo', '127.0.0.1:0'])]);
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.stop('SIGKILL');
  });

  /** Opens the page of a bridge: that of the demo unless another one is given. */
  async function visit(
    query = '',
    options: BrowserContextOptions = {},
    bridge: BridgeProcess = demo,
  ): Promise<WatchedPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    atTestEnd(() => context.close());
    const watched = await watchedPage(context);
    await watched.page.goto(`${bridge.openUrl}diagnostics.html${query}`);
    return watched;
  }

  test.each([
    ['load:', ''],
    ['echo:', '?path=/echo'],
  ])(
    'load and echo for some time: not one error with %s',
    async (kind, query) => {
      const { page, complaints } = await visit(query);
      await page.fill('#load-seconds', String(SECONDS));
      expect(await run(page, 'load')).toBe('No errors: every message arrived once, in order and undamaged.');
      expect(await text(page, '#finding-kind')).toBe(kind);
      expect([await text(page, '#load-errors-there'), await text(page, '#load-errors-here')]).toEqual(['0', '0']);
      const { load } = (await report(page)) as { load: LoadResult };
      expect(load).toMatchObject({ complete: true, errorsHere: 0, errorsThere: 0, errors: [], seconds: SECONDS });
      for (const { messages, bytes } of [load.sent, load.received]) {
        // A hundred in a second were asked for; a machine with much to do may not give all of them.
        expect(messages).toBeGreaterThan(SECONDS * 20);
        expect(messages).toBeLessThanOrEqual(SECONDS * 100 + 1);
        expect(bytes).toBeGreaterThan(messages * 2000);
      }
      expect(complaints).toEqual([]);
    },
    DEADLINE,
  );

  test('the load test goes as fast as it can, and stops when told, with everything checked', async () => {
    const { page, complaints } = await visit();
    await page.fill('#load-rate', '0');
    await page.fill('#load-least', '60000');
    await page.fill('#load-most', '60000');
    await page.click('#load-start');
    await holds(
      page,
      `Number(document.querySelector('#load-received-messages').textContent.replace(/\\D/g, '')) > 100`,
    );
    expect(await page.isDisabled('#latency-start')).toBe(true);
    for (const path of ['load', 'echo']) expect(await page.isDisabled(`[data-path="${path}"]`)).toBe(true);
    await page.click('#load-start');
    expect(await ended(page, 'load')).toMatch(/^No errors/);
    for (const path of ['load', 'echo']) expect(await page.isDisabled(`[data-path="${path}"]`)).toBe(false);
    expect(complaints).toEqual([]);
  });

  test('little waits in the browser when the way up is slow', { timeout: DEADLINE }, async () => {
    const { page, complaints } = await visit();
    await page.evaluate(`
      let sent = 0;
      let first = 0;
      globalThis.most = 0;
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (message) {
        first ||= performance.now();
        sent += message.length;
        globalThis.most = Math.max(globalThis.most, this.bufferedAmount);
        send.call(this, message);
      };
      // As if 100 kB went out in a second.
      Object.defineProperty(WebSocket.prototype, 'bufferedAmount', {
        get: () => Math.max(0, sent - (performance.now() - first) * 100),
      });
    `);
    await page.selectOption('#throughput-seconds', '2');
    expect(await run(page, 'throughput')).toBe('Every byte has arrived.');
    expect(await page.evaluate('most')).toBeGreaterThan(65_536);
    expect(await page.evaluate('most')).toBeLessThan(200_000);
    expect(complaints).toEqual([]);
  });

  test('a load test with sizes that do not fit does not start', async () => {
    const { page } = await visit();
    await page.fill('#load-most', '5');
    await page.click('#load-start');
    expect(await page.evaluate(`document.querySelector('#load-most').validationMessage`)).toContain('smaller');
    expect(await text(page, '#load-start')).toBe('Start');
  });

  test.each([
    ['load:', ''],
    ['echo:', '?path=/echo'],
  ])(
    'latency with %s is a histogram with its numbers',
    async (_kind, query) => {
      const { page, complaints } = await visit(query);
      await page.selectOption('#latency-count', '200');
      expect(await run(page, 'latency')).toMatch(/^200 round trips\./);
      const { latency } = (await report(page)) as { latency: LatencyResult };
      expect(latency.count).toBe(200);
      expect(latency.min).toBeLessThanOrEqual(latency.median);
      expect(latency.median).toBeLessThanOrEqual(latency.p99);
      expect(latency.p99).toBeLessThanOrEqual(latency.max);
      expect(latency.histogram.reduce((sum, { count }) => sum + count, 0)).toBe(200);
      expect(await page.locator('#latency-chart .bar').count()).toBeGreaterThan(2);
      expect(await page.locator('#latency-chart .mark').count()).toBe(3);
      expect(await page.getAttribute('#latency-chart', 'aria-label')).toMatch(
        /^Histogram of 200 round trips: the shortest/,
      );
      expect(await text(page, '#latency-median')).toMatch(/^[\d.]+ m?s$/);
      expect(complaints).toEqual([]);
    },
    DEADLINE,
  );

  test.each([
    ['load:', '', false],
    ['echo:', '?path=/echo', true],
  ])(
    'throughput with %s is drawn while it is measured',
    async (_kind, query, atOnce) => {
      const { page, complaints } = await visit(query);
      await page.selectOption('#throughput-seconds', '5');
      await page.click('#throughput-start');
      await holds(page, `document.querySelector('#throughput-chart .rate') !== null`);
      expect(await text(page, '#throughput-start')).toBe('Stop');
      await ended(page, 'throughput');
      const { throughput } = (await report(page)) as { throughput: ThroughputResult };
      expect(throughput.atOnce).toBe(atOnce);
      for (const way of [throughput.up, throughput.down]) {
        expect(way.bytes).toBeGreaterThan(1_000_000);
        expect(way.time).toBeGreaterThanOrEqual(4999);
        expect(way.bytesPerSecond).toBeCloseTo((way.bytes / way.time) * 1000, -2);
        expect(way.rates.length).toBeGreaterThan(4);
      }
      expect(await page.locator('#throughput-chart .rate').count()).toBe(2);
      expect(await page.getAttribute('#throughput-chart', 'aria-label')).toMatch(
        /^Chart of the throughput over time: up between/,
      );
      expect(await text(page, '#throughput-up')).toMatch(/B\/s$/);
      expect(complaints).toEqual([]);
    },
    DEADLINE,
  );

  test.each([
    ['load:', ''],
    ['echo:', '?path=/echo'],
  ])('echo with %s shows lines and how long they took; another tool takes its place', async (_kind, query) => {
    const { page, complaints } = await visit(query);
    for (const line of ['hello', 'Grüße  to you']) {
      await page.fill('#echo-text', line);
      await page.press('#echo-text', 'Enter');
    }
    await holds(page, `document.querySelectorAll('#echo-log [data-from="target"]').length === 2`);
    const lines = await page.evaluate<string[]>(
      `[...document.querySelectorAll('#echo-log > div')].map((item) => item.dataset.from + ': ' + item.firstElementChild.textContent)`,
    );
    expect(lines.toSorted()).toEqual(['target: Grüße  to you', 'target: hello', 'us: Grüße  to you', 'us: hello']);
    expect(await text(page, '#echo-log time')).toMatch(/ms$/);
    await page.selectOption('#latency-count', '200');
    await page.click('#latency-start');
    expect(await ended(page, 'latency')).toMatch(/^200 round trips/);
    expect(await text(page, '#echo-status')).toBe('Stopped.');
    expect(complaints).toEqual([]);
  });

  test('every tool can be stopped early and started again', { timeout: DEADLINE }, async () => {
    const { page, complaints } = await visit();
    await page.selectOption('#latency-count', '20000');
    await page.selectOption('#throughput-seconds', '60');
    for (const name of ['latency', 'throughput', 'load', 'echo'] as const) {
      for (let round = 0; round < 2; round++) {
        await page.click(`#${name}-start`);
        await holds(page, `document.body.dataset.state === 'open'`);
        await page.waitForTimeout(300);
        await page.click(`#${name}-start`);
        await ended(page, name);
      }
    }
    expect(complaints).toEqual([]);
  });

  test('the result is copied, and downloaded as a file', async () => {
    const { page } = await visit('', { permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true });
    expect(await page.isDisabled('#report-copy')).toBe(true);
    await page.selectOption('#latency-count', '200');
    await run(page, 'latency');
    await page.click('#report-copy');
    await holds(page, `document.querySelector('#report-status').textContent === 'Copied.'`);
    const shown = await page.inputValue('#report-text');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(shown);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#report-save')]);
    expect(download.suggestedFilename()).toMatch(/^bascule-diagnostics-[\dTZ-]+\.json$/);
    expect(readFileSync(await download.path(), 'utf8')).toBe(shown);
    expect(JSON.parse(shown)).toMatchObject({ target: 'load:', address: expect.stringMatching(/^ws:.*\/load$/) });
  });

  test('the result is copied over plain HTTP, too, where browsers keep their clipboard from pages', async () => {
    const { page } = await visit();
    // Chromium takes 127.0.0.1 for secure; a page from another machine would find this.
    await page.evaluate(`void Object.defineProperty(navigator, 'clipboard', { value: undefined })`);
    await page.selectOption('#latency-count', '200');
    await run(page, 'latency');
    expect(await text(page, '#report-status')).not.toBe('Copied.');
    await page.click('#report-copy');
    await holds(page, `document.querySelector('#report-status').textContent === 'Copied.'`);
  });

  test('a target that is neither is named, left alone when it speaks first, and offered what works', async () => {
    const heard: Buffer[] = [];
    const server = createServer((socket: Socket) => {
      socket.on('data', (chunk) => heard.push(chunk));
      socket.on('error', () => undefined);
      socket.write('220 mail.example.org ready\r\n');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    atTestEnd(() => server.close());
    const { port } = server.address() as AddressInfo;
    const bridge = await spawnBridge(['127.0.0.1:0', `127.0.0.1:${port}`, '--web', 'builtin']);
    atTestEnd(() => bridge.stop('SIGKILL'));
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, bypassCSP: true };
    const { page, complaints } = await visit('', phone, bridge);
    await page.click('#check');
    await holds(page, `document.querySelector('#finding-kind').textContent === 'other'`);
    expect(await text(page, '#finding-text')).toContain('“220 mail.example.org ready”');
    expect(await page.getAttribute('#recipe', 'open')).not.toBeNull();
    expect(await violations(page)).toEqual([]);
    await keepScreenshot(page, 'diagnostics-phone-other');
    await page.click('#latency-start');
    expect(await ended(page, 'latency')).toBe('This needs a load: or echo: target.');
    expect(heard).toEqual([]);
    await page.fill('#echo-text', 'NOOP');
    await page.press('#echo-text', 'Enter');
    await expect.poll(() => Buffer.concat(heard).toString()).toBe('NOOP\r\n');
    expect(complaints).toEqual([]);
  });

  test('a target that cannot be reached is told with code and reason, and one that goes away, too', async () => {
    const bridge = await spawnBridge(['wstest', '127.0.0.1:0']);
    atTestEnd(() => bridge.stop('SIGKILL'));
    const { page } = await visit('', {}, bridge);
    await page.click('#load-start');
    await holds(page, `document.querySelector('#load-sent-messages').textContent !== '–'`);
    await bridge.stop('SIGKILL');
    expect(await ended(page, 'load')).toBe('The connection ended before the measurement did.');
    expect(await text(page, '#ending')).toContain('1006');
    const { load } = (await report(page)) as { load: LoadResult };
    expect(load.complete).toBe(false);
    await page.click('#latency-start');
    expect(await ended(page, 'latency')).toBe('There was no connection.');
    expect(await text(page, '#ending')).toContain('No connection');
    await keepScreenshot(page, 'diagnostics-desktop-ended');
  });

  test.each([
    ['phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
    ['desktop', { viewport: { width: 1280, height: 800 } }],
  ] as const)(
    'looks right on a %s in both themes, and is open to everybody',
    async (device, options) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, complaints } = await visit('', { ...options, colorScheme, bypassCSP: true });
        expect(await violations(page)).toEqual([]);
        await page.selectOption('#latency-count', '1000');
        await page.selectOption('#throughput-seconds', '2');
        await page.fill('#load-seconds', '1');
        for (const name of ['latency', 'throughput', 'load'] as const) await run(page, name);
        await page.fill('#echo-text', 'hello');
        await page.press('#echo-text', 'Enter');
        await page.waitForSelector('#echo-log time');
        expect(await violations(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        await page.evaluate('scrollTo(0, 0)');
        await keepScreenshot(page, `diagnostics-${device}-${colorScheme}`);
        for (const [part, name] of [
          ['#latency', 'top'],
          ['#load', 'middle'],
          ['#echo', 'bottom'],
        ] as const) {
          if (device === 'desktop' && name === 'top') continue;
          await page.evaluate(`document.querySelector('${part}').scrollIntoView()`);
          await keepScreenshot(page, `diagnostics-${device}-${colorScheme}-${name}`);
        }
        expect(complaints).toEqual([]);
      }
    },
    DEADLINE,
  );

  test('works with the keyboard alone', async () => {
    const { page } = await visit();
    await page.focus('#path');
    await page.keyboard.press('Enter');
    await holds(page, `document.querySelector('#finding-kind').textContent === 'load:'`);
    const reached: string[] = [];
    for (let step = 0; step < 25; step++) {
      await page.keyboard.press('Tab');
      const id = await page.evaluate<string>('document.activeElement.id');
      reached.push(id);
      if (id === 'latency-start') break;
    }
    await page.keyboard.press('Space');
    expect(reached).toContain('latency-start');
    await holds(page, `document.querySelector('#latency-start').textContent === 'Stop'`);
    await page.keyboard.press('Space');
    await ended(page, 'latency');
  });
});

interface LoadResult {
  readonly sent: { readonly messages: number; readonly bytes: number };
  readonly received: { readonly messages: number; readonly bytes: number };
  readonly complete: boolean;
}

interface LatencyResult {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  readonly histogram: readonly { readonly count: number }[];
}

interface WayResult {
  readonly bytes: number;
  readonly time: number;
  readonly bytesPerSecond: number;
  readonly rates: readonly number[];
}

interface ThroughputResult {
  readonly atOnce: boolean;
  readonly up: WayResult;
  readonly down: WayResult;
}

async function text(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).first().textContent()) ?? '';
}

/** The result as the page shows it. */
async function report(page: Page): Promise<unknown> {
  return JSON.parse(await page.inputValue('#report-text'));
}

/** Starts a tool and waits until it has ended; gives what it says then. */
async function run(page: Page, tool: ToolName): Promise<string> {
  await page.click(`#${tool}-start`);
  return ended(page, tool);
}

/** Waits until a tool has ended by itself or was stopped; gives what it says then. */
async function ended(page: Page, tool: ToolName): Promise<string> {
  const done = `document.querySelector('#${tool}-start').textContent === 'Start' && document.querySelector('#${tool}-status').textContent !== ''`;
  await holds(page, done, DEADLINE);
  return text(page, `#${tool}-status`);
}

/** Waits until an expression is true in the page. The policy of the page forbids the browser's own way to wait for one. */
async function holds(page: Page, expression: string, deadline = 20_000): Promise<void> {
  await until(expression, () => page.evaluate<boolean>(expression), deadline);
}
