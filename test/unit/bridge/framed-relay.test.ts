import { describe, expect, it } from 'vitest';
import { createRelay } from '../../../src/bridge/create-relay.ts';
import type { Relay } from '../../../src/bridge/relay.ts';
import { sendMessages } from '../../../src/bridge/send-messages.ts';
import type { FramerConfig } from '../../../src/config/model.ts';
import { BridgeError } from '../../../src/errors.ts';
import { createFraming } from '../../../src/framing/create-framing.ts';
import { type Framer, Framing } from '../../../src/framing/framing.ts';
import type { Message } from '../../../src/websocket/message.ts';
import { PassingUnframer } from '../../../src/framing/passing.ts';
import type { ClientConnection } from '../../../src/websocket/connection.ts';
import { OPCODE } from '../../../src/websocket/opcode.ts';
import { duplexPair, type PairEnd } from '../../support/duplex-pair.ts';
import { clientFrame } from '../websocket/client-frames.ts';
import { relayConfig } from './relay-config.ts';
import { clientSide, settle, Told, type ClientSide } from './relay-fixture.ts';

const MARK = 64 * 1024;

interface Bench extends ClientSide {
  relay: Relay;
  told: Told;
  target: PairEnd;
  targetSide: PairEnd;
  received: () => string;
  messages: () => string[];
}

function make(framer: FramerConfig | null, unframer: FramerConfig | null): Framing {
  return createFraming({ framer, unframer }, { limit: 1_000_000, target: 'stream' }, () => {
    throw new Error('there are no plugins here');
  })!;
}

const newline = { name: 'newline', config: null };

function bench(framing: Framing, octets: boolean = false): Bench {
  const side = clientSide({ octets }, MARK);
  const [target, targetSide] = duplexPair({ octets });
  const told = new Told();
  const config = relayConfig({ highWaterMark: MARK, linger: 50, closeTimeout: 50 });
  const relay = createRelay({ kind: 'stream', duplex: targetSide }, 'tcp://t:1', config, told, null, framing);
  const chunks: Buffer[] = [];
  target.on('error', () => {});
  target.on('data', (chunk: Buffer) => chunks.push(chunk));
  relay.start(side.connection);
  const messages = (): string[] =>
    side.seen.frames.filter(({ opcode }) => opcode < 8).map(({ opcode, payload }) => `${opcode}${payload.toString()}`);
  return { ...side, relay, told, target, targetSide, received: () => Buffer.concat(chunks).toString(), messages };
}

describe.each([{ octets: false }, { octets: true }])('a framed stream (one byte at a time: $octets)', ({ octets }) => {
  it('is cut and put together, and its end is flushed', async () => {
    const { client, target, received, messages, relay, told } = bench(make(newline, newline), octets);
    client.write(clientFrame({ opcode: 1, fin: false, payload: 'on' }));
    client.write(clientFrame({ opcode: 0, payload: 'e' }));
    client.write(clientFrame({ opcode: 2, payload: '' }));
    await settle(30);
    expect(received()).toBe('one\n\n');
    target.write('a\nbc\nd');
    await settle(30);
    expect(messages()).toEqual(['1a\n', '1bc\n']);
    expect(relay.queued).toBe(1);
    target.end();
    await settle(30);
    expect(messages()).toEqual(['1a\n', '1bc\n', '1d']);
    expect(told.all).toEqual(['target end']);
    expect(relay).toMatchObject({ bytesIn: 5, bytesOut: 6 });
  });
});

describe('the messages of one chunk', () => {
  it('are one write to the target', async () => {
    const { client, targetSide, received } = bench(make(null, newline));
    const writes: number[] = [];
    const write = targetSide.write.bind(targetSide) as (chunk: Buffer) => boolean;
    targetSide.write = ((chunk: Buffer) => {
      writes.push(chunk.length);
      return write(chunk);
    }) as typeof targetSide.write;
    client.write(Buffer.concat(['one', 'two', 'three'].map((payload) => clientFrame({ opcode: 1, payload }))));
    await settle();
    expect(received()).toBe('one\ntwo\nthree\n');
    expect(writes).toEqual([14]);
  });

  it('that came before one without meaning are written', async () => {
    const { client, received, told } = bench(make(null, { name: 'dynamic32', config: 'static=2' }));
    client.write(Buffer.concat(['ok', 'x', 'lost'].map((payload) => clientFrame({ opcode: 1, payload }))));
    await settle();
    expect(told.all).toContain('FRAMING_MESSAGE');
    expect(received()).toBe('\0\0\0\0ok');
  });
});

