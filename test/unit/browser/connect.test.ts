import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connect, type ConnectOptions } from '../../../src/browser/connect.ts';
import { ConnectError } from '../../../src/browser/socket-error.ts';
import type { Socket } from '../../../src/browser/socket.ts';
import { fakeWebSockets, type FakeWebSocket } from './fake-web-socket.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** An attempt, the WebSocket behind it, and what became of it. */
async function attempt(
  options: ConnectOptions = {},
  url: string | URL = 'ws://bridge.test/',
): Promise<{ readonly fake: FakeWebSocket; readonly outcome: Promise<Socket | ConnectError> }> {
  const { WebSocket, made } = fakeWebSockets();
  const outcome = connect(url, { WebSocket, ...options }).catch((error: unknown) => error as ConnectError);
  await vi.advanceTimersByTimeAsync(0);
  return { fake: made[0]!, outcome };
}

async function code(outcome: Promise<Socket | ConnectError>): Promise<string> {
  const error = await outcome;
  expect(error).toBeInstanceOf(ConnectError);
  return (error as ConnectError).code;
}

/** What a Chromium says of itself that does not end the tab. */
const SAFE = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/138.0.7204.0 Safari/537.36';

/** Globals of such a browser: what it says of itself (null: nothing), and what is made in it. */
function browser(userAgent: string | null): {
  readonly WebSocket: ConnectOptions['WebSocket'] & object;
  readonly made: readonly FakeWebSocket[];
  readonly streams: readonly unknown[][];
} {
  const WebSocketStream = vi.fn<(url: string, options: { protocols: string[] }) => never>(function construct() {
    throw new DOMException('Seen', 'SecurityError');
  });
  const { WebSocket, made } = fakeWebSockets();
  vi.stubGlobal('WebSocketStream', WebSocketStream);
  vi.stubGlobal('WebSocket', WebSocket);
  vi.stubGlobal('navigator', userAgent === null ? undefined : { userAgent });
  return { WebSocket, made, streams: WebSocketStream.mock.calls };
}

