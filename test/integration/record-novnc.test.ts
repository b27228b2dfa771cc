import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';
import { BridgeServer } from '../../src/server/bridge-server.ts';
import { launchBrowser, watchedPage } from '../support/browser.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { suite } from '../support/packages.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

const NOVNC = fileURLToPath(new URL('../../node_modules/@novnc/novnc/', import.meta.url));
const SIZE = 16;
const COLOUR = [39, 92, 200] as const;

/** The greeting of a VNC server (RFC 6143 §7.3.2): the screen, its pixels as noVNC asks for them, a name with quotes. */
function serverInit(): Buffer {
  const name = Buffer.from("it's \\ {mine}");
  const head = Buffer.alloc(24);
  head.writeUInt16BE(SIZE, 0);
  head.writeUInt16BE(SIZE, 2);
  Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16]).copy(head, 4);
  head.writeUInt32BE(name.length, 20);
  return Buffer.concat([head, name]);
}

/** One rectangle of raw pixels (RFC 6143 §7.7.1) over the whole screen. */
function screen(): Buffer {
  const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, SIZE, 0, SIZE, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.concat(Array.from({ length: SIZE * SIZE }, () => Buffer.from([...COLOUR, 0])))]);
}

/** A VNC server without a password that shows one colour: every answer of the client is followed by the next step. */
async function startVnc(): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    const left = [Buffer.from([1, 1]), Buffer.alloc(4), serverInit(), screen()];
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(left.shift() ?? Buffer.alloc(0)));
    socket.write('RFB 003.008\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTestEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Plays a recording as the playback page of noVNC does, which is not part of its package. */
const PLAYER = `<!doctype html><meta charset="utf-8" /><link rel="icon" href="data:," />
<div id="screen" style="width: 64px; height: 64px"></div>
<script src="recording.js"></script>
<script type="module">
  import RFB from './core/rfb.js';
  const nothing = () => {};
  const handlers = { onopen: nothing, onmessage: nothing, onerror: nothing, onclose: nothing };
  const state = { binaryType: 'arraybuffer', protocol: '', readyState: 'open' };
  const channel = { ...state, ...handlers, send: nothing, close: nothing };
  const rfb = new RFB(document.getElementById('screen'), channel);
  window.seen = [];
  rfb.addEventListener('desktopname', (event) => seen.push(event.detail.name));
  for (const frame of VNC_frame_data) {
    if (frame === 'EOF') break;
    if (frame[0] === '}') continue;
    const start = frame.indexOf('{', 1) + 1;
    const bytes = Uint8Array.from(frame.slice(start), (character) => character.charCodeAt(0));
    channel.onmessage({ data: bytes });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  window.pixel = () => [...document.querySelector('canvas').getContext('2d').getImageData(3, 3, 1, 1).data];
</script>`;

suite('a recording in noVNC', { needs: ['chromium'] }, () => {
  test('shows the screen that was recorded', async () => {
    const root = tempDir();
    const { config } = resolveConfig({ listen: '127.0.0.1:0', target: `127.0.0.1:${await startVnc()}`, web: root });
    const listeners = config.listeners.map((listener) => ({
      ...listener,
      routes: listener.routes.map((route) => ({ ...route, record: { path: join(root, 'session') } })),
    }));
    const server = new BridgeServer({ ...config, listeners });
    atTestEnd(() => server.close(0));
    let ended = '';
    server.on('record:end', ({ file }) => (ended = file));
    await server.listen();
    const { url } = server.addresses[0]!;

    const client = await WsClient.open(url.replace(/^http/, 'ws'));
    let expected = 0;
    for (const [answer, bytes] of [
      ['RFB 003.008\n', 12],
      ['\u0001', 2],
      ['\u0001', 4],
      ['\u0003', serverInit().length],
    ] as const) {
      expected += bytes;
      await client.receive(expected);
      client.send(Buffer.from(answer));
    }
    await client.receive(expected + screen().length);
    await client.close();
    await until('the recording is closed', () => ended !== '');

    writeFileSync(join(root, 'recording.js'), readFileSync(ended));
    writeFileSync(join(root, 'index.html'), PLAYER);
    for (const part of ['core', 'vendor']) cpSync(join(NOVNC, part), join(root, part), { recursive: true });
    const browser = await launchBrowser();
    atTestEnd(() => browser.close());
    const { page, complaints } = await watchedPage(await browser.newContext());
    await page.goto(url);
    await until('the recording was played', async () => {
      expect(complaints).toEqual([]);
      return page.evaluate('typeof window.pixel === "function"');
    });
    await until('the screen has its colour', async () => {
      const [red, green, blue] = (await page.evaluate('window.pixel()')) as number[];
      return red === COLOUR[0] && green === COLOUR[1] && blue === COLOUR[2];
    });
    expect(await page.evaluate('window.seen')).toEqual(["it's \\ {mine}"]);
    expect(complaints).toEqual([]);
  });
});
