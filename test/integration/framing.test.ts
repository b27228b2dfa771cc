import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { FramingConfig, RouteConfig } from '../../src/config/model.ts';
import { startInProcess, routeTo, type InProcessBridge } from '../support/bridge-in-process.ts';
import { pluginFile } from '../support/plugin-file.ts';
import { TcpTarget } from '../support/tcp-target.ts';
import { until } from '../support/wait.ts';
import { WsClient } from '../support/ws-client.ts';
import { relayConfig } from '../unit/bridge/relay-config.ts';

interface Options {
  readonly framer?: string;
  readonly config?: string;
  readonly unframer?: string;
  readonly relay?: Partial<RouteConfig['relay']>;
  readonly subprotocols?: readonly string[];
}

/** A bridge whose one route has a framing. */
async function bridge(serve: (socket: Socket) => void, options: Options): Promise<InProcessBridge> {
  const { framer, config = null, unframer, relay = {} } = options;
  const target = await TcpTarget.listen(serve);
  const framing: FramingConfig = {
    framer: framer === undefined ? null : { name: framer, config },
    unframer: unframer === undefined ? null : { name: unframer, config },
  };
  const route = routeTo({ kind: 'tcp', host: '127.0.0.1', port: target.port });
  const subprotocols = options.subprotocols ?? route.subprotocols;
  return startInProcess({ routes: [{ ...route, framing, subprotocols, relay: relayConfig(relay) }] });
}

/** A chat of lines: everybody gets what anybody says. It writes in pieces, as networks do. */
function chat(): (socket: Socket) => void {
  const members = new Map<Socket, string>();
  return (socket) => {
    let line = '';
    members.set(socket, `guest${members.size + 1}`);
    socket.write('welcome\r\n');
    socket.on('close', () => members.delete(socket));
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (line + text).split('\r\n');
      line = lines.pop()!;
      for (const each of lines)
        for (const member of members.keys())
          for (const part of `${members.get(socket)}: ${each}\r\n`) member.write(part);
    });
    socket.on('end', () => socket.end());
  };
}

/** The codes of the errors that sessions ended with. */
function ended({ seen }: InProcessBridge): string[] {
  return seen.flatMap(({ event }) => ('end' in event && event.end.error ? [event.end.error.code] : []));
}

const texts = (client: WsClient): string[] =>
  client.messages.map(({ data, binary }) => `${binary ? 'binary ' : ''}${data.toString()}`);

describe('a chat of lines', () => {
  it('is a message for each line, both ways', async () => {
    const { url } = await bridge(chat(), { framer: 'newline', unframer: 'newline', config: 'crlf' });
    const ada = await WsClient.open(url);
    await until('ada is welcome', () => ada.messages.length === 1);
    const bob = await WsClient.open(url);
    await until('bob is welcome', () => bob.messages.length === 1);
    ada.send('grüß dich ☃');
    await until('bob has heard', () => bob.messages.length === 2);
    bob.send('hello');
    bob.send('');
    bob.send('bye');
    await until('ada has heard', () => ada.messages.length === 5);
    expect(texts(ada)).toEqual([
      'welcome\r\n',
      'guest1: grüß dich ☃\r\n',
      'guest2: hello\r\n',
      'guest2: \r\n',
      'guest2: bye\r\n',
    ]);
  });

  it('goes through the base64 subprotocol as well', async () => {
    const { url } = await bridge(chat(), {
      framer: 'newline',
      unframer: 'newline',
      config: 'crlf',
      subprotocols: ['base64'],
    });
    const client = await WsClient.open(url, { protocols: ['base64'] });
    client.send(Buffer.from('hello').toString('base64'));
    await until('it has heard itself', () => client.messages.length === 2);
    const lines = texts(client).map((text) => Buffer.from(text, 'base64').toString());
    expect(lines).toEqual(['welcome\r\n', 'guest1: hello\r\n']);
  });
});

/** Answers each line of JSON with one, pretty-printed. */
function jsonLines(socket: Socket): void {
  let line = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (line + text).split('\n');
    line = lines.pop()!;
    for (const each of lines) {
      const answer = JSON.stringify({ sum: (JSON.parse(each) as number[]).reduce((a, b) => a + b, 0) }, null, 1);
      for (const byte of Buffer.from(`${answer}\n`)) socket.write(Buffer.of(byte));
    }
  });
  socket.on('end', () => socket.end('oops\n'));
}

