import { afterEach, describe, expect, test, vi } from 'vitest';
import { connect, type ConnectOptions } from '../../../src/browser/connect.ts';
import type { Socket } from '../../../src/browser/socket.ts';

/** A WebSocketStream whose other side is the test. */
class FakeWebSocketStream {
  static made: FakeWebSocketStream[] = [];
  readonly url: string;
  readonly signal: AbortSignal;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<unknown>;
  readonly sent: unknown[] = [];
  readonly closes: unknown[] = [];
  incoming!: ReadableStreamDefaultController<unknown>;
  /** How many reads have been asked for and not been answered. */
  wanted: number = 0;
  /** Lets the writes that wait be done. */
  release: () => void = () => undefined;
  held: boolean = false;
  failWrites: boolean = false;
  #accept!: (opened: unknown) => void;
  #refuse!: (error: unknown) => void;
  #end!: (closed: unknown) => void;
  #break!: (error: unknown) => void;

  constructor(url: string, { signal }: { readonly signal: AbortSignal }) {
    FakeWebSocketStream.made.push(this);
    this.url = url;
    this.signal = signal;
    this.opened = new Promise((resolve, reject) => {
      this.#accept = resolve;
      this.#refuse = reject;
    });
    this.closed = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#break = reject;
    });
    signal.addEventListener('abort', () => this.refuse(signal.reason));
  }

  accept(protocol: string = 'binary'): void {
    const readable = new ReadableStream(
      {
        start: (controller) => (this.incoming = controller),
        pull: () => void (this.wanted += 1),
      },
      { highWaterMark: 0 },
    );
    const writable = new WritableStream({
      write: async (chunk) => {
        if (this.failWrites) throw new Error('broken');
        this.sent.push(chunk);
        if (this.held) await new Promise<void>((resolve) => (this.release = resolve));
      },
    });
    this.#accept({ protocol, readable, writable, extensions: '' });
  }

  refuse(error: unknown): void {
    this.#refuse(error);
    this.#break(error);
  }

  deliver(data: unknown): void {
    this.incoming.enqueue(data);
  }

  end(info: object): void {
    this.incoming.close();
    this.#end(info);
  }

  break(): void {
    const error = Object.assign(new Error('broken'), { closeCode: 1006, reason: '' });
    this.incoming.error(error);
    this.#break(error);
  }

  close(info: unknown): void {
    this.closes.push(info);
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
});

function begin(options: ConnectOptions = {}): {
  readonly fake: FakeWebSocketStream;
  readonly outcome: Promise<Socket>;
} {
  vi.stubGlobal('WebSocketStream', FakeWebSocketStream);
  const outcome = connect('ws://bridge.test/', { stream: true, ...options });
  return { fake: FakeWebSocketStream.made.at(-1)!, outcome };
}

async function open(
  options: ConnectOptions = {},
): Promise<{ readonly fake: FakeWebSocketStream; readonly socket: Socket }> {
  const { fake, outcome } = begin(options);
  fake.accept();
  return { fake, socket: await outcome };
}

