import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Channel, type ChannelOptions, type ChannelUrl } from '../../../src/browser/channel.ts';
import type { ChannelCloseEvent, ChannelMessageEvent } from '../../../src/browser/channel-event.ts';
import { fakeWebSockets, type FakeWebSocket } from './fake-web-socket.ts';

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A channel, what it told, and the WebSockets behind it. */
interface Setup {
  readonly channel: Channel;
  readonly made: readonly FakeWebSocket[];
  /** The last WebSocket. */
  readonly fake: () => FakeWebSocket;
  /** The events in order, with what matters of them. */
  readonly told: unknown[];
}

function make(options: ChannelOptions = {}, url: ChannelUrl = 'ws://bridge.test/'): Setup {
  const { WebSocket, made } = fakeWebSockets();
  const channel = new Channel(url, { WebSocket, ...options });
  const told: unknown[] = [];
  channel.addEventListener('open', () => told.push('open'));
  channel.addEventListener('error', () => told.push('error'));
  channel.addEventListener('message', (event) => told.push((event as ChannelMessageEvent).data));
  channel.addEventListener('close', (event) => {
    const { code, reason, retryIn } = event as ChannelCloseEvent;
    told.push({ code, reason, retryIn });
  });
  return { channel, made, fake: () => made.at(-1)!, told };
}

/** A question for an address that is answered when the test wants it to. */
function question(): { readonly ask: () => Promise<string>; readonly give: ((url: string) => void)[] } {
  const give: ((url: string) => void)[] = [];
  return { ask: () => new Promise((resolve) => give.push(resolve)), give };
}

function fail(): never {
  throw new Error('of the user');
}

