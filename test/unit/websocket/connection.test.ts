import { describe, expect, it } from 'vitest';
import type { BridgeError } from '../../../src/errors.ts';
import { StreamReader, type ByteReader, type ByteSink } from '../../../src/stream/byte-reader.ts';
import { ByteWriter } from '../../../src/stream/byte-writer.ts';
import { Connection, type ConnectionHandler } from '../../../src/websocket/connection.ts';
import { duplexPair, type DuplexPairOptions, type PairEnd } from '../../support/duplex-pair.ts';
import { FrameLog } from '../../support/frames.ts';
import { clientFrame } from './client-frames.ts';

const MARK = 64 * 1024;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const binary = (payload: Uint8Array | string): Buffer => clientFrame({ opcode: 2, payload });
const close = (code: number, reason = ''): Buffer => {
  const payload = Buffer.alloc(2 + reason.length);
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return clientFrame({ opcode: 8, payload });
};

/** Remembers in order what a connection tells. */
class Owner implements ConnectionHandler {
  readonly told: string[] = [];
  data = '';
  #chunk = '';
  onData(buffer: Buffer, start: number, end: number): void {
    this.#chunk += buffer.toString('latin1', start, end);
  }
  onChunk(): boolean {
    // As a relay does: what came in a chunk is passed on at its end.
    if (this.#chunk !== '') this.told.push('data');
    this.data += this.#chunk;
    this.#chunk = '';
    return false;
  }
  onPong(): void {
    this.told.push('pong');
  }
  onClose(code: number, reason: string): void {
    this.told.push(`close ${code} ${reason}`);
  }
  onPeerEnd(): void {
    this.told.push('end');
  }
  onError(error: BridgeError): void {
    this.told.push(error.code);
  }
}

const nobody = { onClose: () => {}, onPeerEnd: () => {} };

interface Setup {
  connection: Connection;
  owner: Owner;
  near: PairEnd;
  client: PairEnd;
  seen: FrameLog;
}

function setup(options: DuplexPairOptions & { head?: Buffer } = {}): Setup {
  const [client, near] = duplexPair(options);
  const connection = new Connection(
    new StreamReader(near),
    new ByteWriter(near, false),
    options.head ?? Buffer.alloc(0),
    MARK,
  );
  return { connection, owner: new Owner(), near, client, seen: new FrameLog(client) };
}

describe.each([{ octets: false }, { octets: true }])('a connection (one byte at a time: $octets)', (options) => {
  it('delivers data, then the Close frame behind it, then the end', async () => {
    const { connection, owner, client } = setup(options);
    connection.start(owner, 0);
    client.end(Buffer.concat([binary('one'), binary('two'), close(4000, 'bye'), binary('ignored')]));
    await settle();
    await settle();
    expect(owner.data).toBe('onetwo');
    expect(owner.told.filter((what) => what !== 'data')).toEqual(['close 4000 bye', 'end']);
    expect(owner.told.indexOf('close 4000 bye')).toBe(owner.told.lastIndexOf('data') + 1);
    expect(connection.closeReceived).toBe(true);
  });

  it('delivers what came in front of a broken frame, tells the error once and nothing after it', async () => {
    const { connection, owner, client } = setup(options);
    connection.start(owner, 0);
    client.write(Buffer.concat([binary('good'), clientFrame({ opcode: 2, key: null, payload: 'bad' })]));
    await settle();
    for (let i = 0; i < 20; i++) {
      client.write(binary('more'));
      await settle();
    }
    expect(owner.data).toBe('good');
    expect(owner.told.filter((what) => what !== 'data')).toEqual(['WS_UNMASKED']);
  });

  it("keeps what came before its start, the handshake's head first", async () => {
    const whole = Buffer.concat([binary('from the head'), binary(' and after')]);
    const { connection, owner, client } = setup({ ...options, head: whole.subarray(0, 10) });
    connection.watch(nobody);
    client.write(whole.subarray(10));
    await settle();
    expect(owner.data).toBe('');
    connection.start(owner, 0);
    await settle();
    expect(owner.data).toBe('from the head and after');
  });

  it('waits with all that comes while nobody takes it, and loses nothing', async () => {
    const { connection, owner, client } = setup({ ...options, highWaterMark: 1024 });
    connection.watch(nobody);
    const sent = 'x'.repeat(200_000);
    client.write(binary(sent));
    for (let i = 0; i < 200; i++) await settle();
    // Backpressure has reached the client.
    expect(client.writableLength).toBeGreaterThan(0);
    connection.start(owner, 0);
    for (let i = 0; i < 3000 && owner.data.length < sent.length; i++) await settle();
    expect(owner.data).toBe(sent);
  });

  it('answers pings behind the data of their chunk', async () => {
    const { connection, owner, client, seen } = setup(options);
    connection.start(owner, 0);
    client.write(Buffer.concat([clientFrame({ opcode: 9, payload: 'hello' }), binary('x')]));
    await settle();
    expect(seen.frames).toEqual([{ opcode: 10, payload: Buffer.from('hello') }]);
    client.write(clientFrame({ opcode: 10, payload: '' }));
    await settle();
    expect(owner.told).toEqual(['data', 'pong']);
  });
});

describe('watching before the start', () => {
  it('tells that the client has gone', async () => {
    const { connection, client } = setup();
    const watcher = new Owner();
    connection.watch(watcher);
    client.end();
    await settle();
    expect(watcher.told).toEqual(['end']);
  });

  it.each([{ octets: false }, { octets: true }])(
    'tells a Close frame when no data is in front of it (one byte at a time: $octets)',
    async (options) => {
      const { connection, client } = setup(options);
      const watcher = new Owner();
      connection.watch(watcher);
      client.write(Buffer.concat([clientFrame({ opcode: 9, payload: 'ping' }), close(4001, 'changed my mind')]));
      await settle();
      expect(watcher.told).toEqual(['close 4001 changed my mind']);
    },
  );

  it('tells a Close frame that came with the handshake', () => {
    const { connection } = setup({ head: close(1000) });
    const watcher = new Owner();
    connection.watch(watcher);
    expect(watcher.told).toEqual(['close 1000 ']);
  });

  it('reads ahead no more than a bounded number of bytes', async () => {
    const { connection, client, near } = setup({ highWaterMark: 1000 });
    connection.watch(nobody);
    for (let i = 0; i < 100; i++) client.write(binary(Buffer.alloc(10_000)));
    await settle();
    for (let i = 0; i < 200; i++) await settle();
    expect(client.writableLength).toBeGreaterThan(1_000_000 - 2 * 64 * 1024);
    expect(near.isPaused()).toBe(true);
  });

  it('tells an end only behind the bytes that wait', async () => {
    const { connection, owner, client } = setup();
    const watcher = new Owner();
    connection.watch(watcher);
    client.end(Buffer.concat([binary('last words'), close(1000)]));
    await settle();
    await settle();
    expect(watcher.told).toEqual([]);
    connection.start(owner, 0);
    await settle();
    expect(owner.data).toBe('last words');
    expect(owner.told).toEqual(['data', 'close 1000 ', 'end']);
  });

  it('loses nothing when the stream goes on delivering for a while after it was paused', () => {
    let sink!: ByteSink;
    const reader: ByteReader = { start: (given) => void (sink = given), pause() {}, resume() {}, relax() {} };
    const connection = new Connection(reader, new ByteWriter(duplexPair()[0], false), Buffer.alloc(0), MARK);
    connection.watch(nobody);
    const bytes = binary('0123456789');
    // As the shared buffer: the same memory each time.
    const memory = Buffer.alloc(5);
    for (let at = 0; at < bytes.length; at += 5) {
      const size = bytes.copy(memory, 0, at, at + 5);
      sink.onBytes(memory, 0, size, 0, false);
    }
    const owner = new Owner();
    connection.start(owner, 0);
    expect(owner.data).toBe('0123456789');
  });

  it('tells an end that came early as soon as somebody listens', async () => {
    const { connection, owner, client } = setup();
    connection.watch(nobody);
    client.end();
    await settle();
    connection.start(owner, 0);
    await settle();
    expect(owner.told).toEqual(['end']);
  });

  it('tells an end that came while bytes of the handshake waited', async () => {
    const { connection, owner, client, near } = setup({ head: binary('x') });
    client.end();
    near.read();
    await settle();
    near.resume();
    await settle();
    expect(near.readableEnded).toBe(true);
    connection.watch(nobody);
    connection.start(owner, 0);
    await settle();
    expect(owner.told).toEqual(['data', 'end']);
  });
});

describe('sending', () => {
  it.each([0, 1, 125, 126, 4096, 4097, 65_535, 65_536])(
    'makes one frame of %i bytes, however much room is in front',
    async (length) => {
      for (const headroom of [0, 3, 9, 16]) {
        for (const mayKeep of [false, true]) {
          const { connection, seen } = setup({ highWaterMark: 1 << 20 });
          const memory = Buffer.alloc(headroom + length + 3, '.');
          for (let i = 0; i < length; i++) memory[headroom + i] = i;
          const expected = Buffer.from(memory.subarray(headroom, headroom + length));
          const kept = connection.send(2, memory, headroom, headroom + length, headroom, mayKeep);
          expect(kept && !mayKeep).toBe(false);
          if (!kept) memory.fill('x');
          await settle();
          expect(seen.frames).toHaveLength(1);
          expect(seen.frames[0]!.opcode).toBe(2);
          expect(seen.frames[0]!.payload.equals(expected)).toBe(true);
          // What lies behind the payload is nobody's.
          expect(memory.subarray(headroom + length).toString()).toBe(kept ? '...' : 'xxx');
        }
      }
    },
  );

  it('sends many short messages with one write', async () => {
    const { connection, near, seen } = setup();
    const sizes = [0, 1, 125, 126, 4096];
    const messages = sizes.map((size, at) => ({
      opcode: at % 2 === 0 ? (1 as const) : (2 as const),
      data: Buffer.alloc(size, 'x'),
    }));
    const writes: number[] = [];
    const write = near.write.bind(near) as (chunk: Buffer) => boolean;
    near.write = ((chunk: Buffer) => {
      writes.push(chunk.length);
      return write(chunk);
    }) as typeof near.write;
    connection.sendMany(messages);
    await settle();
    expect(seen.frames.map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
      [1, 0],
      [2, 1],
      [1, 125],
      [2, 126],
      [1, 4096],
    ]);
    expect(writes).toHaveLength(1);
    connection.sendClose(1000, '');
    connection.sendMany(messages);
    await settle();
    expect(seen.frames.filter(({ opcode }) => opcode < 8)).toHaveLength(5);
  });

  it('sends one Close frame and nothing behind it', async () => {
    const { connection, owner, client, seen } = setup();
    connection.start(owner, 0);
    connection.sendClose(1011, 'no');
    expect(connection.closeSent).toBe(true);
    connection.sendClose(1000, '');
    connection.ping();
    connection.send(2, Buffer.from('late'), 0, 4, 0, true);
    client.write(clientFrame({ opcode: 9, payload: 'ping' }));
    await settle();
    expect(seen.frames).toHaveLength(1);
    expect(seen.close).toEqual({ code: 1011, reason: 'no' });
  });

  it('sends an empty Close frame for "no code"', async () => {
    const { connection, seen } = setup();
    connection.sendClose(1005, 'not sent');
    await settle();
    expect(seen.close).toEqual({ code: 1005, reason: '' });
  });

  it('answers a ping that waits before it says goodbye', async () => {
    const { connection, owner, client, near, seen } = setup({ highWaterMark: 1000 });
    connection.start(owner, 0);
    client.hold();
    while (!connection.writer.congested(MARK)) connection.send(2, Buffer.alloc(20_000), 0, 20_000, 0, true);
    near.push(clientFrame({ opcode: 9, payload: 'old' }));
    await settle();
    near.push(clientFrame({ opcode: 9, payload: 'new' }));
    await settle();
    connection.sendClose(1000, '');
    client.release();
    for (let i = 0; i < 500 && !seen.close; i++) await settle();
    expect(seen.frames.filter(({ opcode }) => opcode >= 8).map(({ opcode }) => opcode)).toEqual([10, 8]);
    expect(seen.frames.find(({ opcode }) => opcode === 10)!.payload.toString()).toBe('new');
  });

  it('queues no more than a bounded number of pongs for a client that does not read', async () => {
    const { connection, owner, client, seen } = setup({ highWaterMark: 1000 });
    connection.writer.onDrain = () => connection.onDrain();
    connection.start(owner, 0);
    client.hold();
    const ping = clientFrame({ opcode: 9, payload: Buffer.alloc(125) });
    for (let i = 0; i < 5000; i++) {
      client.write(ping);
      if (i % 10 === 0) await settle();
    }
    await settle();
    expect(connection.writer.queued).toBeLessThan(MARK + 1000);
    client.write(clientFrame({ opcode: 9, payload: 'the last' }));
    await settle();
    client.release();
    for (let i = 0; i < 2000 && seen.frames.at(-1)?.payload.toString() !== 'the last'; i++) await settle();
    expect(seen.frames.at(-1)?.payload.toString()).toBe('the last');
  });
});

it('probes a stream that cannot tell by a ping, where it may', async () => {
  const { connection, owner, seen } = setup();
  connection.start(owner, 0);
  connection.probe(false);
  await settle();
  expect(seen.frames).toEqual([]);
  connection.probe(true);
  await settle();
  expect(seen.frames.map(({ opcode }) => opcode)).toEqual([9]);
});
