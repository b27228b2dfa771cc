import { readdirSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atTestEnd } from '../support/cleanup.ts';
import { Child } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { suite } from '../support/packages.ts';
import { RedisServer } from '../support/redis.ts';
import { TcpTarget } from '../support/tcp-target.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

interface Example {
  readonly child: Child;
  /** As it was printed. */
  readonly address: string;
  readonly port: number;
}

/** Runs an example as its README says, on a port of its own, until the test ends. */
async function start(file: string, env: Record<string, string> = {}): Promise<Example> {
  const child = new Child(process.execPath, [`${EXAMPLES}${file}`], {
    env: { ...process.env, LISTEN: '127.0.0.1:0', PORT: '0', ...env },
  });
  atTestEnd(() => child.stop('SIGKILL'));
  const [, address = ''] = await child.waitForOutput(/: ((?:ws|http):\/\/\S+)\n/);
  return { child, address, port: Number(new URL(address).port) };
}

/** Ends an example as a terminal does; it has to go by itself, and well. */
async function stopped({ child }: Example): Promise<void> {
  expect(await child.stop('SIGINT')).toEqual({ code: 0, signal: null });
}

/** Everything a client was sent so far, as text. */
const texts = ({ messages }: WsClient): string[] => messages.map(({ data }) => data.toString());

test('every example says how to run it, and is run by a test', () => {
  const self = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  const folders = readdirSync(EXAMPLES).filter((folder) => folder !== 'plugins');
  expect(folders.length).toBeGreaterThanOrEqual(5);
  for (const folder of folders) {
    expect(existsSync(`${EXAMPLES}${folder}/README.md`)).toBe(true);
    const readme = readFileSync(`${EXAMPLES}${folder}/README.md`, 'utf8');
    const [, file] = /^node examples\/(\S+\.mjs)/m.exec(readme) ?? [];
    expect(self).toContain(`start('${file}'`);
    expect(existsSync(`${EXAMPLES}${file}`)).toBe(true);
  }
});

