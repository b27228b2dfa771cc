import { expect, test } from 'vitest';
import { crc32 } from 'node:zlib';
import { spawnBridge, type BridgeProcess, runBridge } from '../support/bridge-process.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { WsClient } from '../support/ws-client.ts';

async function start(...args: readonly string[]): Promise<BridgeProcess> {
  const bridge = await spawnBridge(args);
  atTestEnd(() => bridge.stop('SIGKILL'));
  return bridge;
}

test('bascule wsecho gives back what it gets, and serves the pages', async () => {
  const bridge = await start('wsecho', '127.0.0.1:0');
  const client = await WsClient.open(bridge.url);
  client.send('hello');
  expect((await client.receive(5)).toString()).toBe('hello');
  await client.close();
  const page = await fetch(new URL('diagnostics.html', bridge.openUrl));
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('Diagnostics');
});

test('bascule wstest checks what it gets and sends what it is told to', async () => {
  const bridge = await start('wstest', '0', '10');
  expect(bridge.output).toContain('DELAY has no effect');
  expect(bridge.output).toMatch(/only this machine can connect; to let others in: wstest 0\.0\.0\.0:\d+/);
  const client = await WsClient.open(new URL('any/path', bridge.url).href);
  const greeting = await client.receive(27);
  expect(greeting.toString()).toBe('bascule-load 1 max=1048576\n');
  const payload = Buffer.from('some payload');
  client.send(Buffer.concat([Buffer.from(`data 0 12 ${crc32(payload).toString(16).padStart(8, '0')}\n`), payload]));
  client.send(`data 1 12 00000000\n${payload.toString()}`);
  client.send('send data size=100 count=3\nreport\n');
  const expected = 'report messages=2 bytes=24 errors=1 counted=0\n';
  const lines = (await client.receive(27 + expected.length + 400)).toString('latin1');
  expect(lines).toContain('error checksum record 1 was damaged\n');
  expect(lines).toContain(expected);
  expect(lines).toContain('data 0 100 ');
  await client.close();
  expect((await bridge.stop('SIGTERM')).code).toBe(0);
});

test('a mistake in a record ends the session with a word about it', async () => {
  const bridge = await start('wstest', '127.0.0.1:0');
  const client = await WsClient.open(bridge.url);
  client.send('data 0 0 0\n');
  expect(await client.whenClosed()).toMatchObject({ code: 1000 });
  expect(client.data.toString()).toContain('error form the line of a data record is malformed');
});

test('a mistake in the command line shows how it is written', async () => {
  const { code, stderr } = await runBridge(['wsecho']);
  expect(code).toBe(2);
  expect(stderr).toContain('Usage: wsecho [options] [source_addr:]PORT');
  expect(stderr).toContain('the port to listen on is missing');
});
