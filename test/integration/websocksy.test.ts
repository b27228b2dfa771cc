import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BridgeProcess, runBridge, spawnBridge } from '../support/bridge-process.ts';
import { Child } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { dnsQuery, readDnsAnswer, startDnsServer } from '../support/dns-server.ts';
import { suite } from '../support/packages.ts';
import { BINARY, clientFrame, CONTINUATION, handshakeRequest, RawClient, TEXT } from '../support/raw-client.ts';
import { echo, TcpTarget } from '../support/tcp-target.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/wait.ts';
import { startWebsocksy, type Websocksy } from '../support/websocksy.ts';
import { WsClient } from '../support/ws-client.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'));

/** Starts it with the options of the default backend. */
const startDefault = (options: Readonly<Record<string, string | number>>): Promise<Websocksy> =>
  startWebsocksy(Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]));

/** Starts it with a config file, in the directory of that file. */
async function startFile(text: string, directory: string = tempDir()): Promise<Websocksy> {
  writeFileSync(join(directory, 'websocksy.conf'), text);
  return startWebsocksy(['websocksy.conf'], directory);
}

/** The subprotocol that a client and the bridge agree on. */
const agreed = async (url: string, protocols: string[]): Promise<string> =>
  (await WsClient.open(url, { protocols })).ws.protocol;

/** The status that a client gets. */
async function statusOf(url: string, protocols: string[] = []): Promise<number> {
  const client = new WsClient(url, { protocols });
  const [, response] = (await once(client.ws, 'unexpected-response')) as [unknown, { statusCode: number }];
  return response.statusCode;
}

const part = (index: number): Buffer => Buffer.alloc(50_000, index);

/** The directories of reply addresses that there are. */
const replies = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('bascule-reply-'));

/** Starts socat, and waits for its socket. */
async function socat(path: string, ...args: readonly string[]): Promise<void> {
  const child = new Child('socat', args);
  atTestEnd(() => child.stop('SIGKILL'));
  await until('socat has its socket', () => existsSync(path));
}

describe('websocksy with its default backend', () => {
  test('bridges to a bare host with a port, as text where it is text', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startDefault({ host: '127.0.0.1', port: target.port });
    const client = await WsClient.open(bridge.url);
    client.send('grüße');
    await client.receive(7);
    client.send(Buffer.from([0xff, 0x00, 0xfe]));
    await client.receive(10);
    expect(client.messages).toEqual([
      { data: Buffer.from('grüße'), binary: false },
      { data: Buffer.from([0xff, 0x00, 0xfe]), binary: true },
    ]);
    expect(client.ws.protocol).toBe('');
    expect(await client.close()).toMatchObject({ code: 1000 });
  });

  test('takes the port beside the host for that in it', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startDefault({ host: 'tcp://127.0.0.1:1', port: target.port });
    const client = await WsClient.open(bridge.url);
    client.send('hello');
    expect((await client.receive(5)).toString()).toBe('hello');
  });

  test('has a protocol, all of them, or none', async () => {
    const target = await TcpTarget.listen(echo);
    const peer = { host: '127.0.0.1', port: target.port };
    const [none, one, any] = await Promise.all([
      startDefault(peer),
      startDefault({ ...peer, protocol: 'chat' }),
      startDefault({ ...peer, protocol: '*' }),
    ]);
    expect(await statusOf(none.url, ['chat'])).toBe(404);
    expect(none.refused).toMatchObject([{ code: 'SUBPROTOCOL_REFUSED', detail: 'chat' }]);
    expect(await statusOf(one.url, ['vnc', 'Chat'])).toBe(404);
    expect(await agreed(one.url, ['vnc', 'chat'])).toBe('chat');
    expect(await agreed(any.url, ['vnc', 'chat'])).toBe('vnc');
    for (const { url } of [none, one, any]) expect((await WsClient.open(url)).ws.protocol).toBe('');
  });

  test('has the config file, the framing and the ping of websocksy', async () => {
    const target = await TcpTarget.listen((socket) => {
      socket.write('one\r\ntwo\r\nthr');
      socket.once('data', () => socket.end('ee\r\n'));
    });
    const bridge = await startFile(`
      # one peer
      [core]
      listen = 127.0.0.1
      port = 0
      ping = 1
      [backend]
      host = 127.0.0.1
      port = ${target.port}
      framing = newline
      framing-config = crlf
    `);
    const client = await WsClient.open(bridge.url);
    let pings = 0;
    client.ws.on('ping', () => (pings += 1));
    await until('two lines have come', () => client.messages.length === 2);
    await until('a ping has come', () => pings > 0);
    client.send('more');
    expect(await client.whenClosed()).toMatchObject({ code: 1000 });
    expect(client.messages.map(({ data, binary }) => [data.toString(), binary])).toEqual([
      ['one\r\n', false],
      ['two\r\n', false],
      ['three\r\n', false],
    ]);
  });

  test.runIf(hasIpv6)('listens on every address of both families by itself (needs: IPv6)', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await spawnBridge(['websocksy', '-p', '0', '-c', 'host=127.0.0.1', '-c', `port=${target.port}`]);
    atTestEnd(() => bridge.stop('SIGKILL'));
    for (const host of ['127.0.0.1', '[::1]']) {
      const client = await WsClient.open(`ws://${host}:${bridge.port}/`);
      client.send('hello');
      expect((await client.receive(5)).toString()).toBe('hello');
    }
  });

  test('is called by its name', async () => {
    const directory = tempDir();
    const made = await runBridge(['link', 'websocksy', '--dir', directory]);
    expect(made).toMatchObject({ code: 0, stdout: `${join(directory, 'websocksy')}\n` });
    const target = await TcpTarget.listen(echo);
    const args = ['-l', '127.0.0.1', '-p', '0', '-c', `host=tcp://${target.address}`];
    const child = new Child(process.execPath, [join(directory, 'websocksy'), ...args]);
    atTestEnd(() => child.stop('SIGKILL'));
    const [url] = await child.waitForOutput(/http:\/\/[\d.]+:\d+\//);
    const client = await WsClient.open(new BridgeProcess(child, url).url);
    client.send('hello');
    expect((await client.receive(5)).toString()).toBe('hello');
  });

  test('says what is wrong, and ends with status 2', async () => {
    const nothing = await runBridge(['websocksy']);
    expect(nothing).toMatchObject({ code: 2, stdout: '' });
    expect(nothing.stderr).toMatch(
      /^Usage: websocksy .*\n.*CONFIG_FILE\nbascule: error USAGE: the default backend has no host/,
    );
    const cwd = tempDir();
    writeFileSync(join(cwd, 'bad.conf'), '[core]\nport = 99999\n[backend]\nhost = tcp://vm\n');
    const file = await runBridge(['websocksy', 'bad.conf'], { cwd });
    expect(file).toMatchObject({ code: 2, stdout: '' });
    expect(file.stderr).toMatch(/^bascule: error CONFIG_INVALID: bad\.conf:2: port: '99999' is no port; give a number/);
  });
});

