import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { violations } from '../support/accessibility.ts';
import { keepScreenshot, launchBrowser, watchedPage, type WatchedPage } from '../support/browser.ts';
import { startBridge } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { suite } from '../support/packages.ts';
import { RfbServer } from '../support/rfb-server.ts';
import { TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { PASSWORD, SCREEN, VncServer } from '../support/vnc.ts';
import { stateOf, VIEWS } from './visitor.ts';

// A browser, a bridge and an X server start in most of these.
vi.setConfig({ testTimeout: 60_000 });

const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

suite('the VNC page in Chromium', { needs: ['chromium', 'Xtigervnc', 'xterm', 'xsetroot'] }, () => {
  let browser: Browser;
  let vnc: VncServer;

  beforeAll(async () => {
    [browser, vnc] = await Promise.all([launchBrowser(), VncServer.start()]);
  });

  afterAll(async () => {
    await browser?.close();
    await vnc?.stop();
  });

  /** Opens the page of a bridge in front of a target, as a visitor does. */
  async function visit(port: number, link = '', options: BrowserContextOptions = DESKTOP): Promise<WatchedPage> {
    const bridge = await startBridge(`127.0.0.1:${port}`, '--web', 'builtin');
    const context = await browser.newContext(options);
    atTestEnd(() => context.close());
    const watched = await watchedPage(context);
    await watched.page.goto(`${bridge.openUrl}vnc.html${link}`);
    return watched;
  }

  /** The same, and waits until the screen is there. */
  async function visitScreen(port: number, link = '', options: BrowserContextOptions = DESKTOP): Promise<WatchedPage> {
    const watched = await visit(port, `?autoconnect=1${link}`, options);
    await until('the screen is there', async () => (await stateOf(watched.page)) === 'open');
    return watched;
  }

  describe('a screen', () => {
    test('is shown, takes keys, gives the keyboard back, and is left', async () => {
      const { page, complaints } = await visit(vnc.port);
      expect(await stateOf(page)).toBe('idle');
      await page.click('#toggle');
      await until('the screen is there', async () => (await stateOf(page)) === 'open');
      expect(await page.textContent('#state')).toMatch(/^Connected to \S+/);
      expect(await page.title()).toMatch(/^\S+ · VNC · Bascule$/);
      for (const { at, colour } of [SCREEN.background, SCREEN.typing, SCREEN.red, SCREEN.green])
        await until(`it is ${colour.join()} at ${at.join()}`, async () => isColour(await pixel(page, at), colour));

      await clickRemote(page, SCREEN.typing.at);
      await page.keyboard.type('first: Hello, "Bascule" 0123?\n', { delay: 5 });
      await until('the keys are there', () => vnc.typed.includes('first: Hello, "Bascule" 0123?\n'));
      expect(await page.textContent('#hint')).toContain('Shift-Esc leaves');

      // Left with the keyboard alone: what is typed then stays here, and no Shift stays down there.
      await page.keyboard.press('Shift+Escape');
      expect(await page.evaluate('document.activeElement.id')).toBe('open-keys');
      expect(await page.textContent('#hint')).toMatch(/^Click/);
      await page.keyboard.type('not for you');
      await page.evaluate(`document.querySelector('#screen canvas').focus()`);
      await page.keyboard.type('back again\n', { delay: 5 });
      await until('the keys are there', () => vnc.typed.endsWith('back again\n'));
      expect(vnc.typed).not.toContain('not for you');

      await page.click('#toggle');
      await until('it is over', async () => (await stateOf(page)) === 'closed');
      expect(await page.textContent('#end-title')).toBe('Disconnected');
      expect(complaints).toEqual([]);
    });

    test('is scaled, shown in full size, or resized on the server', async () => {
      const fresh = await freshServer();
      const { page, complaints } = await visitScreen(fresh.port, '&resize=off');
      expect(await sizes(page)).toMatchObject({ shown: 800, remote: 800 });
      expect(await page.textContent('#size')).toBe('800 × 600');
      await page.click('#open-settings');
      await page.check('input[value="fit"]', { force: true });
      await until('it is scaled', async () => (await sizes(page)).shown !== 800);
      expect((await sizes(page)).remote).toBe(800);
      await page.check('input[value="remote"]', { force: true });
      await until('it is resized', async () => {
        const { remote, shown, room } = await sizes(page);
        return remote === room && shown === room;
      });
      await page.setViewportSize({ width: 840, height: 800 });
      await until('it follows the window', async () => (await sizes(page)).remote < 840);
      expect(complaints).toEqual([]);
    });

    test('takes no keys while the visitor only looks', async () => {
      const { page, complaints } = await visitScreen(vnc.port, '&view_only=1');
      await clickRemote(page, SCREEN.typing.at);
      await page.keyboard.type('unheard\n');
      expect(await page.textContent('#hint')).toMatch(/^View only/);
      await page.click('#open-keys');
      expect(await page.isDisabled('#ctrl-alt-del')).toBe(true);
      await page.click('#open-clipboard');
      expect(await disabledButtons(page, '#clipboard')).toEqual([
        'clipboard-send',
        'clipboard-paste',
        'clipboard-type',
      ]);
      await page.click('#open-settings');
      await page.uncheck('#view-only');
      await clickRemote(page, SCREEN.typing.at);
      await page.keyboard.type('heard\n', { delay: 5 });
      await until('the keys are there', () => vnc.typed.includes('heard\n'));
      expect(vnc.typed).not.toContain('unheard');
      expect(await disabledButtons(page, '#clipboard')).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test('shares the clipboard both ways, through the field', async () => {
      const fresh = await freshServer();
      const { page, complaints } = await visitScreen(fresh.port);
      await page.click('#open-clipboard');
      await page.fill('#clipboard-text', 'sent from here');
      await page.click('#clipboard-send');
      expect(await page.textContent('#clipboard-note')).toContain('Sent');
      // The panel covers the window to paste into; a click on the screen closes it.
      await clickRemote(page, SCREEN.typing.at, { button: 'middle' });
      await until('it is pasted there', () => enter(page, fresh, 'sent from here'));

      await clickRemote(page, [26, 28], { clickCount: 2 });
      await until('the selected word is here', async () => (await page.inputValue('#clipboard-text')) === 'Type');

      await page.click('#open-clipboard');
      await page.fill('#clipboard-text', 'typed, not pasted\n');
      await page.mouse.move(...(await remotePoint(page, SCREEN.typing.at)));
      await page.click('#clipboard-type');
      await until('it is typed there', () => fresh.typed.includes('typed, not pasted\n'));
      expect(complaints).toEqual([]);
    });

    test('keeps what it copies until the visitor is back from another window', async () => {
      const fresh = await freshServer();
      const { page, complaints } = await visitScreen(fresh.port, '', {
        ...DESKTOP,
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      await page.evaluate(`navigator.clipboard.writeText('from this device')`);
      await page.click('#open-clipboard');
      await page.check('#clipboard-sync');
      await until('it is sent', async () => (await page.textContent('#clipboard-note'))?.includes('Sent'));
      // The panel covers the words.
      await page.click('#open-clipboard');
      // What Chromium does to a page that is not in front; that of a test always is.
      await page.evaluate(`
        document.hasFocus = () => false;
        navigator.clipboard.writeText = () => Promise.reject(new DOMException('Document is not focused', 'NotAllowedError'));
      `);
      await clickRemote(page, [76, 28], { clickCount: 2 });
      await until('the selected word is here', async () =>
        (await page.inputValue('#clipboard-text')).startsWith('here'),
      );
      expect(await page.isChecked('#clipboard-sync')).toBe(true);
      await page.evaluate(`
        delete document.hasFocus;
        delete navigator.clipboard.writeText;
        dispatchEvent(new Event('focus'));
      `);
      await until('the selected word is on this device', async () => {
        const text: string = await page.evaluate('navigator.clipboard.readText()');
        return text.startsWith('here');
      });
      expect(complaints).toEqual([]);
    });

    test('keeps both clipboards the same where the browser allows it', async () => {
      const fresh = await freshServer();
      const { page, complaints } = await visitScreen(fresh.port, '', {
        ...DESKTOP,
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      await page.evaluate(`navigator.clipboard.writeText('from this device')`);
      await page.click('#open-clipboard');
      await page.check('#clipboard-sync');
      await until('it is sent', async () => (await page.textContent('#clipboard-note'))?.includes('Sent'));
      await clickRemote(page, SCREEN.typing.at, { button: 'middle' });
      await until('it is pasted there', () => enter(page, fresh, 'from this device'));
      await clickRemote(page, [76, 28], { clickCount: 2 });
      await until('the selected word is on this device', async () => {
        const text: string = await page.evaluate('navigator.clipboard.readText()');
        return text.startsWith('here');
      });
      expect(complaints).toEqual([]);
    });

    test('fills the whole screen, with the controls at hand', async () => {
      const { page, complaints } = await visitScreen(vnc.port);
      await page.click('#fullscreen');
      const alone = (): Promise<boolean> => page.evaluate(`document.fullscreenElement?.id === 'viewer'`);
      await until('it is alone', alone);
      expect(await page.isVisible('#connection')).toBe(false);
      await page.click('#handle');
      expect(await page.isVisible('#toggle')).toBe(true);
      await keepScreenshot(page, 'vnc-page-fullscreen');
      await page.click('#fullscreen');
      await until('it is back', async () => !(await alone()));
      expect(await page.isVisible('#connection')).toBe(true);
      expect(complaints).toEqual([]);
    });
  });

  describe('a login', () => {
    test('with a wrong password is told, and asked for again', async () => {
      const guarded = await VncServer.start({ password: true });
      atTestEnd(() => guarded.stop());
      const { page, complaints } = await visit(guarded.port, '?autoconnect=1');
      await page.waitForSelector('#card-login');
      expect(await page.isVisible('#username')).toBe(false);
      expect(await page.isVisible('#refusal')).toBe(false);
      await page.keyboard.type('wrong\n');
      await page.waitForSelector('#refusal');
      expect(await page.textContent('#refusal')).toMatch(/refused it: .*try again/i);
      expect(await page.inputValue('#password')).toBe('');
      await page.keyboard.type(`${PASSWORD}\n`);
      await until('the screen is there', async () => (await stateOf(page)) === 'open');
      await until('it is painted', async () =>
        isColour(await pixel(page, SCREEN.background.at), SCREEN.background.colour),
      );
      expect(complaints).toEqual([]);
    });

    test('takes a user name where the server asks for one, and rings its bell', async () => {
      const server = await RfbServer.listen({ name: 'plain', security: 'plain', user: 'ändi', password: 'gehéim' });
      const { page, complaints } = await visit(server.target.port, '?autoconnect=1');
      await page.waitForSelector('#card-login');
      await page.fill('#username', 'ändi');
      await page.fill('#password', 'falsch');
      await page.press('#password', 'Enter');
      await page.waitForSelector('#refusal');
      expect(await page.textContent('#refusal')).toContain('Unknown user or password');
      expect(await page.inputValue('#username')).toBe('ändi');
      await page.fill('#password', 'gehéim');
      await page.press('#password', 'Enter');
      await until('the screen is there', async () => (await stateOf(page)) === 'open');
      expect(await page.textContent('#state')).toBe('Connected to plain');
      await until('it is painted', async () => isColour(await pixel(page, [5, 5]), [0x40, 0xa0, 0xe0]));
      await page.keyboard.press('a');
      await until('the key is there', () => server.keys.includes(0x61));
      server.ring();
      await page.waitForSelector('.ringing');
      expect(complaints).toEqual([]);
    });

    test('shows the key of the server first, and sends nothing before that is approved', async () => {
      const server = await RfbServer.listen({ name: 'keys', security: 'ra2ne' });
      const { page, complaints } = await visit(server.target.port, '?autoconnect=1');
      await until('the key is shown', async () => (await page.textContent('#fingerprint')) !== '');
      expect(await page.textContent('#fingerprint')).toMatch(/^([\da-f]{4} ){15}[\da-f]{4}$/);
      expect(server.afterKey).toBe(0);
      await page.click('#identity-yes');
      await until('the login goes on', () => server.afterKey === 1);
      await page.click('#toggle');
      expect(complaints).toEqual([]);
    });
  });

  test('a login with a key that the browser cannot show says so, and shows no other', async () => {
    const server = await RfbServer.listen({ name: 'keys', security: 'ra2ne' });
    const { page, complaints } = await visit(server.target.port);
    // Chromium takes 127.0.0.1 for secure; a page from another machine would find this.
    await page.evaluate(`void Object.defineProperty(crypto, 'subtle', { value: undefined })`);
    await page.evaluate(`document.querySelector('#fingerprint').textContent = 'that of another server'`);
    await page.click('#toggle');
    await page.waitForSelector('#card-identity');
    await until('it is said', async () =>
      (await page.textContent('#fingerprint'))?.startsWith('It cannot be shown: browsers'),
    );
    await page.click('#identity-no');
    await until('it is over', async () => (await stateOf(page)) === 'closed');
    expect(complaints).toEqual([]);
  });

  describe('an end', () => {
    test('before the beginning: nothing listens at the target', async () => {
      const { page, complaints } = await visit(await freePort(), '?autoconnect=1');
      expect(await ending(page)).toEqual({
        code: 'Close code 1011',
        title: 'The VNC server cannot be reached',
        text: 'The target refused the connection.',
        advice: expect.stringContaining('Nothing listens'),
      });
      expect(await stateOf(page)).toBe('failed');
      expect(complaints).toEqual([]);
    });

    test('before the beginning: the bridge refuses the token, which a browser does not tell', async () => {
      const tokens = join(tempDir(), 'tokens');
      writeFileSync(tokens, `good: 127.0.0.1:${vnc.port}\n`);
      const bridge = await startBridge('--token-file', tokens, '--web', 'builtin');
      const context = await browser.newContext(DESKTOP);
      atTestEnd(() => context.close());
      const { page, complaints } = await watchedPage(context);
      await page.goto(`${bridge.openUrl}vnc.html?autoconnect=1&path=${encodeURIComponent('/?token=bad')}`);
      expect(await ending(page)).toMatchObject({
        code: 'Close code 1006',
        text: expect.stringContaining('a browser does not tell pages which'),
      });
      expect(complaints.filter((complaint) => !complaint.includes('Unexpected response code: 404'))).toEqual([]);
      await page.fill('#path', '/?token=good');
      await page.click('#again');
      await until('the screen is there', async () => (await stateOf(page)) === 'open');
    });

    test('of something that is not VNC', async () => {
      const target = await TcpTarget.listen((socket) => socket.write('220 mail.example ESMTP ready\r\n'));
      const { page, complaints } = await visit(target.port, '?autoconnect=1');
      expect((await ending(page)).title).toBe('This is not a VNC server');
      expect(complaints).toEqual([]);
    });

    test('of a server that breaks the connection', async () => {
      const server = await RfbServer.listen({ name: 'fragile', security: 'none' });
      const { page, complaints } = await visitScreen(server.target.port, '&reconnect=0');
      server.reset();
      expect(await ending(page)).toMatchObject({
        code: 'Close code 1011',
        title: 'The connection to the VNC server is lost',
        text: 'The target broke the connection.',
      });
      expect(complaints).toEqual([]);
    });

    test('is not the last word: the page connects again when the server is back', async () => {
      const first = await VncServer.start();
      const { page, complaints } = await visitScreen(first.port);
      await first.stop();
      await page.waitForSelector('#end-waiting:not(:empty)');
      expect(await page.textContent('#end-waiting')).toMatch(/^Trying again in \d+ s \(\d+ of 24\)$/);
      expect(await page.textContent('#again')).toBe('Try now');
      expect(await page.evaluate('document.activeElement.id')).toBe('again');
      await keepScreenshot(page, 'vnc-page-waiting');
      const second = await VncServer.start({ port: first.port });
      atTestEnd(() => second.stop());
      await until('the screen is there again', async () => (await stateOf(page)) === 'open', 30_000);
      await until('it is painted', async () =>
        isColour(await pixel(page, SCREEN.background.at), SCREEN.background.colour),
      );
      await clickRemote(page, SCREEN.typing.at);
      await page.keyboard.type('again\n', { delay: 5 });
      await until('the keys are there', () => second.typed.includes('again\n'));
      expect(complaints).toEqual([]);
    });
  });

  test('a link that leads to another host connects to nothing, though it says autoconnect', async () => {
    const target = await TcpTarget.listen(() => {});
    for (const [name, options] of [
      ['desktop', DESKTOP],
      ['phone', PHONE],
    ] as const) {
      const { page } = await visit(target.port, '?autoconnect=1&path=wss://example.org/vnc', options);
      expect(await page.locator('#path-reason').innerText()).toMatch(/its own bridge only/);
      expect(await page.inputValue('#path')).toBe('wss://example.org/vnc');
      expect(await page.isDisabled('#toggle')).toBe(true);
      await keepScreenshot(page, `vnc-other-host-${name}`);
      await page.waitForLoadState('networkidle');
      expect(await stateOf(page)).toBe('idle');
    }
    expect(target.sockets).toEqual([]);
  });

  test('a page that came over plain HTTP says what that means, and works', async () => {
    const secure = await visit(vnc.port);
    expect(await secure.page.isVisible('#plain-http')).toBe(false);
    // Chromium takes 127.0.0.1 for secure; a page from another machine would find this.
    const context = secure.page.context();
    await context.addInitScript(`
      Object.defineProperty(window, 'isSecureContext', { value: false });
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
    `);
    const { page, complaints } = await watchedPage(context);
    await page.goto(secure.page.url());
    // noVNC looks around before the page begins, and the load event does not wait for that.
    await until('the page is at work', () => page.isVisible('#plain-http'));
    await page.click('#toggle');
    await until('the screen is there', async () => (await stateOf(page)) === 'open');
    await page.click('#open-clipboard');
    expect(await page.isDisabled('#clipboard-paste')).toBe(true);
    expect(await page.isDisabled('#clipboard-send')).toBe(false);
    expect(await page.textContent('#clipboard-note')).toContain('over HTTPS only');
    await page.fill('#clipboard-text', 'copied all the same');
    await page.click('#clipboard-copy');
    await until('it is copied', async () => (await page.textContent('#clipboard-note')) === 'Copied to this device.');
    // noVNC warns of this itself.
    expect(complaints.filter((complaint) => !complaint.includes('requires a secure context'))).toEqual([]);
  });

  test('a phone types with its own keyboard, and with the keys that it lacks', async () => {
    const server = await RfbServer.listen({ name: 'phone', security: 'none' });
    const { page, complaints } = await visitScreen(server.target.port, '', PHONE);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.tap('#open-keyboard');
    expect(await page.getAttribute('#open-keyboard', 'aria-pressed')).toBe('true');
    await page.keyboard.insertText('hé😀');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Enter');
    await until('the keys are there', () => server.keys.length >= 5);
    expect(server.keys).toEqual([0x68, 0xe9, 0x0101f600, 0xff08, 0xff0d]);
    // A tap on the screen is a click there, and leaves the keyboard open.
    await page.tap('#screen canvas');
    expect(await page.evaluate('document.activeElement.id')).toBe('typing');
    await page.tap('#open-keys');
    server.keys.length = 0;
    await page.tap('[data-hold="Control"]');
    await page.tap('[data-key="Left"]');
    await page.tap('#ctrl-alt-del');
    await until('the keys are there', () => server.keys.length >= 5);
    expect(server.keys).toEqual([0xffe3, 0xff51, 0xffe3, 0xffe9, 0xffff]);
    await page.tap('#open-keyboard');
    expect(await page.getAttribute('#open-keyboard', 'aria-pressed')).toBe('false');
    expect(complaints).toEqual([]);
  });

  test.each(VIEWS)('looks right and is accessible: $name', async ({ name, ...options }) => {
    const guarded = await VncServer.start({ password: true });
    atTestEnd(() => guarded.stop());
    const { page, complaints } = await visit(guarded.port, '?reconnect=0', { ...options, bypassCSP: true });
    const look = async (what: string): Promise<void> => {
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await keepScreenshot(page, `vnc-page-${name}-${what}`);
    };
    await look('1-start');
    await page.click('#toggle');
    await page.waitForSelector('#card-login');
    await page.keyboard.type('wrong\n');
    await page.waitForSelector('#refusal');
    await look('2-refused');
    await page.keyboard.type(`${PASSWORD}\n`);
    await until('the screen is there', async () => (await stateOf(page)) === 'open');
    await until('it is painted', async () =>
      isColour(await pixel(page, SCREEN.background.at), SCREEN.background.colour),
    );
    await look('3-connected');
    for (const drawer of ['keys', 'clipboard', 'settings']) {
      await page.click(`#open-${drawer}`);
      await look(`4-${drawer}`);
    }
    await guarded.stop();
    await page.waitForSelector('#card-end');
    await look('5-ended');
    expect(complaints).toEqual([]);
  });
});

/** A server on which nobody has typed yet: its window says 'Type here:' at the top. */
async function freshServer(): Promise<VncServer> {
  const fresh = await VncServer.start();
  atTestEnd(() => fresh.stop());
  return fresh;
}

/** Ends the line in the typing window, and tells whether this text was in it. The paste may come after the Enter. */
async function enter(page: Page, server: VncServer, text: string): Promise<boolean> {
  await page.keyboard.press('Enter');
  return server.typed.includes(text);
}

/** What the page says of an end. */
async function ending(page: Page): Promise<{ code: string; title: string; text: string; advice: string }> {
  await page.waitForSelector('#card-end');
  return page.evaluate(
    `Object.fromEntries(['code', 'title', 'text', 'advice'].map((part) => [part, document.querySelector('#end-' + part).textContent]))`,
  );
}

/** The ids of the buttons of a panel that cannot be pressed. */
function disabledButtons(page: Page, panel: string): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('${panel} button:disabled')].map(({ id }) => id)`);
}

/** How wide the picture is here, how wide the remote screen is, and how wide it could be. */
function sizes(page: Page): Promise<{ shown: number; remote: number; room: number }> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector('#screen canvas');
    return { shown: canvas.clientWidth, remote: canvas.width, room: document.querySelector('#screen').clientWidth };
  })()`);
}

/** Where a point of the remote screen is on the page. */
function remotePoint(page: Page, [x, y]: readonly [number, number]): Promise<[number, number]> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector('#screen canvas');
    const { left, top, width } = canvas.getBoundingClientRect();
    return [left + ${x} * width / canvas.width, top + ${y} * width / canvas.width];
  })()`);
}

/** Clicks on a point of the remote screen. */
async function clickRemote(
  page: Page,
  at: readonly [number, number],
  options: Parameters<Page['mouse']['click']>[2] = {},
): Promise<void> {
  await page.mouse.click(...(await remotePoint(page, at)), options);
}

/** The colour of a pixel of the remote screen. */
function pixel(page: Page, [x, y]: readonly [number, number]): Promise<number[]> {
  return page.evaluate(
    `[...document.querySelector('#screen canvas').getContext('2d').getImageData(${x}, ${y}, 1, 1).data].slice(0, 3)`,
  );
}

/** Whether two colours are the same to the eye: the encoding may be lossy. */
function isColour(actual: readonly number[], wanted: readonly number[]): boolean {
  return actual.length === 3 && wanted.every((part, i) => Math.abs(part - actual[i]!) <= 4);
}
