import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectTcp, type AddressInfo, type Socket as TcpSocket } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routeTo, startInProcess } from '../support/bridge-in-process.ts';
import { keepScreenshot, launchBrowser, watchedPage, type WatchedPage } from '../support/browser.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { echo, greeter, neverReader, source, TcpTarget } from '../support/tcp-target.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { SCREEN, VncServer } from '../support/vnc.ts';
import { sleep, until } from '../support/wait.ts';

const MIB = 1024 * 1024;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NOVNC = join(ROOT, 'node_modules/@novnc/novnc');
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Reads and answers everything by the rules that the tests of a page and of a worker share. */
const SCENARIO = `
  export async function echo(library, url, stream, size) {
    const socket = await library.connect(url, { stream });
    const text = Array.from({ length: size / 8 }, (_, at) => String(at).padStart(7, '0') + '\\n').join('');
    const writer = socket.writable.getWriter();
    const writing = (async () => {
      for (let at = 0; at < text.length; at += 30_000) await writer.write(text.slice(at, at + 30_000));
    })();
    const reader = socket.readable.pipeThrough(new TextDecoderStream()).getReader();
    let back = '';
    while (back.length < text.length) back += (await reader.read()).value;
    await writing;
    const closed = await socket.close();
    return { same: back === text, closed, protocol: socket.protocol };
  }
`;
const WORKER = `
  import * as library from './library.js';
  import { echo } from './scenario.js';
  onmessage = async ({ data }) => postMessage(await echo(library, ...data).catch(String));
`;
const PAGE = `
  import * as library from './library.js';
  import * as scenario from './scenario.js';
  Object.assign(globalThis, { library, scenario });
`;
const VNC_PAGE = `
  import RFB from './novnc/core/rfb.js';
  import { Channel } from './library.js';
  const seen = [];
  let rfb;
  const show = () => {
    rfb = new RFB(document.getElementById('screen'), channel, { shared: true });
    for (const name of ['connect', 'disconnect']) rfb.addEventListener(name, () => seen.push(name));
  };
  const channel = new Channel(new URLSearchParams(location.search).get('bridge'), {
    reconnect: { delays: [200], onReconnect: show },
  });
  channel.addEventListener('close', ({ code, retryIn }) => seen.push({ code, again: retryIn !== null }));
  show();
  globalThis.vnc = { seen, disconnect: () => rfb.disconnect() };
`;

