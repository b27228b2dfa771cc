import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { BridgeEvents } from '../../src/observe/events.ts';
import { BridgeServer } from '../../src/server/bridge-server.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { parseRecording, recordedBytes } from '../support/recording-file.ts';
import { echo, sha256, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

interface Bench {
  readonly server: BridgeServer;
  readonly url: string;
  readonly errors: BridgeEvents['record:error'][];
  readonly ended: string[];
}

/** A bridge in this process whose sessions are recorded. */
async function startRecorded(target: string, path: string, subprotocols?: readonly string[]): Promise<Bench> {
  const { config } = resolveConfig({ listen: '127.0.0.1:0', target });
  const listeners = config.listeners.map((listener) => ({
    ...listener,
    routes: listener.routes.map((route) => ({
      ...route,
      record: { path },
      subprotocols: subprotocols ?? route.subprotocols,
    })),
  }));
  const server = new BridgeServer({ ...config, listeners });
  atTestEnd(() => server.close(0));
  const errors: BridgeEvents['record:error'][] = [];
  const ended: string[] = [];
  server.on('record:error', (event) => errors.push(event));
  server.on('record:end', ({ file }) => ended.push(file));
  await server.listen();
  return { server, url: server.addresses[0]!.url.replace(/^http/, 'ws'), errors, ended };
}

/** Sends data in messages of random sizes and waits until all of it has come back. */
async function echoAll(client: WsClient, data: Buffer, encode: (message: Buffer) => Buffer | string): Promise<void> {
  let expected = 0;
  for (let at = 0; at < data.length;) {
    const message = data.subarray(at, at + randomInt(1, 100_000));
    client.send(encode(message));
    at += message.length;
    expected += message.length;
  }
  const decoded = (): number =>
    client.messages.reduce(
      (sum, { data: payload, binary }) =>
        sum + (binary ? payload.length : Buffer.from(payload.toString('latin1'), 'base64').length),
      0,
    );
  await until('everything has come back', () => decoded() === expected);
}

describe('the recording of a session', () => {
  test.each([
    ['binary', 'binary', (message: Buffer) => message],
    ['base64', 'base64', (message: Buffer) => message.toString('base64')],
  ])('holds exactly what was relayed: %s', async (_name, subprotocol, encode) => {
    const dir = tempDir();
    const target = await TcpTarget.listen(echo);
    const { url, ended } = await startRecorded(target.address, join(dir, 'rec'), ['binary', 'base64']);
    const client = await WsClient.open(url, { protocols: [subprotocol] });
    const data = randomBytes(3_000_000);
    await echoAll(client, data, encode);
    await client.close();
    await until('the recording is closed', () => ended.length === 1);
    expect(ended).toEqual([join(dir, 'rec.1')]);
    expect(statSync(join(dir, 'rec.1')).mode & 0o777).toBe(0o600);
    const frames = parseRecording(readFileSync(join(dir, 'rec.1'), 'latin1'));
    expect(sha256(recordedBytes(frames, 'client'))).toBe(sha256(data));
    expect(sha256(recordedBytes(frames, 'target'))).toBe(sha256(data));
    const times = frames.map(({ time }) => time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('is a file of its own for each session, and none is overwritten', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'rec.1'), 'from an earlier run');
    const target = await TcpTarget.listen(echo);
    const { url, ended } = await startRecorded(target.address, join(dir, 'rec'));
    for (const [index, word] of ['one', 'two'].entries()) {
      const client = await WsClient.open(url);
      client.send(Buffer.from(word));
      await client.receive(3);
      await client.close();
      // Files are opened while a session goes on: beside the first, the second might take its number.
      await until('its recording is closed', () => ended.length === index + 1);
    }
    expect(readdirSync(dir).toSorted()).toEqual(['rec.1', 'rec.2', 'rec.3']);
    expect(readFileSync(join(dir, 'rec.1'), 'utf8')).toBe('from an earlier run');
    const said = ['rec.2', 'rec.3'].map((name) =>
      recordedBytes(parseRecording(readFileSync(join(dir, name), 'latin1')), 'client').toString(),
    );
    expect(said).toEqual(['one', 'two']);
  });

  test('is whole when the bridge closes', async () => {
    const dir = tempDir();
    const target = await TcpTarget.listen(echo);
    const { server, url } = await startRecorded(target.address, join(dir, 'rec'));
    const client = await WsClient.open(url);
    const data = randomBytes(500_000);
    client.send(data);
    await client.receive(data.length);
    await server.close(2000);
    const frames = parseRecording(readFileSync(join(dir, 'rec.1'), 'latin1'));
    expect(sha256(recordedBytes(frames, 'target'))).toBe(sha256(data));
    expect((await client.closed).code).toBe(1001);
  });

  test('is whole when sessions are cut off at the end', async () => {
    const dir = tempDir();
    const target = await TcpTarget.listen(echo);
    const { server, url } = await startRecorded(target.address, join(dir, 'rec'));
    const client = await WsClient.open(url);
    client.send(Buffer.from('word'));
    await client.receive(4);
    await server.close(0);
    const frames = parseRecording(readFileSync(join(dir, 'rec.1'), 'latin1'));
    expect(recordedBytes(frames, 'target').toString()).toBe('word');
  });

  test('fails without its directory, and the session does not', async () => {
    const dir = join(tempDir(), 'gone');
    mkdirSync(dir);
    const target = await TcpTarget.listen(echo);
    const { url, errors } = await startRecorded(target.address, join(dir, 'rec'));
    rmSync(dir, { recursive: true });
    const client = await WsClient.open(url);
    client.send(Buffer.from('anybody there?'));
    await client.receive(14);
    await until('the failure is told', () => errors.length === 1);
    expect(errors[0]!.error).toMatchObject({ code: 'RECORD_FAILED', message: expect.stringContaining('ENOENT') });
    expect(errors[0]!.error.message).toContain(join(dir, 'rec'));
  });

  test('survives a directory that vanishes in the middle', async () => {
    const dir = join(tempDir(), 'gone');
    mkdirSync(dir);
    const target = await TcpTarget.listen(echo);
    const { url } = await startRecorded(target.address, join(dir, 'rec'));
    const client = await WsClient.open(url);
    client.send(Buffer.from('one'));
    await client.receive(3);
    rmSync(dir, { recursive: true });
    client.send(Buffer.alloc(200_000));
    await client.receive(200_003);
    await client.close();
    expect((await client.closed).code).toBe(1000);
  });
});