describe('a service of JSON lines', () => {
  it('answers in whole documents', async () => {
    const target = await TcpTarget.listen(jsonLines);
    const framing = { framer: { name: 'json', config: null }, unframer: { name: 'newline', config: null } };
    const { url } = await startInProcess({
      routes: [{ ...routeTo({ kind: 'tcp', host: '127.0.0.1', port: target.port }), framing }],
    });
    const client = await WsClient.open(url);
    for (const numbers of [[1, 2], [3], []]) client.send(JSON.stringify(numbers));
    await until('three answers', () => client.messages.length === 3);
    expect(client.messages.map(({ data }) => JSON.parse(data.toString()) as unknown)).toEqual([
      { sum: 3 },
      { sum: 3 },
      { sum: 0 },
    ]);
    expect(client.messages.every(({ binary }) => !binary)).toBe(true);
    // What is no JSON is told from it by being binary.
    (await target.connection()).end('oops\n');
    expect(await client.whenClosed()).toMatchObject({ code: 1000 });
    expect(texts(client).at(-1)).toBe('binary \noops\n');
  });
});

describe('lengths in front of messages', () => {
  it('are taken off and put on', async () => {
    // Reverses each message.
    const { url } = await bridge(
      (socket) => {
        let waiting = Buffer.alloc(0);
        socket.on('data', (chunk: Buffer) => {
          waiting = Buffer.concat([waiting, chunk]);
          while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE()) {
            const end = 2 + waiting.readUInt16BE();
            const payload = waiting.subarray(2, end).toReversed();
            socket.write(waiting.subarray(0, 2));
            socket.write(payload);
            waiting = waiting.subarray(end);
          }
        });
      },
      { framer: 'length16', unframer: 'length16' },
    );
    const client = await WsClient.open(url);
    const long = Buffer.alloc(65_535, 'abc');
    client.send(Buffer.from('abc'));
    client.send(Buffer.alloc(0));
    client.ws.send(long.subarray(0, 1000), { fin: false });
    client.ws.send(long.subarray(1000), { fin: true });
    await until('three answers', () => client.messages.length === 3);
    expect(client.messages.map(({ data }) => data.length)).toEqual([3, 0, 65_535]);
    expect(client.messages[0]!.data.toString()).toBe('cba');
    expect(client.messages[2]!.data.equals(long.toReversed())).toBe(true);
    // One byte more has no length of 16 bits.
    client.send(Buffer.alloc(65_536));
    expect(await client.whenClosed()).toMatchObject({ code: 1009 });
  });

  it('end the session when they announce more than may be', async () => {
    const { url, seen } = await bridge((socket) => socket.write(Buffer.from([0, 0, 0, 1, 65, 0, 1, 0, 1, 66])), {
      framer: 'length32',
      relay: { maxMessage: 65_536 },
    });
    const client = await WsClient.open(url);
    expect(await client.whenClosed()).toEqual({
      code: 1009,
      reason: 'A message of the target was larger than the limit.',
    });
    // What was whole before has come.
    expect(texts(client)).toEqual(['binary A']);
    await until('the end is told', () => seen.some(({ name }) => name === 'session:close'));
    const close = seen.find(({ name }) => name === 'session:close')!.event as { end: { by: string; error: Error } };
    expect(close.end).toMatchObject({ by: 'target', error: { code: 'FRAMING_LIMIT' } });
    expect(close.end.error.message).toContain('65537 bytes announced, limit 65536');
  });
});

describe('a large message', () => {
  it('of 10 MB comes whole, also to a slow client', async () => {
    const size = 10_000_000;
    const message = Buffer.alloc(size, 'x');
    message[size - 1] = 10;
    const { url, server } = await bridge((socket) => socket.end(Buffer.concat([message, message])), {
      framer: 'newline',
    });
    const client = await WsClient.open(url);
    client.ws.pause();
    // While the client reads nothing, one message may be queued, but the next one is not read into memory.
    await until('something is under way', () => [...server.sessions][0]!.bytesOut > size);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([...server.sessions][0]!.bytesOut).toBeLessThan(size + 1024 * 1024);
    client.ws.resume();
    await until('both are there', () => client.messages.length === 2, 20_000);
    expect(client.messages.every(({ data }) => data.equals(message))).toBe(true);
    expect(await client.whenClosed()).toMatchObject({ code: 1000 });
  }, 30_000);
});