describe('the echo server', () => {
  test('sends back text as text and bytes as bytes, in at most twenty lines', async () => {
    const example = await start('echo-server/echo-server.mjs');
    const client = await WsClient.open(example.address);
    client.send('héllo');
    client.send(Buffer.of(0, 255));
    await until('both came back', () => client.messages.length === 2);
    expect(client.messages).toEqual([
      { data: Buffer.from('héllo'), binary: false },
      { data: Buffer.of(0, 255), binary: true },
    ]);
    const lines = readFileSync(`${EXAMPLES}echo-server/echo-server.mjs`, 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(20);
    await stopped(example);
    expect(await client.whenClosed()).toMatchObject({ code: 1001 });
  });
});

describe('the chat', () => {
  test('brings what is said to all in the room, and to no other room', async () => {
    const example = await start('chat/chat.mjs');
    const enter = (room: string, name: string): Promise<WsClient> =>
      WsClient.open(new URL(`/rooms/${room}?name=${name}`, example.address.replace('http', 'ws')).href);
    const ann = await enter('a', 'ann');
    const bob = await enter('a', 'bob');
    const eve = await enter('b', 'eve');
    await until('ann knows of bob', () => ann.messages.length === 2);
    ann.send('hello <b>');
    await until('bob has heard', () => bob.messages.length === 2);
    expect(texts(ann).map((text) => JSON.parse(text))).toEqual([
      { from: 'ann', joined: ['ann'] },
      { from: 'bob', joined: ['ann', 'bob'] },
      { from: 'ann', text: 'hello <b>' },
    ]);
    expect(await (await enter('a', 'bob')).whenClosed()).toEqual({ code: 4001, reason: 'that name is taken' });
    bob.ws.terminate();
    await until('ann knows that bob has left', () => ann.messages.length === 4);
    expect(texts(ann)[3]).toBe('{"from":"bob","left":["ann"]}');
    ann.send(Buffer.of(1));
    expect(await ann.whenClosed()).toEqual({ code: 1003, reason: 'text only' });
    expect(texts(eve)).toEqual(['{"from":"eve","joined":["eve"]}']);
    eve.send('x'.repeat(5000));
    expect(await eve.whenClosed()).toMatchObject({ code: 1009 });
    await stopped(example);
  });

  test('sends a member away who reads too slowly; the others miss nothing', async () => {
    const example = await start('chat/chat.mjs');
    const room = `${example.address.replace('http', 'ws')}rooms/a?name=`;
    const [talker, slow] = [await WsClient.open(`${room}talker`), await WsClient.open(`${room}slow`)];
    slow.ws.pause();
    let said = 0;
    const gone = (): boolean => texts(talker).some((text) => text.includes('"left"'));
    while (!gone() && said < 20_000) {
      // Faster than this and the server would rightly have it wait.
      for (let i = 0; i < 50; i++) talker.send(String(said++).padEnd(4000, '.'));
      await until('it is heard', () => talker.messages.length >= said, 30_000);
    }
    slow.ws.resume();
    expect(await slow.whenClosed(30_000)).toEqual({ code: 4008, reason: 'too slow' });
    await until('the talker is told', gone);
    const numbers = texts(talker).flatMap((text) => /"text":"(\d+)/.exec(text)?.[1] ?? []);
    expect(numbers).toEqual(Array.from({ length: said }, (_, index) => String(index)));
    await stopped(example);
  }, 60_000);

  test('serves its page', async () => {
    const example = await start('chat/chat.mjs');
    const page = await fetch(example.address);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<title>Chat</title>');
    await stopped(example);
  });
});

suite('the protocol translator', { needs: ['redis-server'] }, () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  const translator = (env: Record<string, string> = {}): Promise<Example> =>
    start('protocol-translator/redis.mjs', { REDIS_PORT: String(redis.port), ...env });

  test('speaks Redis for those who speak JSON', async () => {
    const example = await translator();
    const client = await WsClient.open(example.address);
    const commands = [
      ['SET', 'greeting', 'hällo\r\n$3'],
      ['GET', 'greeting'],
      ['INCR', 'greeting'],
      ['RPUSH', 'list', 'a', '', 'c'],
      ['LRANGE', 'list', '0', '-1'],
      ['GET', 'nothing'],
      ['HGETALL', 'nothing'],
      ['SET', 'large', 'x'.repeat(300_000)],
      ['GET', 'large'],
    ];
    for (const command of commands) client.send(JSON.stringify(command));
    await until('all are answered', () => client.messages.length === commands.length);
    expect(texts(client).map((text) => JSON.parse(text))).toEqual([
      { reply: 'OK' },
      { reply: 'hällo\r\n$3' },
      { error: 'ERR value is not an integer or out of range' },
      { reply: 3 },
      { reply: ['a', '', 'c'] },
      { reply: null },
      { reply: [] },
      { reply: 'OK' },
      { reply: 'x'.repeat(300_000) },
    ]);
    expect(client.messages.every(({ binary }) => !binary)).toBe(true);
    await stopped(example);
  });

  test('lets nothing through that is not allowed or no command', async () => {
    const example = await translator();
    for (const [message, code, reason] of [
      ['["flushall"]', 4003, 'flushall is not allowed'],
      ['{}', 4000, 'send a JSON array of strings'],
      ['[', 4000, 'send a JSON array of strings'],
      [Buffer.from('["PING"]'), 4000, 'send a JSON array of strings'],
    ] as const) {
      const client = await WsClient.open(example.address);
      client.send(message);
      expect(await client.whenClosed()).toEqual({ code, reason });
    }
    await stopped(example);
  });

  test('has the last command of a client carried out that leaves at once', async () => {
    const example = await translator();
    const leaving = await WsClient.open(example.address);
    for (let i = 0; i < 2000; i++) leaving.send('["INCR", "counter"]');
    leaving.ws.close(1000);
    await leaving.whenClosed();
    const client = await WsClient.open(example.address);
    const counter = async (): Promise<string | undefined> => {
      const before = client.messages.length;
      client.send('["GET", "counter"]');
      await until('it is answered', () => client.messages.length > before);
      return texts(client).at(-1);
    };
    await expect.poll(counter, { timeout: 10_000 }).toBe('{"reply":"2000"}');
    await stopped(example);
  });

  test('tells its clients when Redis is out of reach, and takes only the origin it was given', async () => {
    const lonely = await translator({ REDIS_PORT: String(await freePort()) });
    const client = await WsClient.open(lonely.address);
    expect(await client.whenClosed()).toEqual({ code: 1011, reason: 'Redis is out of reach' });
    await stopped(lonely);

    const guarded = await translator({ ORIGIN: 'https://app.example.com' });
    await expect(WsClient.open(guarded.address, { origin: 'https://evil.example' })).rejects.toThrow(/403/);
    const welcome = await WsClient.open(guarded.address, { origin: 'https://app.example.com' });
    welcome.send('["PING"]');
    await until('it is answered', () => texts(welcome)[0] === '{"reply":"PONG"}');
    await stopped(guarded);
  });
});

describe('the protocol translator before something that is not Redis', () => {
  test.each([
    '$abc\r\n',
    '$-2\r\n',
    '$1e3\r\n',
    '$99999999999\r\n',
    '*abc\r\n',
    '*1\r\n$NaN\r\n',
    ':one\r\n',
    '$\r\n',
    'hi\r\n',
  ])('ends the session at %j, and serves the next one', async (reply) => {
    const target = await TcpTarget.listen((socket) => socket.on('data', () => socket.write(reply)));
    const example = await start('protocol-translator/redis.mjs', { REDIS_PORT: String(target.port) });
    for (let visit = 0; visit < 2; visit++) {
      const client = await WsClient.open(example.address);
      client.send('["PING"]');
      expect(await client.whenClosed()).toEqual({ code: 1011, reason: 'Redis is out of reach' });
      expect(client.messages).toEqual([]);
    }
    await stopped(example);
  });

  test('passes on numbers that JavaScript cannot hold as text', async () => {
    const reply = ':42\r\n:-7\r\n:9223372036854775807\r\n*-1\r\n';
    const target = await TcpTarget.listen((socket) => socket.once('data', () => socket.write(reply)));
    const example = await start('protocol-translator/redis.mjs', { REDIS_PORT: String(target.port) });
    const client = await WsClient.open(example.address);
    client.send('["PING"]');
    await until('all have come', () => client.messages.length === 4);
    expect(texts(client)).toEqual([
      '{"reply":42}',
      '{"reply":-7}',
      '{"reply":"9223372036854775807"}',
      '{"reply":null}',
    ]);
    target.sockets[0]?.end();
    await stopped(example);
  });
});

describe('the Express app', () => {
  test('has its routes and the WebSocket on one port', async () => {
    const example = await start('express/server.mjs');
    const sessions = async (): Promise<unknown> => (await fetch(`${example.address}sessions`)).json();
    expect(await (await fetch(example.address)).text()).toMatch(/^The WebSocket is at \/ws/);
    expect(await sessions()).toEqual([]);
    const client = await WsClient.open(`${example.address.replace('http', 'ws')}ws`);
    client.send('echo through the bridge\r\n');
    await until('the target has answered', () => client.data.toString().includes('through the bridge\r\n'));
    // Everybody may ask, and learns no address.
    expect(await sessions()).toEqual([{ id: 1, bytesIn: 25, bytesOut: client.received }]);
    await expect(WsClient.open(`${example.address.replace('http', 'ws')}other`)).rejects.toThrow(/404/);
    expect((await fetch(`${example.address}nowhere`)).status).toBe(404);
    await stopped(example);
    expect(await client.whenClosed()).toMatchObject({ code: 1001 });
    expect(example.child.output).toContain('session 1 ended with 1001');
  });
});

describe('the Fastify app', () => {
  test('tells every open WebSocket what is posted', async () => {
    const example = await start('fastify/server.mjs');
    const address = `${example.address.replace('http', 'ws').replace(/\/?$/, '/')}ws`;
    const clients = [await WsClient.open(address), await WsClient.open(address)];
    const post = async (): Promise<Response> =>
      fetch(new URL('/events', example.address), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{"kettle":"boils"}',
      });
    const posted = await post();
    expect([posted.status, await posted.json()]).toEqual([202, { listeners: 2, reached: 2 }]);
    await until('both have heard', () => clients.every(({ messages }) => messages.length === 1));
    expect(clients.map((client) => texts(client))).toEqual([['{"kettle":"boils"}'], ['{"kettle":"boils"}']]);
    clients[0]!.send('may I?');
    expect(await clients[0]!.whenClosed()).toEqual({ code: 1003, reason: 'only listen here' });
    await until('one is left', async () => ((await (await post()).json()) as { listeners: number }).listeners === 1);
    expect(await (await fetch(example.address)).text()).toMatch(/^The WebSocket is at \/ws/);
    await stopped(example);
    expect(await clients[1]!.whenClosed()).toMatchObject({ code: 1001 });
  });

  test('lets a client that does not read miss what it has no room for', async () => {
    const example = await start('fastify/server.mjs');
    const client = await WsClient.open(`ws://127.0.0.1:${example.port}/ws`);
    client.ws.pause();
    let reached = 1;
    for (let i = 0; i < 1000 && reached === 1; i++) {
      const body = JSON.stringify('x'.repeat(60_000));
      const headers = { 'Content-Type': 'application/json' };
      const posted = await fetch(new URL('/events', example.address), { method: 'POST', headers, body });
      ({ reached } = (await posted.json()) as { reached: number });
    }
    expect(reached).toBe(0);
    client.ws.resume();
    await stopped(example);
  });
});