describe('what went wrong with websocksy goes right here:', () => {
  test('messages in fragments and over 16 KiB get through, at once', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startDefault({ host: '127.0.0.1', port: target.port, framing: 'binary' });
    const client = await RawClient.open(bridge.port);
    client.write(clientFrame(part(1), { fin: false, opcode: BINARY }));
    client.write(clientFrame(part(2), { fin: false, opcode: CONTINUATION }));
    client.write(clientFrame(part(3), { opcode: CONTINUATION }));
    client.write(clientFrame(part(4)));
    const all = Buffer.concat([1, 2, 3, 4].map((index) => part(index)));
    expect((await client.readPayload(all.length)).equals(all)).toBe(true);
  });

  test('names of headers in any case are understood', async () => {
    const target = await TcpTarget.listen(echo);
    const bridge = await startDefault({ host: '127.0.0.1', port: target.port });
    for (const change of [(head: string) => head.toLowerCase(), (head: string) => head.toUpperCase()]) {
      const client = new RawClient(bridge.port);
      const request = handshakeRequest(bridge.port).replaceAll(/^[\w-]+(?=:)/gm, change);
      client.write(request);
      expect(await client.readHead()).toMatch(/^HTTP\/1\.1 101 /);
      client.write(clientFrame('hello', { opcode: TEXT }));
      expect((await client.readPayload(5)).toString()).toBe('hello');
    }
  });

  test('a round trip does not wait for anything', async () => {
    const target = await TcpTarget.listen((socket) => {
      let asked = '';
      socket.on('data', (data: Buffer) => {
        asked += data.toString();
        if (!asked.endsWith('ab')) return;
        // Nobody has anything to say before both have come, so with Nagle's algorithm the second one is late, both ways.
        socket.write('<');
        setImmediate(() => socket.write('>'));
      });
    });
    const bridge = await startDefault({ host: '127.0.0.1', port: target.port });
    const client = await RawClient.open(bridge.port);
    const times: number[] = [];
    for (let round = 0; round < 40; round++) {
      const start = performance.now();
      client.write(clientFrame('a', { opcode: TEXT, fin: false }));
      client.write(clientFrame('b', { opcode: CONTINUATION }));
      let answer = '';
      while (!answer.endsWith('>')) answer += (await client.readPayload(1)).toString();
      times.push(performance.now() - start);
    }
    // With Nagle's algorithm every round takes 40 ms and more; without, only those in which the machine is busy do.
    expect(times.toSorted((x, y) => x - y)[10]).toBeLessThan(35);
  });

  test('a client that reads nothing stops nobody else, and a slow target loses nothing', async () => {
    const flood = Buffer.alloc(8 * 1024 * 1024, 'x');
    const target = await TcpTarget.listen((socket) => {
      if (target.sockets.length === 1) socket.write(flood);
      else setTimeout(() => echo(socket), 500);
    });
    const bridge = await startDefault({ host: '127.0.0.1', port: target.port });
    const stuck = await RawClient.open(bridge.port);
    stuck.socket.pause();
    await target.connection(0);
    const client = await WsClient.open(bridge.url);
    client.send(flood);
    expect((await client.receive(flood.length, 20_000)).equals(flood)).toBe(true);
  });
});