describe('connect', () => {
  test('gives a socket once the server has accepted', async () => {
    const { fake, outcome } = await attempt();
    expect(fake.offered).toEqual(['binary', 'base64']);
    expect(fake.binaryType).toBe('arraybuffer');
    fake.accept('binary');
    const socket = await outcome;
    expect(socket).toMatchObject({ protocol: 'binary', url: 'ws://bridge.test/', bytesReceived: 0, bytesSent: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('offers what it is told to', async () => {
    expect((await attempt({ protocols: 'telnet' })).fake.offered).toEqual(['telnet']);
    expect((await attempt({ protocols: ['a', 'b'] })).fake.offered).toEqual(['a', 'b']);
    expect((await attempt({ protocols: [] })).fake.offered).toEqual([]);
  });

  test.each([
    ['http://bridge.test/a?b#c', 'ws://bridge.test/a?b'],
    ['https://bridge.test/', 'wss://bridge.test/'],
    ['wss://bridge.test:444/x', 'wss://bridge.test:444/x'],
    [new URL('http://bridge.test/y'), 'ws://bridge.test/y'],
    ['path?token=1', 'wss://page.test/dir/path?token=1'],
    ['/path', 'wss://page.test/path'],
  ])('reads the address %s', async (url, wanted) => {
    vi.stubGlobal('location', { href: 'https://page.test/dir/index.html' });
    expect((await attempt({}, url)).fake.url).toBe(wanted);
  });

  test('loses nothing that comes in the same breath as the acceptance', async () => {
    const { fake, outcome } = await attempt();
    fake.accept();
    fake.deliver(Uint8Array.of(1, 2, 3));
    fake.end(1000);
    const socket = (await outcome) as Socket;
    expect(await new Response(socket.readable).arrayBuffer()).toEqual(Uint8Array.of(1, 2, 3).buffer);
  });

  test.each([
    ['ftp://bridge.test/', {}, 'BAD_URL'],
    ['/no/page/to/start/from', {}, 'BAD_URL'],
    ['ws://bridge.test/', { protocols: 'two words' }, 'BAD_PROTOCOL'],
    ['ws://bridge.test/', { protocols: ['twice', 'twice'] }, 'BAD_PROTOCOL'],
  ])('refuses %s %o', async (url, options, wanted) => {
    expect(await code((await attempt(options, url)).outcome)).toBe(wanted);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('fails when there is no WebSocket', async () => {
    vi.stubGlobal('WebSocket', undefined);
    const outcome = connect('ws://bridge.test/').catch((error: unknown) => error as ConnectError);
    expect(await code(outcome)).toBe('UNSUPPORTED');
  });

  test('fails when the browser does not let it', async () => {
    const WebSocket = vi.fn<() => never>(function construct() {
      throw new DOMException('An insecure connection may not be made', 'SecurityError');
    }) as unknown as NonNullable<ConnectOptions['WebSocket']>;
    expect(await code((await attempt({ WebSocket })).outcome)).toBe('BLOCKED');
  });

  test('fails when the server refuses', async () => {
    const { fake, outcome } = await attempt();
    fake.end(1006);
    expect(await code(outcome)).toBe('REFUSED');
    expect(await outcome).toMatchObject({ message: 'No server, or it refused' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('waits no longer than it may', async () => {
    const { fake, outcome } = await attempt({ openTimeout: 3000 });
    await vi.advanceTimersByTimeAsync(2999);
    expect(fake.closes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await code(outcome)).toBe('TIMEOUT');
    expect(fake.closes).toHaveLength(1);
    fake.end(1006);
  });

  test('waits for ever when told so', async () => {
    const { fake, outcome } = await attempt({ openTimeout: 0 });
    await vi.advanceTimersByTimeAsync(10_000_000);
    fake.accept();
    expect(await outcome).toHaveProperty('readable');
  });

  test('does not begin after an abort', async () => {
    const { fake, outcome } = await attempt({ signal: AbortSignal.abort('enough') });
    expect(fake).toBeUndefined();
    expect(await code(outcome)).toBe('ABORTED');
    expect(((await outcome) as ConnectError).cause).toBe('enough');
  });

  test('gives up when it is aborted', async () => {
    const abort = new AbortController();
    const { fake, outcome } = await attempt({ signal: abort.signal });
    abort.abort(new Error('enough'));
    expect(await code(outcome)).toBe('ABORTED');
    expect(fake.closes).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('closes an open connection when it is aborted', async () => {
    const abort = new AbortController();
    const { fake, outcome } = await attempt({ signal: abort.signal });
    fake.accept();
    const socket = (await outcome) as Socket;
    abort.abort();
    expect(fake.closes).toEqual([{ code: 1000, reason: '' }]);
    fake.end(1000);
    expect(await socket.closed).toEqual({ code: 1000, reason: '', by: 'us', wasClean: true });
  });

  describe('where there is a WebSocketStream', () => {
    test.each([
      ['Chromium before 139', SAFE],
      ['Chromium without a window, before 139', SAFE.replace('Chrome', 'HeadlessChrome')],
      ['another engine', 'Mozilla/5.0 (X11; Linux x86_64; rv:160.0) Gecko/20100101 Firefox/160.0'],
      ['what does not tell', null],
    ])('uses it by itself in %s', async (_name, userAgent) => {
      const { made, streams } = browser(userAgent);
      await expect(connect('ws://bridge.test/')).rejects.toMatchObject({ code: 'BLOCKED' });
      expect(streams).toMatchObject([['ws://bridge.test/', { protocols: ['binary', 'base64'] }]]);
      expect(made).toEqual([]);
    });

    test.each([139, 140, 149, 150, 156, 199, 200, 345])(
      'does not unasked in Chromium %i, whose tab it could end',
      (version) => {
        const { made, streams } = browser(SAFE.replace('138', String(version)));
        void connect('ws://bridge.test/');
        expect(streams).toEqual([]);
        expect(made).toHaveLength(1);
        made[0]!.accept();
      },
    );

    test('uses it in every Chromium when it is told to', async () => {
      const { made, streams } = browser(SAFE.replace('138', '156'));
      await expect(connect('ws://bridge.test/', { stream: true })).rejects.toMatchObject({ code: 'BLOCKED' });
      expect(streams).toHaveLength(1);
      expect(made).toEqual([]);
    });

    test('does not when it is told so, or given a WebSocket', () => {
      const { WebSocket, made, streams } = browser(SAFE);
      void connect('ws://bridge.test/', { stream: false });
      void connect('ws://bridge.test/', { stream: true, WebSocket });
      expect(streams).toEqual([]);
      expect(made).toHaveLength(2);
      for (const fake of made) fake.accept();
    });
  });

  test('leaves no listener on a signal that outlives the connection', async () => {
    const abort = new AbortController();
    const remove = vi.spyOn(abort.signal, 'removeEventListener');
    const add = vi.spyOn(abort.signal, 'addEventListener');
    const { fake, outcome } = await attempt({ signal: abort.signal });
    fake.accept();
    const socket = (await outcome) as Socket;
    fake.end(1000);
    await socket.closed;
    await vi.advanceTimersByTimeAsync(0);
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  });
});