const COUNTING = `
  export const apiVersion = 1;
  export function createFraming({ source, log }) {
    log.warn('made with ' + source);
    return {
      createFramer() {
        let sum = 0;
        return {
          push(chunk) {
            if (chunk.includes('bang')) throw new Error('it went off');
            if (chunk.includes('half')) return [{ type: 'text', data: Buffer.of(0xff) }];
            if (chunk.includes('later')) return Promise.resolve([]);
            sum += chunk.length;
            return [{ type: 'text', data: String(sum) }];
          },
          end: () => [{ type: 'text', data: 'end' }],
          dispose() { log.warn('over'); throw new Error('stuck'); },
        };
      },
      createUnframer: () => ({
        push({ type, data }) {
          if (data.includes('no')) throw new Error('not that');
          return type + ' ' + data + '.';
        },
      }),
    };
  }`;

/** A bridge with the plugin above in both directions. */
const start = async (): Promise<{ bridge: InProcessBridge; target: TcpTarget }> => {
  const plugin = { kind: 'plugin', module: pluginFile(COUNTING), source: 'five' } as const;
  const config = { name: 'plugin', config: null, plugin };
  const target = await TcpTarget.listen(() => {});
  const route = routeTo({ kind: 'tcp', host: '127.0.0.1', port: target.port });
  return {
    bridge: await startInProcess({ routes: [{ ...route, framing: { framer: config, unframer: config } }] }),
    target,
  };
};

describe('a plugin', () => {
  it('cuts and puts together, made once with its source', async () => {
    const { bridge: made, target } = await start();
    const client = await WsClient.open(made.url);
    const socket = await target.connection();
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    client.send('hi');
    client.send(Buffer.from('ho'));
    await until('both are there', () => Buffer.concat(received).length === 18);
    expect(Buffer.concat(received).toString()).toBe('text hi.binary ho.');
    socket.write('12345');
    await until('the count is there', () => client.messages.length === 1);
    socket.end();
    expect(await client.whenClosed()).toMatchObject({ code: 1000 });
    expect(texts(client)).toEqual(['5', 'end']);
    await WsClient.open(made.url);
    const warnings = made.seen
      .filter(({ name }) => name === 'warning')
      .map(({ event }) => (event as { message: string }).message);
    expect(warnings.filter((message) => message.includes('made with five'))).toHaveLength(1);
    expect(warnings.some((message) => message.includes('dispose failed: stuck'))).toBe(true);
  });

  it.each([
    ['throws', 'bang', 'it went off'],
    ['gives a text that is none', 'half', 'a text is not valid UTF-8'],
    ['gives a promise', 'later', 'it gave a promise, and has to answer at once'],
  ])('that %s ends that session with 1011, and no other', async (_what, trigger, message) => {
    const { bridge: made, target } = await start();
    const [victim, other] = [await WsClient.open(made.url), await WsClient.open(made.url)];
    const [first, second] = [await target.connection(0), await target.connection(1)];
    // Which of the two sockets is whose is told by who gets an answer.
    first.write('12');
    await until('one has an answer', () => victim.messages.length + other.messages.length === 1);
    const [hit, safe, safeSocket] = victim.messages.length === 1 ? [victim, other, second] : [other, victim, second];
    first.write(trigger);
    expect(await hit.whenClosed()).toMatchObject({ code: 1011 });
    await until('the end is told', () => ended(made).length > 0);
    expect(ended(made)).toEqual(['FRAMING_FAILED']);
    expect(made.told()).toContain(message);
    safeSocket.write('123');
    await until('the other works', () => safe.messages.length === 1);
    expect(texts(safe)).toEqual(['3']);
  });

  it('that throws at a message of the client ends that session with 1011', async () => {
    const { bridge: made } = await start();
    const client = await WsClient.open(made.url);
    client.send('no');
    expect(await client.whenClosed()).toMatchObject({ code: 1011 });
    await until('the end is told', () => ended(made).length > 0);
    expect(ended(made)).toEqual(['FRAMING_FAILED']);
    expect(made.told()).toContain('not that');
  });

  it('that is missing keeps the bridge from starting', async () => {
    const plugin = { kind: 'plugin', module: '/none/such.mjs', source: null } as const;
    const framing = { framer: { name: 'plugin', config: null, plugin }, unframer: null };
    const route = { ...routeTo({ kind: 'echo' }), framing };
    await expect(startInProcess({ routes: [route] })).rejects.toMatchObject({ code: 'PLUGIN_NOT_FOUND' });
  });
});