/** Lets everything happen that is ready to happen. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('a socket over WebSocketStream', () => {
  test('opens', async () => {
    const { socket } = await open();
    expect(socket).toMatchObject({ url: 'ws://bridge.test/', protocol: 'binary' });
  });

  test('fails with REFUSED, and with ABORTED after an abort', async () => {
    const refused = begin();
    refused.fake.refuse(new Error('no'));
    await expect(refused.outcome).rejects.toMatchObject({ code: 'REFUSED' });
    const abort = new AbortController();
    const aborted = begin({ signal: abort.signal });
    abort.abort();
    await expect(aborted.outcome).rejects.toMatchObject({ code: 'ABORTED' });
    expect(aborted.fake.signal.aborted).toBe(true);
  });

  test('reads bytes and text', async () => {
    const { fake, socket } = await open();
    fake.deliver(Uint8Array.of(104, 105).buffer);
    fake.deliver(Uint8Array.of(33));
    fake.deliver('ü');
    fake.end({ closeCode: 1000, reason: '' });
    expect(await new Response(socket.readable).text()).toBe('hi!ü');
    expect(await socket.closed).toEqual({ code: 1000, reason: '', by: 'peer', wasClean: true });
  });

  test('stops reading while a quarter of the limit waits, and goes on after', async () => {
    const { fake, socket } = await open({ receiveLimit: 4000 });
    await settle();
    const before = fake.wanted;
    fake.deliver(new Uint8Array(1000));
    fake.deliver(new Uint8Array(1000));
    await settle();
    expect(socket.bytesReceived).toBe(1000);
    expect(fake.wanted).toBe(before);
    await socket.readable.getReader().read();
    await settle();
    expect(socket.bytesReceived).toBe(2000);
  });

  test('a write waits for the browser', async () => {
    const { fake, socket } = await open();
    fake.held = true;
    const writer = socket.writable.getWriter();
    let done = false;
    const write = writer.write('hi').then(() => (done = true));
    await settle();
    expect(done).toBe(false);
    fake.release();
    await write;
    expect(fake.sent).toEqual([new TextEncoder().encode('hi')]);
  });

  test('a close comes after the writes that wait for the browser', async () => {
    const { fake, socket } = await open();
    fake.held = true;
    const writer = socket.writable.getWriter();
    const writes = Promise.all([writer.write('1'), writer.write('2')]);
    await settle();
    void socket.close(4000, 'enough');
    const late = writer.write('3');
    fake.release();
    await settle();
    expect(fake.sent).toHaveLength(2);
    expect(fake.closes).toEqual([]);
    fake.release();
    await writes;
    await expect(late).rejects.toMatchObject({ code: 'CLOSED' });
    expect(fake.sent).toHaveLength(2);
    expect(fake.closes).toEqual([{ closeCode: 4000, reason: 'enough' }]);
    fake.end({ closeCode: 4000, reason: 'enough' });
    expect(await socket.closed).toEqual({ code: 4000, reason: 'enough', by: 'us', wasClean: true });
  });

  test('a close waits for a write only so long', async () => {
    const { fake, socket } = await open({ closeTimeout: 50 });
    fake.held = true;
    const write = socket.writable.getWriter().write('hi');
    void socket.close(4000, 'enough');
    await expect(write).rejects.toMatchObject({ code: 'CLOSED' });
    expect(fake.closes).toEqual([{ closeCode: 4000, reason: 'enough' }]);
    expect(await socket.closed).toEqual({ code: 4000, reason: 'enough', by: 'us', wasClean: false });
  });

  test('a connection that breaks while a write waits is told as such', async () => {
    const { fake, socket } = await open();
    fake.failWrites = true;
    await expect(socket.writable.getWriter().write('hi')).rejects.toThrow('broken');
    await settle();
    expect(fake.closes).toEqual([]);
    fake.break();
    expect(await socket.closed).toEqual({ code: 1006, reason: '', by: 'network', wasClean: false });
  });

  test('goes on reading after its own close, so that the peer can answer', async () => {
    const { fake, socket } = await open({ receiveLimit: 4000 });
    fake.deliver(new Uint8Array(2000));
    await settle();
    void socket.close();
    fake.deliver(new Uint8Array(9000));
    await settle();
    fake.end({ closeCode: 1000, reason: '' });
    expect(await socket.closed).toMatchObject({ by: 'us', wasClean: true });
    expect(socket.bytesReceived).toBe(2000);
  });

  test.each([
    ['without a code', { reason: '' }, { code: 1005, by: 'peer', wasClean: true }],
    ['with an error', { closeCode: 1011, reason: 'gone' }, { code: 1011, reason: 'gone', by: 'peer' }],
  ])('ends %s', async (_how, info, closed) => {
    const { fake, socket } = await open();
    fake.end(info);
    expect(await socket.closed).toMatchObject(closed);
  });

  test('breaks', async () => {
    const { fake, socket } = await open();
    fake.break();
    expect(await socket.closed).toEqual({ code: 1006, reason: '', by: 'network', wasClean: false });
    await expect(socket.readable.getReader().read()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('tells of the end though nobody reads', async () => {
    const { fake, socket } = await open({ receiveLimit: 4000 });
    fake.deliver(new Uint8Array(2000));
    fake.deliver(new Uint8Array(1000));
    fake.end({ closeCode: 1000, reason: '' });
    expect(await socket.closed).toMatchObject({ code: 1000, by: 'peer' });
    expect(await new Response(socket.readable).arrayBuffer()).toHaveProperty('byteLength', 3000);
  });
});