describe('a target that breaks off', () => {
  it.each([
    ['with an error', new Error('ECONNRESET'), 'ECONNRESET'],
    ['without an end', undefined, 'closed without an end'],
  ])('%s still has what it sent delivered, in front of the error', async (_what, error, detail) => {
    const { target, targetSide, messages, told, relay } = bench(make(newline, newline));
    target.write('a\nbc');
    await settle();
    targetSide.destroy(error);
    await settle();
    expect(messages()).toEqual(['1a\n', '1bc']);
    expect(told.all.join(' ')).toContain(detail);
    expect(relay.queued).toBe(0);
  });
});

/** A framer that fails when it is told to. */
class Failing implements Framer {
  readonly held = 0;
  error: BridgeError | null = null;
  disposed = 0;

  push(chunk: Buffer): ReturnType<Framer['push']> {
    if (chunk.toString().includes('bang')) this.error = new BridgeError('FRAMING_FAILED', { detail: 'it went off' });
    return [{ opcode: OPCODE.binary, data: chunk }];
  }

  end(): [] {
    this.error = new BridgeError('FRAMING_LIMIT');
    return [];
  }

  dispose(): void {
    this.disposed++;
  }
}

describe('a framer that fails', () => {
  it('is an error of the target, behind what came before it', async () => {
    const framer = new Failing();
    const { target, told, messages, relay } = bench(new Framing(framer, new PassingUnframer()));
    target.write('bang');
    await settle();
    expect(told.all).toEqual(['it went off: the framing of the session failed.']);
    expect(messages()).toEqual(['2bang']);
    relay.destroyTarget();
    await settle();
    expect(framer.disposed).toBe(1);
  });

  it('at the end of the stream is an error as well', async () => {
    const { target, told } = bench(new Framing(new Failing(), new PassingUnframer()));
    target.end();
    await settle();
    expect(told.all[0]).toBe('A message of the target was larger than the limit.');
    expect(told.all).not.toContain('target end');
  });
});

/** Remembers what it is told to send. */
function recording(): { sent: unknown[]; connection: ClientConnection } {
  const sent: unknown[] = [];
  const connection = {
    send: (opcode: number, buffer: Buffer, start: number, end: number, headroom: number, mayKeep: boolean) => {
      sent.push({ opcode, text: buffer.toString('latin1', start, end), headroom, mayKeep });
      return mayKeep;
    },
    sendMany: (messages: readonly Message[]) => {
      sent.push(messages.map(({ opcode, data }) => `${opcode}${data.toString()}`));
    },
  } as unknown as ClientConnection;
  return { sent, connection };
}

describe('sending the messages of a framer', () => {
  const buffer = Buffer.from('................payload');
  const chunk = { buffer, start: 16, headroom: 16, mayKeep: true };

  it('leaves a single one where it lies, with the room in front of it', () => {
    const { sent, connection } = recording();
    const frames = [{ opcode: OPCODE.text, data: buffer.subarray(18, 22) }];
    expect(sendMessages(connection, frames, chunk)).toBe(true);
    expect(sent).toEqual([{ opcode: 1, text: 'yloa', headroom: 18, mayKeep: true }]);
  });

  it('has short ones go out together, and long ones copied where they lie', () => {
    const { sent, connection } = recording();
    const long = Buffer.alloc(10_000, 'x');
    const own = Buffer.alloc(5000, 'y');
    const lying = { buffer: long, start: 0, headroom: 0, mayKeep: true };
    const [pa, yl, lo] = [long.subarray(0, 2), long.subarray(2, 4), long.subarray(4, 5004)];
    const frames = [pa, yl, lo, own, pa].map((data) => ({ opcode: OPCODE.binary, data }));
    expect(sendMessages(connection, frames, lying)).toBe(false);
    expect(sent).toEqual([
      ['2xx', '2xx'],
      { opcode: 2, text: 'x'.repeat(5000), headroom: 0, mayKeep: false },
      { opcode: 2, text: 'y'.repeat(5000), headroom: 0, mayKeep: true },
      ['2xx'],
    ]);
    expect(sendMessages(connection, [], lying)).toBe(false);
    expect(sent).toHaveLength(4);
  });
});
