import { afterEach, describe, expect, test, vi } from 'vitest';
import { connect, type ConnectOptions } from '../../../src/browser/connect.ts';
import { SocketError } from '../../../src/browser/socket-error.ts';
import type { Socket } from '../../../src/browser/socket.ts';
import { fakeWebSockets, type FakeWebSocket } from './fake-web-socket.ts';

const encoder = new TextEncoder();

afterEach(() => {
  vi.useRealTimers();
});

/** An open socket and the WebSocket behind it. */
async function open(
  options: ConnectOptions = {},
  protocol: string = 'binary',
): Promise<{ readonly socket: Socket; readonly fake: FakeWebSocket }> {
  const { WebSocket, made } = fakeWebSockets();
  const connected = connect('ws://bridge.test/', { WebSocket, ...options });
  const fake = made[0]!.accept(protocol);
  return { socket: await connected, fake };
}

/** Everything that can still be read, as text, and how the reading ended. */
async function readAll(socket: Socket): Promise<{ readonly text: string; readonly error: SocketError | null }> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of socket.readable as unknown as AsyncIterable<Uint8Array>)
      text += decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (error instanceof SocketError) return { text, error };
    throw error;
  }
  return { text, error: null };
}

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => void (settled = true);
  promise.then(settle, settle);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  return settled;
}

/** A socket with a write that waits, and two behind it. */
async function openWithWrites(options: ConnectOptions = {}): Promise<{
  readonly socket: Socket;
  readonly fake: FakeWebSocket;
  readonly writer: WritableStreamDefaultWriter<Uint8Array | string>;
  readonly outcomes: Promise<PromiseSettledResult<void>[]>;
}> {
  const { socket, fake } = await open({ sendHighWaterMark: 100, ...options });
  fake.stuck = true;
  const writer = socket.writable.getWriter();
  writer.closed.catch(() => undefined);
  const outcomes = Promise.allSettled(['x'.repeat(200), 'y', 'z'].map((chunk) => writer.write(chunk)));
  expect(await isSettled(outcomes)).toBe(false);
  expect(fake.sent).toHaveLength(1);
  return { socket, fake, writer, outcomes };
}