suite('bascule/browser in Chromium', { needs: ['chromium'] }, () => {
  let browser: Browser;
  const files = makeTempDir();

  beforeAll(async () => {
    await build({
      entryPoints: [join(ROOT, 'src/browser/index.ts')],
      bundle: true,
      minify: true,
      format: 'esm',
      outfile: join(files.path, 'library.js'),
      logLevel: 'warning',
    });
    for (const [name, text] of Object.entries({
      'scenario.js': SCENARIO,
      'worker.js': WORKER,
      'page.js': PAGE,
      'page.html': documentFor('page'),
      'vnc.js': VNC_PAGE,
      'vnc.html': documentFor('vnc'),
    }))
      writeFileSync(join(files.path, name), text);
    for (const part of ['core', 'vendor'])
      cpSync(join(NOVNC, part), join(files.path, 'novnc', part), { recursive: true });
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    files.remove();
  });

  /** Opens a page under a policy that allows it nothing but its own scripts and one bridge. */
  async function visit(name: string, bridgeUrl: string): Promise<WatchedPage> {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://page.test');
      response.setHeader('Content-Type', TYPES[extname(pathname)] ?? 'application/octet-stream');
      response.setHeader(
        'Content-Security-Policy',
        `default-src 'none'; script-src 'self'; worker-src 'self'; img-src data:; connect-src ${bridgeUrl}`,
      );
      response.end(readFileSync(join(files.path, pathname)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    atTestEnd(() => server.close());
    const context = await browser.newContext({ viewport: SCREEN.size });
    atTestEnd(() => context.close());
    const watched = await watchedPage(context);
    const { port } = server.address() as AddressInfo;
    await watched.page.goto(`http://127.0.0.1:${port}/${name}.html?bridge=${encodeURIComponent(bridgeUrl)}`);
    return watched;
  }

  const CLEAN = { code: 1000, reason: '', by: 'us', wasClean: true };

  test('this browser has WebSocketStream, so that the tests below see both ways', async () => {
    const { url } = await bridgeTo(echo);
    const { page } = await visit('page', url);
    expect(await page.evaluate(`'WebSocketStream' in globalThis`)).toBe(true);
  });

  describe.each([
    ['WebSocketStream', true],
    ['WebSocket', false],
  ])('with %s', (_name, stream) => {
    test.each(['binary', 'base64'])('echoes 4 MiB of text to a page, with %s', async (protocol) => {
      const { url } = await bridgeTo(echo, [protocol]);
      const { page, complaints } = await visit('page', url);
      const result = await page.evaluate(`scenario.echo(library, '${url}', ${stream}, ${4 * MIB})`);
      expect(result).toEqual({ same: true, closed: CLEAN, protocol });
      expect(complaints).toEqual([]);
    });

    test('echoes to a worker', async () => {
      const { url } = await bridgeTo(echo);
      const { page, complaints } = await visit('page', url);
      const result = await page.evaluate(`new Promise((resolve, reject) => {
        const worker = new Worker('./worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(['${url}', ${stream}, ${MIB}]);
      })`);
      expect(result).toEqual({ same: true, closed: CLEAN, protocol: 'binary' });
      expect(complaints).toEqual([]);
    });

    test('waits with a peer that never reads, and can leave it', async () => {
      const { url } = await bridgeTo(neverReader);
      const { page } = await visit('page', url);
      await page.evaluate(`(async () => {
        const socket = globalThis.socket = await library.connect('${url}', { stream: ${stream}, closeTimeout: 500 });
        const writer = socket.writable.getWriter();
        globalThis.writing = (async () => { for (;;) await writer.write(new Uint8Array(65536)); })().catch(({ code }) => code);
      })()`);
      const sent = await settled(page, 'socket.bytesSent');
      expect(sent).toBeLessThan(64 * MIB);
      expect(await page.evaluate('socket.close()')).toMatchObject({ by: 'us', code: 1000 });
      expect(await page.evaluate('writing')).toBe('CLOSED');
    });

    test('tells of a network that drops, of a target that fails and of one that ends', async () => {
      const { url, target } = await bridgeTo((socket) => {
        socket.once('data', (word) => (String(word) === 'end' ? socket.end('bye') : socket.resetAndDestroy()));
      });
      const cable = await cableTo(url);
      const cut = `ws://${cable.address}`;
      const { page } = await visit('page', `${url} ${cut}`);
      const end = (address: string, word: string): Promise<unknown> =>
        page.evaluate(`(async () => {
          const socket = await library.connect('${address}', { stream: ${stream} });
          if ('${word}') await socket.writable.getWriter().write('${word}');
          let read = '';
          const reader = socket.readable.pipeThrough(new TextDecoderStream()).getReader();
          try {
            for (let part = {}; !part.done; part = await reader.read()) read += part.value ?? '';
          } catch ({ code, message }) {
            read += code + ': ' + message;
          }
          return { read, ...(await socket.closed) };
        })()`);
      expect(await end(url, 'end')).toEqual({ read: 'bye', code: 1000, reason: '', by: 'peer', wasClean: true });
      const failed = await end(url, 'fail');
      expect(failed).toMatchObject({
        read: expect.stringContaining('The peer closed with 1011'),
        code: 1011,
        by: 'peer',
      });
      const dropped = end(cut, '');
      await until('the bridge has dialled', () => target.sockets.length === 3);
      cable.sockets[0]!.resetAndDestroy();
      expect(await dropped).toEqual({
        read: 'CLOSED: The connection broke',
        code: 1006,
        reason: '',
        by: 'network',
        wasClean: false,
      });
    });

    test('tells of a bridge that is not there, and of one that is too slow', async () => {
      const { url } = await bridgeTo(echo);
      const mute = await TcpTarget.listen(neverReader);
      const gone = 'ws://127.0.0.1:1';
      const { page } = await visit('page', `${url} ws://${mute.address} ${gone}`);
      const failure = (address: string, more: string = ''): Promise<unknown> =>
        page.evaluate(
          `library.connect('${address}', { stream: ${stream}, ${more} }).catch(({ name, code }) => name + ' ' + code)`,
        );
      expect(await failure(gone)).toBe('ConnectError REFUSED');
      expect(await failure(`ws://${mute.address}`, 'openTimeout: 300')).toBe('ConnectError TIMEOUT');
      expect(await failure(`ws://${mute.address}`, 'signal: AbortSignal.timeout(300)')).toBe('ConnectError ABORTED');
      expect(await failure(url, `protocols: 'two words'`)).toBe('ConnectError BAD_PROTOCOL');
    });
  });

  test('whatever it takes unasked, a page lives on when the connection breaks while it writes', async () => {
    const { url } = await bridgeTo(neverReader);
    const cable = await cableTo(url);
    const cut = `ws://${cable.address}`;
    const { page } = await visit('page', cut);
    const crashes: string[] = [];
    page.on('crash', () => crashes.push('the tab has ended'));
    await page.evaluate(`(async () => {
      const socket = globalThis.socket = await library.connect('${cut}');
      const writer = socket.writable.getWriter();
      globalThis.writing = (async () => { for (;;) await writer.write(new Uint8Array(65536)); })().catch(({ code }) => code);
    })()`);
    await settled(page, 'socket.bytesSent');
    cable.sockets[0]!.resetAndDestroy();
    expect(await page.evaluate('writing')).toBe('CLOSED');
    expect(await page.evaluate('socket.closed')).toMatchObject({ code: 1006, by: 'network' });
    expect(crashes).toEqual([]);
  });

  test('with WebSocketStream the peer waits while nobody reads, and nothing is lost', async () => {
    const total = 128 * MIB;
    const flood = source(total, Buffer.alloc(64 * 1024, 7));
    const { url } = await bridgeTo(flood.serve);
    const { page } = await visit('page', url);
    await page.evaluate(
      `library.connect('${url}', { stream: true }).then((socket) => { globalThis.socket = socket; })`,
    );
    const waiting = await settled(page, 'socket.bytesReceived');
    expect(waiting).toBeLessThanOrEqual(16 * MIB);
    expect(flood.sent()).toBeLessThan(total);
    const read = await page.evaluate(`(async () => {
      let bytes = 0;
      for await (const chunk of socket.readable) bytes += chunk.length;
      return { bytes, ...(await socket.closed) };
    })()`);
    expect(read).toEqual({ bytes: total, code: 1000, reason: '', by: 'peer', wasClean: true });
  });

  test('with WebSocketStream a connection can be left while nobody reads', async () => {
    const { url } = await bridgeTo(source(128 * MIB, Buffer.alloc(64 * 1024, 7)).serve);
    const { page } = await visit('page', url);
    await page.evaluate(
      `library.connect('${url}', { stream: true }).then((socket) => { globalThis.socket = socket; })`,
    );
    await settled(page, 'socket.bytesReceived');
    const started = performance.now();
    expect(await page.evaluate('socket.close()')).toMatchObject({ code: 1000, by: 'us' });
    expect(performance.now() - started).toBeLessThan(6000);
  });

  test('with WebSocket a reader that does not read costs no more than the limit', async () => {
    const { url } = await bridgeTo(source(128 * MIB, Buffer.alloc(64 * 1024, 7)).serve);
    const { page } = await visit('page', url);
    const end = await page.evaluate(`(async () => {
      const socket = await library.connect('${url}', { stream: false });
      const closed = await socket.closed;
      let bytes = 0;
      try { for await (const chunk of socket.readable) bytes += chunk.length; } catch ({ code }) { return { bytes, code, closed }; }
    })()`);
    expect(end).toMatchObject({ code: 'RECEIVE_LIMIT', closed: { code: 4008, by: 'us' } });
    expect((end as { bytes: number }).bytes).toBeLessThanOrEqual(16 * MIB);
    expect((end as { bytes: number }).bytes).toBeGreaterThan(15 * MIB);
  });

  test('Websock reads and writes', async () => {
    const { url } = await bridgeTo(greeter('RFB 003.008\n'));
    const { page, complaints } = await visit('page', url);
    const result = await page.evaluate(`new Promise((resolve) => {
      const ws = new library.Websock();
      let greeting;
      ws.on('message', () => {
        if (!greeting) {
          if (ws.rQwait('greeting', 12)) return;
          greeting = ws.rQshiftStr(12);
          ws.sQpush32(0xfffefdfc);
          ws.flush();
        }
        if (!ws.rQwait('number', 4)) resolve([greeting, ws.rQshift32()]);
      });
      ws.open('${url}');
    })`);
    expect(result).toEqual(['RFB 003.008\n', 0xfffefdfc]);
    expect(complaints).toEqual([]);
  });

  suite('with noVNC against TigerVNC', { needs: ['Xtigervnc', 'xterm', 'xsetroot'] }, () => {
    let vnc: VncServer;

    beforeAll(async () => {
      vnc = await VncServer.start();
    });

    afterAll(() => vnc?.stop());

    test.each(['binary', 'base64'])(
      'its RFB shows a screen on a Channel, also after a loss, with %s',
      async (protocol) => {
        const cables: TcpSocket[] = [];
        const { url } = await bridgeTo(
          (socket) => {
            const server = connectTcp(vnc.port, '127.0.0.1');
            server.on('error', () => undefined);
            socket.on('close', () => server.destroy());
            socket.pipe(server).pipe(socket);
            cables.push(socket);
          },
          [protocol],
        );
        const { page, complaints } = await visit('vnc', url);
        await showsScreen(page);
        expect(await page.evaluate('vnc.seen')).toEqual(['connect']);
        cables[0]!.resetAndDestroy();
        await until('it is connected again', async () => (await page.evaluate<unknown[]>('vnc.seen')).length === 4);
        // The RFB of the lost connection is done before the channel tells others of the loss, and of its next attempt.
        expect(await page.evaluate('vnc.seen')).toEqual([
          'connect',
          'disconnect',
          { code: 1011, again: true },
          'connect',
        ]);
        await showsScreen(page);
        await page.mouse.click(...SCREEN.typing.at);
        const line = `over ${protocol}\n`;
        await page.keyboard.type(line, { delay: 5 });
        await until('the keys have arrived', () => vnc.typed.includes(line));
        await keepScreenshot(page, `library-vnc-${protocol}`);
        await page.evaluate('vnc.disconnect()');
        await until('the channel has ended', async () => (await page.evaluate<unknown[]>('vnc.seen')).length === 6);
        expect((await page.evaluate<unknown[]>('vnc.seen')).slice(4)).toContainEqual({ code: 1000, again: false });
        await sleep(500);
        expect(cables).toHaveLength(2);
        expect(complaints).toEqual([]);
      },
    );

    test('its RFB outlives a network that drops in the middle of a screen', async () => {
      const { url } = await bridgeTo((socket) => {
        const server = connectTcp(vnc.port, '127.0.0.1');
        server.on('error', () => undefined);
        socket.on('close', () => server.destroy());
        socket.pipe(server).pipe(socket);
      });
      // Between the browser and the bridge. The first one carries the handshakes and the beginning of the picture.
      const cable = await TcpTarget.listen((socket) => {
        const far = connectTcp(Number(new URL(url).port), '127.0.0.1');
        far.on('error', () => undefined);
        socket.on('close', () => far.destroy());
        socket.pipe(far);
        let left = cable.sockets.length === 1 ? 2000 : Infinity;
        far.on('data', (chunk: Buffer) => {
          if (left > 0) socket.write(chunk.subarray(0, left));
          left -= chunk.length;
          if (left <= 0) socket.destroySoon();
        });
      });
      const { page } = await visit('vnc', `ws://${cable.address}`);
      await showsScreen(page);
      expect(await page.evaluate('vnc.seen')).toEqual([
        'connect',
        'disconnect',
        { code: 1006, again: true },
        'connect',
      ]);
      expect(cable.sockets).toHaveLength(2);
    });
  });
});

/** What stands between a browser and its bridge, to be cut. */
function cableTo(url: string): Promise<TcpTarget> {
  return TcpTarget.listen((socket) => {
    const far = connectTcp(Number(new URL(url).port), '127.0.0.1');
    far.on('error', () => undefined);
    socket.pipe(far).pipe(socket);
  });
}

/** Waits until every colour of the VNC server's screen is on the canvas. */
async function showsScreen(page: Page): Promise<void> {
  for (const { at, colour } of [SCREEN.background, SCREEN.typing, SCREEN.red, SCREEN.green]) {
    const pixel = `[...document.querySelector('#screen canvas')?.getContext('2d').getImageData(${at.join()}, 1, 1).data ?? []]`;
    await until(`the screen is ${colour.join()} at ${at.join()}`, async () => {
      const seen = await page.evaluate<number[]>(pixel);
      return seen.length === 4 && colour.every((part, index) => Math.abs(part - seen[index]!) <= 4);
    });
  }
}

/** A bridge before a TCP server. */
async function bridgeTo(
  serve: (socket: TcpSocket) => void,
  subprotocols: string[] = ['binary'],
): Promise<{ readonly url: string; readonly target: TcpTarget }> {
  const target = await TcpTarget.listen(serve);
  const route = routeTo({ kind: 'tcp', host: '127.0.0.1', port: target.port });
  const bridge = await startInProcess({ routes: [{ ...route, subprotocols }] });
  return { url: bridge.url, target };
}

function documentFor(script: string): string {
  return (
    `<!doctype html><title>Test</title><link rel="icon" href="data:,"><div id="screen"></div>` +
    `<script type="module" src="./${script}.js"></script>`
  );
}

/** The value of an expression in a page once it has not changed for half a second. */
async function settled(page: Page, expression: string): Promise<number> {
  let last = -1;
  return until(`${expression} stands still`, async () => {
    const before = last;
    last = await page.evaluate<number>(expression);
    if (last === before && last > 0) return last;
    await sleep(500);
    return null;
  });
}
