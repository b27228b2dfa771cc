import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/accessibility.ts';
import { keepScreenshot, launchBrowser, watchedPage, type WatchedPage } from '../support/browser.ts';
import { type BridgeProcess, startBridge } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { suite } from '../support/packages.ts';
import { RedisServer } from '../support/redis.ts';
import { source, TcpTarget } from '../support/tcp-target.ts';
import { ACCOUNT, TelnetServer } from '../support/telnet.ts';
import { sleep, until } from '../support/wait.ts';
import { say, screenOf, stateOf } from './visitor.ts';

suite('the terminal page in Chromium', { needs: ['chromium', 'telnetd', 'redis-server'] }, () => {
  let browser: Browser;
  let telnetd: TelnetServer;
  let redis: RedisServer;

  beforeAll(async () => {
    [browser, telnetd, redis] = await Promise.all([launchBrowser(), TelnetServer.start(), RedisServer.start()]);
  });

  afterAll(async () => {
    await browser?.close();
    await Promise.all([telnetd?.stop(), redis?.stop()]);
  });

  /** Opens the terminal page of a bridge that leads to a port of this machine, and waits for the connection. */
  async function visit(...where: Parameters<typeof open>): Promise<WatchedPage & { readonly bridge: BridgeProcess }> {
    const opened = await open(...where);
    await until('it is connected', async () => (await stateOf(opened.page)) === 'open');
    return opened;
  }

  /** Opens the terminal page. */
  async function open(
    port: number,
    query = '',
    options: BrowserContextOptions = {},
  ): Promise<WatchedPage & { readonly bridge: BridgeProcess }> {
    const bridge = await startBridge(`127.0.0.1:${port}`, '--web', 'builtin');
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    atTestEnd(() => context.close());
    const watched = await watchedPage(context);
    await watched.page.goto(`${bridge.openUrl}terminal.html${query}`);
    return { ...watched, bridge };
  }

  test('logs in to telnetd, runs commands, and tells it the size', async () => {
    const { page, complaints } = await visit(telnetd.port);
    const screen = (): Promise<string> => screenOf(page);
    await until('it asks for a name', async () => /login: $/m.test(`${await screen()} `.trimEnd().concat(' ')));
    expect(await page.isChecked('input[value="telnet"]')).toBe(true);
    await page.click('#terminal');
    await page.keyboard.type(`${ACCOUNT.name}\n`);
    await until('it asks for a password', async () => /Password:/.test(await screen()));
    await page.keyboard.type(`${ACCOUNT.password}\n`);
    await until('there is a prompt', async () => /^ada\$/m.test(await screen()));
    expect(await screen()).not.toContain(ACCOUNT.password);
    expect(await screen()).toContain(`login: ${ACCOUNT.name}\n`);

    await page.keyboard.type('echo "sum: $((6 * 7))"; stty size; echo "term: $TERM"\n');
    await until('the command has run', async () => /^sum: 42$/m.test(await screen()));
    const { columns, rows } = await sizeOf(page);
    await until('the size is that of the page', async () => (await screen()).includes(`\n${rows} ${columns}\n`));
    expect(await screen()).toMatch(/^term: xterm/m);
    await keepScreenshot(page, 'terminal-telnet');

    await page.setViewportSize({ width: 900, height: 600 });
    await until('the terminal has become smaller', async () => (await sizeOf(page)).columns < columns);
    const smaller = await sizeOf(page);
    await page.keyboard.type('stty size\n');
    await until('telnetd has heard of it', async () =>
      (await screen()).includes(`\n${smaller.rows} ${smaller.columns}\n`),
    );
    await page.keyboard.type('exit\n');
    await until('the session is over', async () => (await stateOf(page)) === 'closed');
    await until('telnetd has ended', () => telnetd.sessions === 0);
    expect(complaints).toEqual([]);
  });

  test('a wrong password is told, and reconnecting begins anew', async () => {
    const { page, complaints } = await visit(telnetd.port, '?mode=telnet');
    await until('it asks for a name', async () => /login:/.test(await screenOf(page)));
    await page.click('#terminal');
    await page.keyboard.type('eve\nguess\n');
    await until('it is refused', async () => /Login incorrect/.test(await screenOf(page)));
    await page.click('#toggle');
    await until('it is closed', async () => (await stateOf(page)) === 'closed');
    expect(await page.textContent('#toggle')).toBe('Reconnect');
    await page.click('#toggle');
    await until('it asks for a name', async () => /login:/.test(await screenOf(page)));
    expect(await screenOf(page)).not.toContain('incorrect');
    expect(complaints).toEqual([]);
  });

  test('talks to redis in raw mode, with an echo and line ends of its own', async () => {
    const { page, complaints } = await visit(redis.port, '?mode=raw');
    await page.check('#echo');
    await page.selectOption('#line-end', 'crlf');
    await page.click('#terminal');
    await page.keyboard.type('SET bridge bascule\n');
    await until('it is stored', async () => /^SET bridge bascule\n\+OK/m.test(await screenOf(page)));
    await page.keyboard.type('GET bridge\n');
    await until('it is there', async () => /^\$7\nbascule/m.test((await screenOf(page)).replaceAll(/^ +/gm, '')));
    expect(await page.textContent('#sent')).toBe('32 B');
    await keepScreenshot(page, 'terminal-redis');
    expect(complaints).toEqual([]);
  });

  test('talks to redis by line, and recalls a line', async () => {
    const { page, complaints } = await visit(redis.port);
    await say(page, 'PING');
    await until('it answers', async () => /^\+PONG/m.test(await screenOf(page)));
    await page.keyboard.press('ArrowUp');
    await page.keyboard.type(' again\n');
    await until('it answers', async () => /^\$5\nagain/m.test(await screenOf(page)));
    expect(complaints).toEqual([]);
  });

  test('reads and writes legacy encodings', async () => {
    const { target, received } = await recorder();
    const { page, complaints } = await visit(target.port, '?encoding=koi8-r');
    const peer = await target.connection();
    // 'Привет' in KOI8-R.
    peer.write(Buffer.from('f0d2c9d7c5d40d0a', 'hex'));
    await until('it is read', async () => /^Привет$/m.test(await screenOf(page)));
    await say(page, 'Да €');
    await until('it is written', () => received() === 'e4c1203f0d0a');
    expect(await page.textContent('#suggestion')).toContain('was sent instead');
    await page.selectOption('#encoding', 'shift_jis');
    peer.write(Buffer.from('93fa', 'hex'));
    peer.write(Buffer.from('967b0d0a', 'hex'));
    await until('it is read', async () => /^日本$/m.test(await screenOf(page)));
    expect(await page.evaluate('location.search')).toContain('encoding=shift_jis');
    expect(complaints).toEqual([]);
  });

  test('copies and pastes with buttons and keys', async () => {
    const { target, received } = await recorder();
    const typed = (): string => Buffer.from(received(), 'hex').toString();
    const { page, complaints } = await visit(target.port, '', { permissions: ['clipboard-read', 'clipboard-write'] });
    const peer = await target.connection();
    peer.write('to be copied\r\n');
    await until('it is on the screen', async () => /to be copied/.test(await screenOf(page)));
    await page.click('#copy');
    await until('the button tells', async () => (await page.textContent('#copy')) === 'Copied');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('to be copied\n');

    await page.evaluate(`navigator.clipboard.writeText('one\\ntwo\\n')`);
    await page.click('#paste');
    await until('both lines have arrived', () => typed() === 'one\r\ntwo\r\n');
    await page.evaluate(`navigator.clipboard.writeText('three\\n')`);
    await page.keyboard.press('Control+Shift+V');
    await until('the third has arrived', () => typed().endsWith('three\r\n'));

    await page.dblclick('#terminal .xterm-screen', { position: { x: 8, y: 8 } });
    await page.keyboard.press('Control+c');
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^(to|be|copied)$/);
    expect(typed()).not.toContain('\u0003');
    await page.keyboard.press('Control+c');
    await until('the next one is for the server', () => typed().includes('\u0003'));
    expect(complaints).toEqual([]);
  });

  test('a torrent slows the target down, and not the page', async () => {
    const block = Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(1000));
    const { serve, sent } = source(64 * 1024 * 1024, block);
    const target = await TcpTarget.listen((socket) => {
      serve(socket);
      socket.on('finish', () => socket.destroy());
    });
    const { page, complaints } = await visit(target.port);
    const started = performance.now();
    await page.click('#clear');
    expect(performance.now() - started).toBeLessThan(5000);
    await sleep(1000);
    // The bridge, the kernel and the page hold some MB; the rest waits at the target.
    expect(sent()).toBeGreaterThan(1024 * 1024);
    expect(sent()).toBeLessThan(50 * 1024 * 1024);
    expect(await stateOf(page)).toBe('open');
    expect(await screenOf(page)).not.toContain('left out');
    expect(complaints).toEqual([]);
  });

  test('without WebSocketStream, a torrent comes to its end as well', async () => {
    const { serve } = source(48 * 1024 * 1024, Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(1000)));
    const target = await TcpTarget.listen((socket) => socket.once('data', () => serve(socket)));
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    atTestEnd(() => context.close());
    const { page, complaints } = await watchedPage(context);
    await page.addInitScript('delete globalThis.WebSocketStream');
    const bridge = await startBridge(target.address, '--web', 'builtin');
    await page.goto(`${bridge.openUrl}terminal.html`);
    await until('it is connected', async () => (await stateOf(page)) === 'open');
    await say(page, 'go');
    await until('the end is shown', () => page.isVisible('#ending'), 60_000);
    expect(await page.textContent('#ending')).toMatch(/^1000/);
    expect(await page.textContent('#received')).toBe('50.3 MB');
    await until('all is drawn', async () => /— connection closed —/.test(await screenOf(page)), 60_000);
    expect(complaints).toEqual([]);
  }, 90_000);

  test('draws every colour, which its policy must not forbid', async () => {
    const { target } = await recorder();
    const { page, complaints } = await visit(target.port);
    (await target.connection()).write('\u001b[38;2;10;200;30mtrue\u001b[0m \u001b[31mred\u001b[0m\r\n');
    await until('it is on the screen', async () => /^true red$/m.test(await screenOf(page)));
    const colours = await page.evaluate(
      `['true', 'red'].map((text) => getComputedStyle([...document.querySelectorAll('.xterm-rows span')].find((span) => span.textContent === text)).color)`,
    );
    expect(colours).toEqual(['rgb(10, 200, 30)', 'rgb(179, 38, 30)']);
    expect(complaints).toEqual([]);
  });

  test('tells why a target is not there', async () => {
    const bridge = await startBridge(`127.0.0.1:${await freePort()}`, '--web', 'builtin');
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    atTestEnd(() => context.close());
    const { page, complaints } = await watchedPage(context);
    await page.goto(`${bridge.openUrl}terminal.html`);
    await until('it has failed', async () => (await stateOf(page)) === 'failed');
    expect(await page.textContent('#ending')).toMatch(/^1011Target or bridge failed.*refused/);
    await keepScreenshot(page, 'terminal-refused');
    expect(complaints).toEqual([]);
  });

  test('a link chooses the path and no other host', async () => {
    const { target } = await recorder();
    const { page, complaints } = await open(target.port, '?path=//example.org/x', { bypassCSP: true });
    expect(await page.textContent('#bridge')).toBe(new URL(page.url()).origin.replace('http', 'ws'));
    expect(await page.inputValue('#path')).toBe('//example.org/x');
    expect(await page.getAttribute('#path', 'aria-invalid')).toBe('true');
    expect(await page.locator('#path-reason').innerText()).toMatch(/its own bridge only/);
    expect(await page.isDisabled('#toggle')).toBe(true);
    expect(await page.isDisabled('#send')).toBe(true);
    await keepScreenshot(page, 'terminal-other-host');
    // Nothing was meant for the usual target, so that nothing was connected.
    await sleep(300);
    expect(await stateOf(page)).toBe('idle');
    expect(target.sockets).toEqual([]);
    expect(await violations(page)).toEqual([]);
    await page.fill('#path', 'ws://example.org/');
    expect(await page.isDisabled('#toggle')).toBe(true);
    await page.fill('#path', '/?token=a');
    expect(await page.isVisible('#path-reason')).toBe(false);
    expect(await page.evaluate(`new URL(location.href).searchParams.get('path')`)).toBe('/?token=a');
    expect(await page.getAttribute('nav a[data-page=index]', 'href')).toContain('path=');
    await page.press('#path', 'Enter');
    await until('it is connected', async () => (await stateOf(page)) === 'open');
    expect(complaints).toEqual([]);
  });

  test('speaks TELNET with a server whose first byte comes alone', async () => {
    const target = await TcpTarget.listen((socket) => {
      socket.write(Buffer.of(255));
      setTimeout(() => socket.write(Buffer.of(251, 1)), 200);
      setTimeout(() => socket.write('login: '), 300);
    });
    const { page, complaints } = await visit(target.port);
    await until('it is asked', async () => /^login:$/m.test(await screenOf(page)));
    expect(await page.isChecked('input[value="telnet"]')).toBe(true);
    expect(await page.textContent('#hint')).toContain('hidden');
    expect(complaints).toEqual([]);
  });

  test('half a password on a telephone goes with the connection, and the next one begins in lines', async () => {
    let greeting = Buffer.concat([Buffer.of(255, 251, 1), Buffer.from('Password: ')]);
    const target = await TcpTarget.listen((socket) => socket.write(greeting));
    const { page, complaints } = await visit(target.port, '', { hasTouch: true, isMobile: true });
    await until('it is asked', async () => /^Password:/m.test(await screenOf(page)));
    expect(await page.getAttribute('#line', 'type')).toBe('password');
    await page.fill('#line', 'sesame');
    (await target.connection()).end();
    await until('it is over', async () => (await stateOf(page)) === 'closed');
    expect(await page.inputValue('#line')).toBe('');
    greeting = Buffer.from('hello\r\n');
    await page.click('#toggle');
    await until('it is greeted', async () => /^hello/m.test(await screenOf(page)));
    expect(await page.isChecked('input[value="line"]')).toBe(true);
    expect(await page.getAttribute('#line', 'type')).toBe('text');
    await page.fill('#line', 'half a line');
    target.sockets.at(-1)!.end();
    await until('it is over', async () => (await stateOf(page)) === 'closed');
    expect(await page.inputValue('#line')).toBe('half a line');
    expect(complaints).toEqual([]);
  });

  test('the arrows of a telephone go in the form that the program wants', async () => {
    const { target, received } = await recorder();
    const { page, complaints } = await visit(target.port, '?mode=raw', { hasTouch: true, isMobile: true });
    await page.click('[data-key=Up]');
    await until('it has arrived', () => received() === '1b5b41');
    (await target.connection()).write('\u001b[?1hfull screen');
    await until('it is drawn', async () => /full screen/.test(await screenOf(page)));
    await page.click('[data-key=Left]');
    await until('it has arrived', () => received() === '1b5b411b4f44');
    expect(complaints).toEqual([]);
  });

  test('leaves a server that asks on and on by TELNET and reads no answer', async () => {
    const [ask, question] = [Buffer.of(255, 253, 24), Buffer.of(255, 250, 24, 1, 255, 240)];
    const { serve } = source(64 * 1024 * 1024, Buffer.concat(Array.from({ length: 4096 }, () => question)));
    const target = await TcpTarget.listen((socket) => {
      socket.write(ask);
      serve(socket);
      socket.pause();
    });
    const { page, complaints } = await open(target.port);
    await until('it is told', () => page.isVisible('#suggestion'), 30_000);
    expect(await page.textContent('#suggestion')).toMatch(/asks on and on by TELNET/);
    await until('it is over', async () => ['closed', 'failed'].includes((await stateOf(page)) ?? ''), 30_000);
    expect(complaints).toEqual([]);
  });

  test('can be used with the keyboard alone', async () => {
    const { page, complaints } = await visit(redis.port);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.querySelector("#terminal").contains(document.activeElement)')).toBe(false);
    await page.focus('input[value="line"]');
    await page.keyboard.press('ArrowRight');
    expect(await page.isChecked('input[value="raw"]')).toBe(true);
    await page.click('#terminal');
    await page.keyboard.press('Shift+Escape');
    expect(await page.evaluate('document.querySelector("#terminal").contains(document.activeElement)')).toBe(false);
    expect(complaints).toEqual([]);
  });

  test('has nothing that axe-core finds wrong', async () => {
    const { page } = await visit(redis.port, '?mode=raw', { bypassCSP: true });
    expect(await violations(page)).toEqual([]);
  });
});

/** A target that says nothing by itself, and what it has received, in hex. */
async function recorder(): Promise<{ readonly target: TcpTarget; readonly received: () => string }> {
  let hex = '';
  const target = await TcpTarget.listen((socket) => {
    socket.on('data', (chunk: Buffer) => (hex += chunk.toString('hex')));
    socket.on('end', () => socket.end());
  });
  return { target, received: () => hex };
}

/** The terminal in cells, as the page says. */
async function sizeOf(page: WatchedPage['page']): Promise<{ readonly columns: number; readonly rows: number }> {
  const [columns = 0, rows = 0] = ((await page.textContent('#size')) ?? '').split(' × ').map(Number);
  return { columns, rows };
}