describe('websocksy with datagrams', () => {
  test('makes one datagram of one message, both ways', async () => {
    const sizes: number[] = [];
    const socket = createSocket('udp4');
    socket.on('message', (data, { port, address }) => {
      sizes.push(data.length);
      socket.send(data, port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    atTestEnd(() => socket.close());
    const bridge = await startDefault({ host: 'udp://127.0.0.1', port: socket.address().port });
    const client = await RawClient.open(bridge.port);
    client.write(
      Buffer.concat([clientFrame('one', { opcode: TEXT }), clientFrame(''), clientFrame(Buffer.from([0xff, 0xfe]))]),
    );
    client.write(clientFrame('in ', { fin: false }));
    client.write(clientFrame('parts', { opcode: CONTINUATION }));
    const frames = [];
    for (let index = 0; index < 4; index++) frames.push(await client.readFrame());
    expect(frames.map(({ opcode, payload }) => [opcode, payload.toString('latin1')])).toEqual([
      [TEXT, 'one'],
      [TEXT, ''],
      [BINARY, '\xFF\xFE'],
      [TEXT, 'in parts'],
    ]);
    expect(sizes).toEqual([3, 0, 2, 8]);
    client.write(clientFrame(Buffer.alloc(70_000)));
    expect(await client.readClose()).toMatchObject({ code: 1009 });
  });

  test('asks a name server', async () => {
    const port = await startDnsServer({ 'bridge.example.com': '192.0.2.7' });
    const bridge = await startDefault({ host: 'udp://localhost', port, framing: 'binary' });
    const client = await WsClient.open(bridge.url);
    client.send(dnsQuery(0x1234, 'bridge.example.com'));
    client.send(dnsQuery(0x5678, 'other.example.com'));
    await until('two answers have come', () => client.messages.length === 2);
    expect(client.messages.map(({ data, binary }) => [readDnsAnswer(data), binary])).toEqual([
      [{ id: 0x1234, code: 0, address: '192.0.2.7' }, true],
      [{ id: 0x5678, code: 3, address: null }, true],
    ]);
  });
});

suite('websocksy with socat on Unix sockets', { needs: ['socat'] }, () => {
  test('by a stream', async () => {
    const directory = tempDir();
    const path = join(directory, 'app.sock');
    await socat(path, `UNIX-LISTEN:${path},fork`, 'PIPE');
    const file = await startFile(
      '[core]\nlisten = 127.0.0.1\nport = 0\n[backend]\nhost = unix://app.sock\n',
      directory,
    );
    for (const bridge of [await startDefault({ host: `unix://${path}`, port: 7 }), file]) {
      const client = await WsClient.open(bridge.url);
      const text = 'some line of text\n'.repeat(5000);
      client.send(text);
      expect((await client.receive(text.length)).toString()).toBe(text);
      expect(await client.close()).toMatchObject({ code: 1000 });
    }
  });
});

suite('websocksy with socat on Unix datagram sockets', { needs: ['socat', 'cc', 'C headers'] }, () => {
  test('by datagrams, and leaves no reply address behind', async () => {
    const path = join(tempDir(), 'app.sock');
    await socat(path, `UNIX-RECVFROM:${path},fork`, 'EXEC:"tr a-z A-Z"');
    const before = new Set(replies());
    const bridge = await startDefault({ host: `unix-dgram://${path}` });
    const client = await WsClient.open(bridge.url);
    const words = ['one', 'two and two', 'x'.repeat(3000)];
    for (const [index, word] of words.entries()) {
      client.send(word);
      await until(`answer ${index + 1} has come`, () => client.messages.length === index + 1);
    }
    expect(client.messages.map(({ data }) => data.toString())).toEqual(words.map((word) => word.toUpperCase()));
    expect(replies().filter((name) => !before.has(name)).length).toBeGreaterThan(0);
    await client.close();
    await until('the reply address is removed', () => replies().every((name) => before.has(name)));
  });
});