describe('reading', () => {
  test('gives what came one byte at a time', async () => {
    const { socket, fake } = await open();
    fake.deliverOctets(encoder.encode('Grüße aus der Brücke 🌉'));
    expect(socket.bytesReceived).toBe(28);
    fake.end(1000);
    expect(await readAll(socket)).toEqual({ text: 'Grüße aus der Brücke 🌉', error: null });
  });

  test('can be piped through a TextDecoderStream', async () => {
    const { socket, fake } = await open();
    const text = socket.readable.pipeThrough(new TextDecoderStream()).getReader();
    fake.deliver(encoder.encode('one ').subarray(0, 2));
    fake.deliver(encoder.encode('one 🌉').subarray(2, 6));
    fake.deliver(encoder.encode('🌉').subarray(2));
    let read = '';
    while (read.length < 6) read += (await text.read()).value;
    expect(read).toBe('one 🌉');
  });

  test('gives text messages as UTF-8', async () => {
    const { socket, fake } = await open();
    fake.deliver('ü');
    fake.end(1000);
    expect(await readAll(socket)).toEqual({ text: 'ü', error: null });
    expect(socket.bytesReceived).toBe(2);
  });

  test('undoes base64 when the server chose it', async () => {
    const { socket, fake } = await open({}, 'base64');
    fake.deliver(btoa('hello, '));
    fake.deliver(btoa('world'));
    fake.end(1000);
    expect(await readAll(socket)).toEqual({ text: 'hello, world', error: null });
    expect(socket.bytesReceived).toBe(12);
  });

  test('closes when base64 is none', async () => {
    const { socket, fake } = await open({}, 'base64');
    fake.deliver(btoa('good'));
    fake.deliver('#!');
    expect(fake.closes).toEqual([{ code: 4007, reason: 'Not base64' }]);
    expect(await readAll(socket)).toMatchObject({ text: 'good', error: { code: 'BAD_BASE64' } });
  });

  test.each([
    ['the peer ends in order', 1000, true, 'peer', null],
    ['the peer closes without a code', 1005, true, 'peer', null],
    ['the bridge goes away', 1001, true, 'peer', 'The peer closed with 1001: why'],
    ['the target fails', 1011, true, 'peer', 'The peer closed with 1011: why'],
    ['the peer closes, and the answer does not reach it', 1000, false, 'peer', 'The peer closed with 1000: why'],
    ['the connection breaks', 1006, false, 'network', 'The connection broke'],
  ] as const)('ends when %s', async (_when, code, wasClean, by, message) => {
    const { socket, fake } = await open();
    fake.deliver('last words');
    fake.end(code, 'why', wasClean);
    expect(await socket.closed).toEqual({ code, reason: 'why', by, wasClean });
    const { text, error } = await readAll(socket);
    expect(text).toBe('last words');
    expect(error?.message ?? null).toBe(message);
    expect(error?.closed ?? null).toEqual(message && { code, reason: 'why', by, wasClean });
  });

  test('holds no more for a slow reader than it may, and closes then', async () => {
    const { socket, fake } = await open({ receiveLimit: 1000 });
    fake.deliver('a'.repeat(600));
    fake.deliver('b'.repeat(400));
    expect(fake.closes).toEqual([]);
    fake.deliver('c');
    expect(fake.closes).toEqual([{ code: 4008, reason: 'The reader is too slow' }]);
    fake.deliver('d');
    const { text, error } = await readAll(socket);
    expect(text).toBe('a'.repeat(600) + 'b'.repeat(400));
    expect(error).toMatchObject({ code: 'RECEIVE_LIMIT' });
    fake.end(4008);
    expect(await socket.closed).toMatchObject({ code: 4008, by: 'us', wasClean: true });
    await expect(socket.writable.getWriter().write('x')).rejects.toMatchObject({ code: 'RECEIVE_LIMIT' });
  });

  test('takes a message larger than the limit for too much, whether or not somebody reads', async () => {
    const { socket, fake } = await open({ receiveLimit: 1000 });
    const reading = readAll(socket);
    fake.deliver('a'.repeat(1001));
    expect(fake.closes).toMatchObject([{ code: 4008 }]);
    expect(await reading).toMatchObject({ text: '', error: { code: 'RECEIVE_LIMIT' } });
  });

  test('closes when the reader cancels', async () => {
    const { socket, fake } = await open();
    fake.deliver('unread');
    await socket.readable.cancel('enough');
    expect(fake.closes).toEqual([{ code: 1000, reason: '' }]);
    fake.deliver('more');
    expect(await isSettled(socket.closed)).toBe(false);
    fake.end(1000);
    expect(await socket.closed).toMatchObject({ by: 'us' });
  });
});