describe('Channel', () => {
  test('has what noVNC looks for, on itself or its direct prototype', () => {
    const { channel } = make();
    const members = new Set([
      ...Object.keys(channel),
      ...Object.getOwnPropertyNames(Object.getPrototypeOf(channel) as object),
    ]);
    for (const member of ['send', 'close', 'binaryType', 'onerror', 'onmessage', 'onopen', 'protocol', 'readyState'])
      expect(members).toContain(member);
  });

  test('has the constants of a WebSocket', () => {
    for (const it of [Channel, make().channel])
      expect([it.CONNECTING, it.OPEN, it.CLOSING, it.CLOSED]).toEqual([CONNECTING, OPEN, CLOSING, CLOSED]);
  });

  test('ends once when its error handler ends it', () => {
    const { channel, fake, told } = make({ sendLimit: 0 });
    fake().accept();
    Object.assign(channel, { onerror: () => channel.send('too much') });
    fake().dispatchEvent(new Event('error'));
    fake().end(1006);
    expect(told).toEqual(['open', { code: 1006, reason: 'Too much to send', retryIn: null }, 'error']);
  });

  test('ends when its error handler closes a connection that did not open', () => {
    const { channel, fake, told } = make({ reconnect: true });
    Object.assign(channel, { onerror: () => channel.close() });
    fake().dispatchEvent(new Event('error'));
    expect(told).toEqual(['error', { code: 1006, reason: '', retryIn: null }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('goes through the states of a WebSocket', () => {
    const { channel, fake, told } = make();
    expect([channel.readyState, channel.protocol, channel.url]).toEqual([CONNECTING, '', 'ws://bridge.test/']);
    expect(fake().offered).toEqual(['binary', 'base64']);
    expect(() => channel.send('too early')).toThrow('Not open yet');
    fake().accept();
    expect([channel.readyState, channel.protocol]).toEqual([OPEN, 'binary']);
    channel.close();
    expect(channel.readyState).toBe(CLOSING);
    channel.send('too late');
    fake().deliver('too late');
    fake().end(1000);
    expect(channel.readyState).toBe(CLOSED);
    expect(fake().sent).toEqual([]);
    expect(told).toEqual(['open', { code: 1000, reason: '', retryIn: null }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('sends nothing once the peer has closed, also before that is told', () => {
    const { channel, fake } = make();
    fake().accept().readyState = CLOSING;
    channel.send('too late');
    expect(channel.readyState).toBe(OPEN);
    expect(fake().sent).toEqual([]);
  });

  test('calls the handlers and the listeners', () => {
    const { channel, fake, told } = make();
    const handled: unknown[] = [];
    const handlers: Pick<Channel, 'onopen' | 'onmessage' | 'onerror' | 'onclose'> = {
      onopen: () => handled.push('open'),
      onmessage: ({ data }) => handled.push(data),
      onerror: () => handled.push('error'),
      onclose: ({ code, reason, retryIn }) => handled.push({ code, reason, retryIn }),
    };
    Object.assign(channel, handlers);
    fake().accept();
    fake().deliver('hi');
    fake().end(1006);
    expect(handled).toEqual(['open', 'hi', 'error', { code: 1006, reason: '', retryIn: null }]);
    expect(told).toEqual(handled);
  });

  test('gives binary messages as ArrayBuffer, or as Blob when told so', async () => {
    const { channel, fake, told } = make();
    fake().accept();
    fake().deliver(Uint8Array.of(1, 2));
    channel.binaryType = 'blob';
    fake().deliver(Uint8Array.of(3, 4));
    expect(told[1]).toEqual(Uint8Array.of(1, 2).buffer);
    expect(new Uint8Array(await (told[2] as Blob).arrayBuffer())).toEqual(Uint8Array.of(3, 4));
  });

  test('sends bytes and text as they are', () => {
    const { channel, fake } = make();
    fake().accept();
    channel.send('text');
    channel.send(Uint8Array.of(1).buffer);
    channel.send(new DataView(Uint8Array.of(1, 2, 3).buffer, 1));
    expect(fake().sent).toEqual(['text', Uint8Array.of(1), Uint8Array.of(2, 3)]);
  });

  test('hides base64', () => {
    const { channel, fake, told } = make();
    fake().accept('base64');
    expect(channel.protocol).toBe('binary');
    channel.send(Uint8Array.of(1, 2, 3, 4));
    channel.send('hi');
    expect(fake().sent).toEqual(['AQIDBA==', 'aGk=']);
    fake().deliver('AQID');
    expect(told[1]).toEqual(Uint8Array.of(1, 2, 3).buffer);
    fake().deliver('###');
    expect(fake().closes).toEqual([{ code: 4007, reason: 'Not base64' }]);
  });

  test('throws what the constructor of WebSocket throws', () => {
    expect(() => make({ protocols: 'two words' })).toThrow(DOMException);
    expect(() => make({}, 'ftp://bridge.test/')).toThrow(expect.objectContaining({ code: 'BAD_URL' }));
    expect(vi.getTimerCount()).toBe(0);
  });

  test('refuses a close code that a page may not send, and stays open', () => {
    const { channel, fake } = make({ reconnect: true });
    fake().accept();
    expect(() => channel.close(1001)).toThrow(/Bad close code/);
    expect(channel.readyState).toBe(OPEN);
    fake().end(1006);
    expect(vi.getTimerCount()).toBe(1);
    channel.close();
  });

  test('waits for an opening, and for the answer to a close, only so long', async () => {
    const slow = make({ openTimeout: 1000 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(slow.told).toEqual([{ code: 1006, reason: 'No connection in time', retryIn: null }]);
    expect(slow.fake().closes).toHaveLength(1);
    const mute = make({ closeTimeout: 1000 });
    mute.fake().accept();
    mute.channel.close(4000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(mute.told.at(-1)).toEqual({ code: 1006, reason: 'No answer to the close', retryIn: null });
    mute.fake().end(1006);
    expect(mute.told).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('holds no more for sending than it may', () => {
    const { channel, fake, told } = make({ sendLimit: 1000 });
    fake().accept();
    fake().stuck = true;
    channel.send(new Uint8Array(1000));
    expect(channel.bufferedAmount).toBe(1000);
    channel.send('x');
    expect(told.at(-1)).toEqual({ code: 1006, reason: 'Too much to send', retryIn: null });
    expect(channel.readyState).toBe(CLOSED);
    expect(fake().closes).toHaveLength(1);
  });

  test('ends when the connection is dead', async () => {
    const { channel, fake, told } = make({ keepalive: { interval: 1000, timeout: 3000 } });
    fake().accept();
    fake().stuck = true;
    channel.send('x');
    await vi.advanceTimersByTimeAsync(4000);
    expect(told).toEqual(['open', { code: 1006, reason: 'No progress', retryIn: null }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('probes, and lives as long as there are answers', async () => {
    const { fake, told } = make({ keepalive: { interval: 1000, timeout: 3000, probe: () => 'ping' } });
    fake().accept();
    for (let round = 1; round <= 5; round += 1) {
      await vi.advanceTimersByTimeAsync(2000);
      expect(fake().sent).toHaveLength(round);
      fake().deliver('pong');
    }
    await vi.advanceTimersByTimeAsync(5000);
    expect(told.at(-1)).toEqual({ code: 1006, reason: 'No answer', retryIn: null });
  });

  test('watches nothing when told so', () => {
    const { fake } = make({ keepalive: false });
    fake().accept();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a Channel whose address is asked for', () => {
  test('waits for the address only so long, and forgets one that comes later', async () => {
    const { ask, give } = question();
    const { channel, made, told } = make({ openTimeout: 1000 }, ask);
    await vi.advanceTimersByTimeAsync(999);
    expect(channel.readyState).toBe(CONNECTING);
    await vi.advanceTimersByTimeAsync(1);
    expect(channel.readyState).toBe(CLOSED);
    expect(told).toEqual([{ code: 1006, reason: 'No connection in time', retryIn: null }]);
    give[0]!('ws://bridge.test/');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made).toEqual([]);
    expect(told).toHaveLength(1);
  });

  test('has one deadline for the address and the opening', async () => {
    const { ask, give } = question();
    const { told } = make({ openTimeout: 1000 }, ask);
    await vi.advanceTimersByTimeAsync(900);
    give[0]!('ws://bridge.test/');
    await vi.advanceTimersByTimeAsync(100);
    expect(told).toEqual([{ code: 1006, reason: 'No connection in time', retryIn: null }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('asks again after a deadline, and takes the address of the present attempt alone', async () => {
    const { ask, give } = question();
    const { made, told } = make({ openTimeout: 1000, reconnect: { delays: [10] } }, ask);
    await vi.advanceTimersByTimeAsync(1010);
    expect(told).toMatchObject([{ reason: 'No connection in time', retryIn: 10 }]);
    give[0]!('ws://bridge.test/old');
    await vi.advanceTimersByTimeAsync(0);
    expect(made).toEqual([]);
    give[1]!('ws://bridge.test/new');
    await vi.advanceTimersByTimeAsync(0);
    expect(made.map(({ url }) => url)).toEqual(['ws://bridge.test/new']);
  });

  test('ends at once when it is closed, after the call', async () => {
    const { ask, give } = question();
    const { channel, made, told } = make({ reconnect: true, openTimeout: 0, closeTimeout: 0 }, ask);
    await vi.advanceTimersByTimeAsync(0);
    channel.close();
    channel.close();
    expect(channel.readyState).toBe(CLOSING);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(channel.readyState).toBe(CLOSED);
    expect(told).toEqual([{ code: 1006, reason: '', retryIn: null }]);
    give[0]!('ws://bridge.test/');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made).toEqual([]);
    expect(told).toHaveLength(1);
  });

  test('does not ask when it is closed before', async () => {
    const ask = vi.fn<() => string>(() => 'ws://bridge.test/');
    const { channel, told } = make({}, ask);
    channel.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ask).not.toHaveBeenCalled();
    expect(told).toHaveLength(1);
  });
});

describe('a Channel whose user throws', () => {
  /** What is thrown where nobody catches it, instead of its ending the process. */
  let thrown: string[] = [];
  let others: NodeJS.UncaughtExceptionListener[] = [];
  const note = (error: Error): void => void thrown.push(error.message);

  beforeEach(() => {
    thrown = [];
    others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', note);
  });

  afterEach(() => {
    process.removeListener('uncaughtException', note);
    for (const listener of others) process.on('uncaughtException', listener);
  });

  test('goes on, and keeps nothing from the listeners', async () => {
    const { channel, fake, told } = make();
    Object.assign(channel, { onopen: fail, onmessage: fail, onerror: fail, onclose: fail });
    channel.addEventListener('message', fail);
    fake().accept();
    fake().deliver('one');
    fake().deliver('two');
    fake().end(1006);
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['open', 'one', 'two', 'error', { code: 1006, reason: '', retryIn: null }]);
    expect(thrown).toHaveLength(7);
    expect(channel.readyState).toBe(CLOSED);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('closes the connection that it gives up', async () => {
    const { channel, fake, told } = make({ openTimeout: 1000 });
    Object.assign(channel, { onclose: fail });
    await vi.advanceTimersByTimeAsync(1000);
    expect(fake().closes).toHaveLength(1);
    expect(told).toHaveLength(1);
    expect(thrown).toEqual(['of the user']);
  });

  test('connects again though onReconnect throws', async () => {
    const { channel, fake, made, told } = make({ reconnect: { delays: [1000], onReconnect: fail } });
    fake().end(1006);
    expect(() => vi.advanceTimersByTime(1000)).toThrow('of the user');
    await vi.advanceTimersByTimeAsync(0);
    expect(made).toHaveLength(2);
    fake().accept();
    expect(channel.readyState).toBe(OPEN);
    expect(told.at(-1)).toBe('open');
  });

  test('tells of the end though shouldReconnect throws', async () => {
    const { channel, fake, told } = make({ reconnect: { shouldReconnect: fail } });
    fake().accept();
    fake().end(1006);
    expect(told.at(-1)).toEqual({ code: 1006, reason: '', retryIn: null });
    expect(channel.readyState).toBe(CLOSED);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(thrown).toEqual(['of the user']);
  });
});

describe('a Channel that reconnects', () => {
  test('can be closed when an attempt begins', async () => {
    const setup: Setup = make({ reconnect: { delays: [1000], onReconnect: () => setup.channel.close() } });
    const { channel, fake, made, told } = setup;
    fake().end(1006);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made).toHaveLength(1);
    expect(channel.readyState).toBe(CLOSED);
    expect(told.slice(2)).toEqual([{ code: 1006, reason: '', retryIn: null }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('connects again, and tells when an attempt begins', async () => {
    const attempts: unknown[] = [];
    const setup: Setup = make({
      reconnect: { delays: [1000], onReconnect: (attempt) => attempts.push([attempt, setup.channel.readyState]) },
    });
    const { channel, fake, made, told } = setup;
    fake().accept();
    fake().end(1006);
    expect(channel.readyState).toBe(CLOSED);
    expect(told.at(-1)).toEqual({ code: 1006, reason: '', retryIn: 1000 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(made).toHaveLength(2);
    expect(attempts).toEqual([[1, CONNECTING]]);
    fake().accept();
    fake().deliver('again');
    expect(told.slice(-2)).toEqual(['open', 'again']);
    channel.send('me too');
    expect(fake().sent).toEqual(['me too']);
  });

  test('does not hear the connection that it has given up', async () => {
    const { fake, made, told } = make({ reconnect: { delays: [1000] }, openTimeout: 500 });
    await vi.advanceTimersByTimeAsync(1500);
    expect(made).toHaveLength(2);
    made[0]!.accept();
    made[0]!.deliver('from the grave');
    expect(told).toEqual([{ code: 1006, reason: 'No connection in time', retryIn: 1000 }]);
    fake().accept();
    expect(told.at(-1)).toBe('open');
  });

  test('gives up after its last attempt', async () => {
    const { made, told } = make({ reconnect: { delays: [10], attempts: 3 } });
    for (let attempt = 0; attempt < 4; attempt += 1) {
      made[attempt]!.end(1006);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(made).toHaveLength(4);
    expect(told.at(-1)).toEqual({ code: 1006, reason: '', retryIn: null });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ends with an end in order, and with a close by its user', async () => {
    const ended = make({ reconnect: true });
    ended.fake().accept();
    ended.fake().end(1000);
    const closed = make({ reconnect: true });
    closed.fake().accept();
    closed.channel.close();
    closed.fake().end(1006);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([ended.made.length, closed.made.length]).toEqual([1, 1]);
  });

  test('makes no attempt when it is closed while it waits', async () => {
    const { channel, fake, made, told } = make({ reconnect: true });
    fake().end(1006);
    channel.close();
    const before = told.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made).toHaveLength(1);
    expect(told).toHaveLength(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('asks for a fresh address each time', async () => {
    let asked = 0;
    const { fake, made } = make({ reconnect: { delays: [0] } }, () =>
      Promise.resolve(`ws://bridge.test/${(asked += 1)}`),
    );
    await vi.advanceTimersByTimeAsync(0);
    fake().end(1006);
    await vi.advanceTimersByTimeAsync(1);
    expect(made.map(({ url }) => url)).toEqual(['ws://bridge.test/1', 'ws://bridge.test/2']);
  });

  test('counts an address that cannot be had as an attempt', async () => {
    const { told, made } = make({ reconnect: { delays: [10], attempts: 2 } }, () =>
      Promise.reject(new Error('no token')),
    );
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toHaveLength(3);
    expect(told.at(-1)).toEqual({ code: 1006, reason: 'Error: no token', retryIn: null });
    expect(made).toEqual([]);
  });

  test('can be closed while the address is on its way', async () => {
    let give!: (url: string) => void;
    const address = new Promise<string>((resolve) => (give = resolve));
    const { channel, made, told } = make({ reconnect: true }, () => address);
    await vi.advanceTimersByTimeAsync(0);
    channel.close();
    give('ws://bridge.test/');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made).toEqual([]);
    expect(told).toEqual([{ code: 1006, reason: '', retryIn: null }]);
    expect(channel.readyState).toBe(CLOSED);
  });
});
