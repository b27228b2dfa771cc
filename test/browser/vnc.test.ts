import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepScreenshot, launchBrowser, watchedPage } from '../support/browser.ts';
import { startBridge, type BridgeProcess } from '../support/bridge-process.ts';
import { makeCertificate } from '../support/certificates.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { tempDir } from '../support/temp-dir.ts';
import { SCREEN, VncServer } from '../support/vnc.ts';
import { until } from '../support/wait.ts';

const NOVNC = fileURLToPath(new URL('../../node_modules/@novnc/novnc/', import.meta.url));
const PAGE = fileURLToPath(new URL('novnc/', import.meta.url));

suite(
  'noVNC in Chromium against TigerVNC',
  { needs: ['chromium', 'Xtigervnc', 'xterm', 'xsetroot', 'openssl'] },
  () => {
    let browser: Browser;
    let vnc: VncServer;

    beforeAll(async () => {
      [browser, vnc] = await Promise.all([launchBrowser(), VncServer.start()]);
    });

    afterAll(async () => {
      await browser?.close();
      await vnc?.stop();
    });

    test('shows the screen and takes keys, in plain text', async () => {
      const bridge = await startBridge(`127.0.0.1:${vnc.port}`, '--web', webRoot());
      expect(await complaintsOfUse(bridge, 'vnc-plain', 'plain text')).toEqual([]);
    });

    test('shows the screen and takes keys, over TLS', async () => {
      const { certFile, keyFile } = makeCertificate();
      const tls = ['--cert', certFile, '--key', keyFile];
      const bridge = await startBridge(`127.0.0.1:${vnc.port}`, '--web', webRoot(), ...tls);
      expect(bridge.openUrl).toMatch(/^https:/);
      expect(await complaintsOfUse(bridge, 'vnc-tls', 'over TLS')).toEqual([]);
    });

    /** Looks at every colour on the screen, types a line, keeps a picture, leaves; tells what the page complained of. */
    async function complaintsOfUse(bridge: BridgeProcess, name: string, line: string): Promise<readonly string[]> {
      const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: SCREEN.size });
      atTestEnd(() => context.close());
      const { page, complaints } = await watchedPage(context);
      await page.goto(bridge.openUrl);
      await until('noVNC is connected', async () => (await seen(page)).includes('connect'));
      for (const { at, colour } of [SCREEN.background, SCREEN.typing, SCREEN.red, SCREEN.green]) {
        await until(`the screen is ${colour.join()} at ${at.join()}`, async () =>
          isColour(await pixel(page, at), colour),
        );
      }
      const ink = await inkInTypingWindow(page);
      await page.mouse.click(SCREEN.typing.at[0], SCREEN.typing.at[1]);
      await page.keyboard.type(`${line}: Hello, "Bascule" 0123?\n`, { delay: 5 });
      await until('the keys have arrived', () => vnc.typed.includes(`${line}: Hello, "Bascule" 0123?\n`)).catch(
        (error: unknown) => {
          throw new Error(`typed so far: ${JSON.stringify(vnc.typed)}`, { cause: error });
        },
      );
      await until('the typed line is on the screen', async () => (await inkInTypingWindow(page)) > ink + 200);
      await keepScreenshot(page, name);
      await page.evaluate('vnc.disconnect()');
      await until('noVNC is disconnected', async () => (await seen(page)).includes('disconnect, clean'));
      return complaints;
    }
  },
);

/** A web root with the page and noVNC, copied: the bridge serves no links that lead out of it. */
function webRoot(): string {
  const root = tempDir();
  cpSync(PAGE, root, { recursive: true });
  for (const part of ['core', 'vendor']) cpSync(join(NOVNC, part), join(root, part), { recursive: true });
  return root;
}

/** What noVNC reported so far, such as 'connect' or 'disconnect, clean'. */
function seen(page: Page): Promise<string[]> {
  return page.evaluate(`(window.vnc?.seen ?? []).map(({ name, clean }) => (clean ? name + ', clean' : name))`);
}

/** The colour of a pixel of the canvas. */
async function pixel(page: Page, [x, y]: readonly [number, number]): Promise<number[]> {
  return page.evaluate(
    `[...document.querySelector('#screen canvas').getContext('2d').getImageData(${x}, ${y}, 1, 1).data].slice(0, 3)`,
  );
}

/** How many dark pixels the typing window holds. */
async function inkInTypingWindow(page: Page): Promise<number> {
  return page.evaluate(`(() => {
    const { data } = document.querySelector('#screen canvas').getContext('2d').getImageData(22, 22, 480, 240);
    let dark = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] + data[i + 1] + data[i + 2] < 300) dark++;
    return dark;
  })()`);
}

/** Whether two colours are the same to the eye: the VNC encoding may be lossy. */
function isColour(actual: readonly number[], wanted: readonly number[]): boolean {
  return actual.length === 3 && wanted.every((part, i) => Math.abs(part - actual[i]!) <= 4);
}