describe('writing', () => {
  test('sends a binary message for each chunk', async () => {
    const { socket, fake } = await open();
    const writer = socket.writable.getWriter();
    await writer.write('grüß');
    await writer.write(Uint8Array.of(1, 2, 3).subarray(1));
    await writer.write(new Uint16Array([0x0403]) as unknown as Uint8Array);
    await writer.write(Uint8Array.of(5).buffer as unknown as Uint8Array);
    expect(fake.sent).toEqual([encoder.encode('grüß'), Uint8Array.of(2, 3), Uint8Array.of(3, 4), Uint8Array.of(5)]);
    expect(socket.bytesSent).toBe(11);
  });

  test('sends base64 when the server chose it', async () => {
    const { socket, fake } = await open({}, 'base64');
    const block = Uint8Array.from({ length: 100_000 }, (_, at) => at * 7);
    await socket.writable.getWriter().write(block);
    expect(fake.sent).toEqual([Buffer.from(block).toString('base64')]);
    expect(socket.bytesSent).toBe(100_000);
  });

  test('fails for what is no text and no bytes, and closes, as nobody else could then', async () => {
    const { socket, fake } = await open();
    fake.deliver('before');
    const writer = socket.writable.getWriter();
    await writer.write('good');
    await expect(writer.write({} as unknown as string)).rejects.toThrow(TypeError);
    expect(fake.sent).toHaveLength(1);
    expect(fake.closes).toEqual([{ code: 1000, reason: '' }]);
    const reader = socket.readable.getReader();
    expect((await reader.read()).value).toEqual(encoder.encode('before'));
    await expect(reader.read()).rejects.toThrow('Neither text nor bytes');
    fake.end(1000);
    expect(await socket.closed).toEqual({ code: 1000, reason: '', by: 'us', wasClean: true });
  });

  test('waits while too much is on its way', async () => {
    const { socket, fake } = await open({ sendHighWaterMark: 100 });
    vi.useFakeTimers();
    fake.stuck = true;
    const writer = socket.writable.getWriter();
    await writer.write('x'.repeat(100));
    const second = writer.write('y');
    const third = writer.write('z');
    await vi.advanceTimersByTimeAsync(5000);
    expect(fake.sent).toHaveLength(2);
    expect(await isSettled(second)).toBe(false);
    fake.bufferedAmount = 100;
    fake.stuck = false;
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all([second, third]);
    expect(fake.sent).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    ['the connection breaks', (fake: FakeWebSocket) => fake.end(1006)],
    ['the peer closes', (fake: FakeWebSocket) => fake.end(1000)],
  ])('does not wait on when %s', async (_when, happen) => {
    const { socket, fake } = await open({ sendHighWaterMark: 100 });
    vi.useFakeTimers();
    fake.stuck = true;
    const writer = socket.writable.getWriter();
    const outcomes = Promise.allSettled([writer.write('x'.repeat(200)), writer.write('y'), writer.closed]);
    expect(await isSettled(outcomes)).toBe(false);
    happen(fake);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CLOSED' } });
    fake.end(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('closes the connection when it is closed, after what was written', async () => {
    const { socket, fake } = await open();
    const writer = socket.writable.getWriter();
    void writer.write('last');
    const closing = writer.close();
    await vi.waitFor(() => expect(fake.closes).toEqual([{ code: 1000, reason: '' }]));
    expect(fake.sent).toHaveLength(1);
    fake.end(1000);
    await closing;
    expect(await socket.closed).toMatchObject({ by: 'us', code: 1000 });
  });

  test('closes the connection when it is aborted, though a write waits', async () => {
    const { socket, fake } = await open({ sendHighWaterMark: 100 });
    fake.stuck = true;
    const writer = socket.writable.getWriter();
    const write = writer.write('x'.repeat(200)).catch((error: unknown) => error);
    await isSettled(write);
    await writer.abort('enough');
    expect(fake.closes).toEqual([{ code: 1000, reason: '' }]);
    await write;
    fake.end(1000);
    expect(await socket.closed).toMatchObject({ by: 'us' });
  });

  test('can be the end of a pipe', async () => {
    const { socket, fake } = await open();
    const source = new ReadableStream<string>({
      start: (controller) => {
        controller.enqueue('a');
        controller.enqueue('b');
        controller.close();
      },
    });
    await source.pipeTo(socket.writable, { preventClose: true });
    expect(fake.sent).toHaveLength(2);
    expect(fake.closes).toEqual([]);
  });
});

describe('closing', () => {
  test('gives the code and reason to the peer, and tells how it ended', async () => {
    const { socket, fake } = await open();
    const closing = socket.close(4321, 'done');
    expect(fake.closes).toEqual([{ code: 4321, reason: 'done' }]);
    fake.end(4321, 'done');
    expect(await closing).toEqual({ code: 4321, reason: 'done', by: 'us', wasClean: true });
    expect(await socket.closed).toBe(await closing);
  });

  test('lets what was written go first, and nothing that is written later', async () => {
    const { socket, fake, writer, outcomes } = await openWithWrites();
    const log: unknown[] = [];
    vi.spyOn(fake, 'send').mockImplementation((data) => void log.push(new TextDecoder().decode(data as Uint8Array)));
    vi.spyOn(fake, 'close').mockImplementation((code) => void log.push(code));
    void socket.close(4321, 'done');
    const late = writer.write('late');
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    await expect(late).rejects.toMatchObject({ code: 'CLOSED' });
    expect(log).toEqual(['y', 'z', 4321]);
    expect(socket.bytesSent).toBe(202);
    fake.end(4321, 'done');
    expect(await socket.closed).toEqual({ code: 4321, reason: 'done', by: 'us', wasClean: true });
  });

  test.each([
    [1001, ''],
    [2999, ''],
    [5000, ''],
    [Number.NaN, ''],
    [1000, 'ü'.repeat(62)],
  ])('refuses %i %s also while writes wait', async (code, reason) => {
    const { socket, fake, outcomes } = await openWithWrites();
    expect(() => socket.close(code, reason)).toThrow(DOMException);
    expect(fake.closes).toEqual([]);
    fake.bufferedAmount = 0;
    fake.stuck = false;
    expect((await outcomes).every(({ status }) => status === 'fulfilled')).toBe(true);
    void socket.close(1000, 'ü'.repeat(61));
    expect(fake.closes).toHaveLength(1);
  });

  test('tells of the peer that closed while the last writes went', async () => {
    const { socket, fake, outcomes } = await openWithWrites();
    void socket.close(4321);
    fake.end(1011, 'target');
    expect(await socket.closed).toEqual({ code: 1011, reason: 'target', by: 'peer', wasClean: true });
    expect((await outcomes).at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'CLOSED' } });
    expect(fake.closes).toEqual([]);
  });

  test('drops what waits when the writable is aborted after all', async () => {
    const { socket, fake, writer, outcomes } = await openWithWrites();
    void socket.close(4321);
    await writer.abort('enough');
    await outcomes;
    expect(fake.closes).toEqual([{ code: 4321, reason: '' }]);
    fake.end(4321);
    expect(await socket.closed).toMatchObject({ code: 4321, by: 'us', wasClean: true });
  });

  test('does not wait for a write that was refused', async () => {
    const { socket, fake, writer } = await openWithWrites();
    const closing = writer.close();
    await expect(writer.write('too late')).rejects.toThrow(TypeError);
    void socket.close(4321);
    await vi.waitFor(() => expect(fake.closes).toEqual([{ code: 4321, reason: '' }]));
    fake.end(4321);
    await closing;
    expect(await socket.closed).toMatchObject({ code: 4321, by: 'us' });
  });

  test('sets no timer when it comes too late', async () => {
    const { socket, fake } = await open();
    fake.end(1000);
    vi.useFakeTimers();
    await socket.close(4000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('counts once', async () => {
    const { socket, fake } = await open();
    void socket.close(4001);
    void socket.close(4002);
    fake.end(4001);
    expect(await socket.closed).toMatchObject({ code: 4001, by: 'us' });
    expect(fake.closes).toHaveLength(1);
  });

  test('comes too late after the peer', async () => {
    const { socket, fake } = await open();
    fake.end(1011, 'target');
    expect(await socket.close()).toEqual({ code: 1011, reason: 'target', by: 'peer', wasClean: true });
  });

  test('refuses codes that a page may not send, and goes on', async () => {
    const { socket, fake } = await open();
    expect(() => socket.close(1001)).toThrow(/Bad close code/);
    fake.deliver('still here');
    fake.end(1000);
    expect(await readAll(socket)).toEqual({ text: 'still here', error: null });
  });

  test('keeps what came before and drops what comes later', async () => {
    const { socket, fake } = await open();
    fake.deliver('before');
    void socket.close();
    fake.deliver('later');
    fake.end(1000);
    expect(await readAll(socket)).toEqual({ text: 'before', error: null });
    expect(socket.bytesReceived).toBe(6);
  });

  test('waits for the answer of the peer only so long', async () => {
    vi.useFakeTimers();
    const { socket, fake } = await open({ closeTimeout: 2000 });
    const closing = socket.close();
    await vi.advanceTimersByTimeAsync(1999);
    expect(await isSettled(closing)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await closing).toEqual({ code: 1000, reason: '', by: 'us', wasClean: false });
    fake.end(1006);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('fails later writes', async () => {
    const { socket, fake } = await open();
    void socket.close();
    await expect(socket.writable.getWriter().write('x')).rejects.toMatchObject({ code: 'CLOSED' });
    expect(fake.sent).toEqual([]);
  });
});
