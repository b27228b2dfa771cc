import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Channel } from '../../../src/browser/channel.ts';
import { Websock, type WebsockOptions } from '../../../src/browser/websock.ts';
import { fakeWebSockets, FakeWebSocket } from './fake-web-socket.ts';

/** A Websock that is open, and the WebSocket behind it. */
function open(
  options: WebsockOptions = {},
  protocol: string = 'binary',
): { readonly ws: Websock; readonly fake: FakeWebSocket } {
  const { WebSocket, made } = fakeWebSockets();
  const ws = new Websock({ WebSocket, ...options });
  ws.open('ws://bridge.test/');
  return { ws, fake: made[0]!.accept(protocol) };
}

function filled(...bytes: number[]): Websock {
  const { ws, fake } = open();
  fake.deliverOctets(Uint8Array.from(bytes));
  return ws;
}

describe('the connection of a Websock', () => {
  test('goes through its states and calls its handlers', () => {
    const { WebSocket, made } = fakeWebSockets();
    const ws = new Websock({ WebSocket });
    const told: unknown[] = [];
    ws.on('open', () => told.push('open'));
    ws.on('message', () => told.push(`message ${ws.rQlen()}`));
    ws.on('error', () => told.push('error'));
    ws.on('close', (event) => told.push((event as { code: number }).code));
    expect(ws.readyState).toBe('unused');
    ws.open('http://bridge.test/');
    const fake = made[0]!;
    expect(fake).toMatchObject({ url: 'ws://bridge.test/', offered: ['binary', 'base64'], binaryType: 'arraybuffer' });
    expect(ws.readyState).toBe('connecting');
    fake.accept();
    expect(ws.readyState).toBe('open');
    fake.deliver(Uint8Array.of());
    fake.deliver(Uint8Array.of(1, 2));
    ws.off('message');
    fake.deliver(Uint8Array.of(3));
    ws.close();
    expect(ws.readyState).toBe('closing');
    fake.deliver(Uint8Array.of(4));
    fake.end(1006);
    expect(ws.readyState).toBe('closed');
    expect(told).toEqual(['open', 'message 2', 'error', 1006]);
    expect(ws.rQlen()).toBe(3);
  });

  test('offers what it is told to', () => {
    const { WebSocket, made } = fakeWebSockets();
    const ws = new Websock({ WebSocket });
    ws.open('ws://bridge.test/', 'base64');
    ws.open('ws://bridge.test/', []);
    expect(made.map(({ offered }) => offered)).toEqual([['base64'], []]);
  });

  test('takes channels that others have made, open or not, whose states are numbers or words', () => {
    const ws = new Websock();
    const opened = vi.fn<() => void>();
    ws.on('open', opened);
    ws.attach(new FakeWebSocket('ws://bridge.test/').accept());
    expect(ws.readyState).toBe('open');
    expect(opened).not.toHaveBeenCalled();
    const dataChannel = {
      binaryType: 'blob',
      readyState: 'connecting',
      protocol: '',
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: () => undefined,
      close: () => undefined,
    };
    ws.attach(dataChannel);
    expect(ws.readyState).toBe('connecting');
    expect(dataChannel.binaryType).toBe('arraybuffer');
  });

  test('does not hear the channel that it was attached to before', () => {
    const { ws, fake } = open();
    const message = vi.fn<() => void>();
    ws.on('message', message);
    ws.attach(new FakeWebSocket('ws://bridge.test/').accept());
    fake.deliver(Uint8Array.of(1));
    expect(message).not.toHaveBeenCalled();
    expect(ws.rQlen()).toBe(0);
  });

  test('a close ends a Channel for good, also while it waits for its next attempt', () => {
    const { WebSocket, made } = fakeWebSockets();
    const channel = new Channel('ws://bridge.test/', { WebSocket, reconnect: { delays: [10_000] } });
    const stopped = vi.spyOn(channel, 'close');
    const ws = new Websock();
    ws.attach(channel);
    made[0]!.end(1006);
    expect(ws.readyState).toBe('closed');
    ws.close();
    expect(stopped).toHaveBeenCalledTimes(1);
  });

  test('nothing of one connection of a Channel gets into the next', async () => {
    const { WebSocket, made } = fakeWebSockets();
    const ws = new Websock();
    ws.attach(new Channel('ws://bridge.test/', { WebSocket, keepalive: false, reconnect: { delays: [0] } }));
    ws.sQpush8(1);
    made[0]!.accept();
    expect(made[0]!.sent).toEqual([Uint8Array.of(1)]);
    made[0]!.deliver(Uint8Array.of(2));
    ws.sQpush8(3);
    made[0]!.end(1006);
    ws.sQpush8(4);
    await vi.waitFor(() => expect(made.length).toBe(2));
    ws.sQpush8(5);
    ws.on('open', () => ws.sQpush8(6));
    expect(ws.rQlen()).toBe(1);
    made[1]!.accept();
    expect(ws.rQlen()).toBe(0);
    expect(made[1]!.sent).toEqual([Uint8Array.of(6)]);
    ws.close();
  });

  test('works on a Channel whose server chose base64', () => {
    const { WebSocket, made } = fakeWebSockets();
    const ws = new Websock();
    ws.attach(new Channel('ws://bridge.test/', { WebSocket, keepalive: false }));
    const fake = made[0]!.accept('base64');
    fake.deliver('AQID');
    expect(ws.rQshiftBytes()).toEqual(Uint8Array.of(1, 2, 3));
    ws.send([4, 5, 6]);
    expect(fake.sent).toEqual(['BAUG']);
  });
});

describe('the receive queue', () => {
  test('reads numbers, the high byte first', () => {
    const ws = filled(1, 2, 3, 0xff, 0xfe, 0xfd, 0xfc, 9);
    expect([ws.rQpeek8(), ws.rQshift8(), ws.rQshift16(), ws.rQshift32()]).toEqual([1, 1, 0x0203, 0xfffefdfc]);
    expect(ws.rQlen()).toBe(1);
  });

  test('reads bytes and strings', () => {
    const ws = filled(...Array.from('hello, wörld', (letter) => letter.charCodeAt(0)));
    expect(ws.rQpeekBytes(2)).toEqual(Uint8Array.of(104, 101));
    expect(ws.rQslice(1, 3)).toEqual(Uint8Array.of(101, 108));
    expect(ws.rQshiftStr(7)).toBe('hello, ');
    expect(ws.rQslice(3)).toEqual(Uint8Array.of(108, 100));
    const target = new Uint8Array(4);
    ws.rQshiftTo(target, 2);
    expect(target).toEqual(Uint8Array.of(119, 246, 0, 0));
    ws.rQskip8();
    ws.rQskipBytes(1);
    expect(ws.rQshiftStr()).toBe('d');
    expect(ws.rQshiftBytes()).toEqual(new Uint8Array(0));
  });

  test('copies unless told otherwise', () => {
    const ws = filled(1, 2, 3, 4);
    expect(ws.rQpeekBytes(2, false).buffer).toBe(ws.rQ.buffer);
    expect(ws.rQpeekBytes(2).buffer).not.toBe(ws.rQ.buffer);
    expect(ws.rQshiftBytes(2).buffer).not.toBe(ws.rQ.buffer);
    expect(ws.rQshiftBytes(2, false).buffer).toBe(ws.rQ.buffer);
  });

  test('waits, and goes back', () => {
    const ws = filled(1, 2, 3);
    expect(ws.rQwait('three', 3)).toBe(false);
    ws.rQshift16();
    expect(ws.rQwait('two more', 2, 2)).toBe(true);
    expect(ws.rQlen()).toBe(3);
    expect(() => ws.rQwait('much', 100, 1)).toThrow(RangeError);
  });

  test('takes bytes back', () => {
    const ws = filled(1, 2);
    ws.rQshift8();
    ws.rQunshift8(7);
    ws.rQunshift8(8);
    expect(ws.rQshiftBytes()).toEqual(Uint8Array.of(8, 7, 2));
  });

  test('never gives what is not there', () => {
    const ws = filled(1);
    for (const read of [
      () => ws.rQshift16(),
      () => ws.rQshiftBytes(2),
      () => ws.rQpeekBytes(2),
      () => ws.rQskipBytes(2),
      () => ws.rQshiftStr(2),
      () => ws.rQslice(0, 2),
    ])
      expect(read).toThrow(RangeError);
    ws.rQshift8();
    expect(() => ws.rQpeek8()).toThrow(RangeError);
  });

  test('has the names of all years', () => {
    const ws = filled(1, 2, 3);
    ws.rQshift8();
    expect([ws.rQi, ws.get_rQi()]).toEqual([1, 1]);
    for (const whole of [ws.rQ, ws.get_rQ(), ws.rQwhole()]) expect([...whole]).toEqual([1, 2, 3]);
    ws.set_rQi(0);
    expect(ws.rQlen()).toBe(3);
    ws.rQi = 2;
    expect(ws.rQlen()).toBe(1);
  });

  test('has its length as a property where the code is from those years', () => {
    const { ws, fake } = open({ rQlen: 'property' });
    fake.deliver(Uint8Array.of(1, 2));
    expect(Reflect.get(ws, 'rQlen')).toBe(2);
  });

  test('holds no more than it may: error, and close', () => {
    const { ws, fake } = open({ receiveLimit: 10 });
    const error = vi.fn<(event: unknown) => void>();
    const message = vi.fn<() => void>();
    ws.on('error', error);
    ws.on('message', message);
    fake.deliver(new Uint8Array(10));
    fake.deliver(new Uint8Array(1));
    fake.deliver(new Uint8Array(1));
    expect(message).toHaveBeenCalledOnce();
    expect(error.mock.calls).toEqual([[expect.any(RangeError)]]);
    expect(fake.closes).toMatchObject([{ code: 4008 }]);
    expect(ws.rQlen()).toBe(10);
  });

  test('decodes base64 when the server chose it, and closes when it is none', () => {
    const { ws, fake } = open({}, 'base64');
    const error = vi.fn<(event: unknown) => void>();
    ws.on('error', error);
    fake.deliver(btoa('hello'));
    expect(ws.rQshiftStr()).toBe('hello');
    fake.deliver('###');
    expect(fake.closes).toMatchObject([{ code: 4007 }]);
    expect(error).toHaveBeenCalledOnce();
  });

  test('gives the same bytes to a parser, however they were cut', () => {
    const record = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 90 })), (records, cuts) => {
        const { ws, fake } = open();
        const parsed: number[][] = [];
        // As decoders of noVNC are written: read a length, wait for the rest, go back when it is not there.
        ws.on('message', () => {
          while (!ws.rQwait('length', 2)) {
            const length = ws.rQshift16();
            if (ws.rQwait('record', length, 2)) return;
            parsed.push([...ws.rQshiftBytes(length)]);
          }
        });
        const stream = Uint8Array.from(records.flatMap((data) => [data.length >> 8, data.length & 0xff, ...data]));
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const length = cuts[turn % (cuts.length || 1)] ?? 1;
          fake.deliver(stream.subarray(at, at + length));
          at += length;
        }
        expect(parsed).toEqual(records.map((data) => [...data]));
        expect(ws.rQlen()).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the send queue', () => {
  test('gathers until it is flushed', () => {
    const { ws, fake } = open();
    ws.sQpush8(0x101);
    ws.sQpush16(0x0203);
    ws.sQpush32(0xfffefdfc);
    ws.sQpushString('hü');
    ws.sQpushBytes([5, 6]);
    ws.sQpushBytes(Uint8Array.of(7));
    expect(fake.sent).toEqual([]);
    expect([...ws.sQ]).toEqual([...ws.get_sQ()]);
    expect(ws.flush()).toBe(true);
    expect(fake.sent).toEqual([Uint8Array.of(1, 2, 3, 0xff, 0xfe, 0xfd, 0xfc, 104, 252, 5, 6, 7)]);
    expect(ws.flush()).toBe(true);
    expect(fake.sent).toHaveLength(1);
  });

  test('takes a string for its UTF-8, and nothing that is neither text nor bytes', () => {
    const { ws, fake } = open();
    ws.send('hü' as unknown as number[]);
    expect(fake.sent).toEqual([Uint8Array.of(104, 0xc3, 0xbc)]);
    expect(() => ws.send(7 as unknown as number[])).toThrow(TypeError);
  });

  test('sends by itself once much is gathered', () => {
    const { ws, fake } = open();
    for (let count = 0; count < 10_240; count += 1) ws.sQpush8(1);
    expect(fake.sent).toMatchObject([{ length: 10_240 }]);
    ws.sQpushBytes(new Uint8Array(100_000));
    expect(fake.sent).toMatchObject([{ length: 10_240 }, { length: 100_000 }]);
  });

  test('sends at once when told so, by the names of all years', () => {
    const { ws, fake } = open();
    ws.sQpush8(1);
    expect(ws.send([2, 3])).toBe(true);
    ws.send_string('AB');
    ws.sendString('C');
    expect(fake.sent).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(65, 66), Uint8Array.of(67)]);
  });

  test('encodes base64 when the server chose it', () => {
    const { ws, fake } = open({}, 'base64');
    ws.send([1, 2, 3]);
    expect(fake.sent).toEqual(['AQID']);
  });

  test('keeps what is sent before the opening, and sends it then', () => {
    const { WebSocket, made } = fakeWebSockets();
    const ws = new Websock({ WebSocket, sendLimit: 4 });
    ws.open('ws://bridge.test/');
    expect(ws.send([1, 2])).toBe(false);
    ws.sQpush16(0x0304);
    expect(() => ws.send([5])).toThrow(RangeError);
    made[0]!.accept();
    expect(made[0]!.sent).toEqual([Uint8Array.of(1, 2, 3, 4)]);
  });

  test('says when the channel holds much', () => {
    const { ws, fake } = open();
    ws.maxBufferedAmount = 10;
    fake.stuck = true;
    expect(ws.send(new Uint8Array(9))).toBe(true);
    expect(ws.send(new Uint8Array(1))).toBe(false);
    expect(fake.sent).toHaveLength(2);
    fake.bufferedAmount = 0;
    expect(ws.flush()).toBe(true);
  });

  test('takes on an open channel what is larger than its queue', () => {
    const { ws, fake } = open();
    const data = Uint8Array.from({ length: 20 * 1024 * 1024 }, (_, at) => at % 251);
    ws.sQpush8(7);
    ws.sQpushBytes(data);
    ws.flush();
    const sent = Buffer.concat(fake.sent as Uint8Array[]);
    expect(sent.equals(Buffer.concat([Uint8Array.of(7), data]))).toBe(true);
    expect(Math.max(...fake.sent.map(({ length }) => length))).toBe(1024 * 1024);
    const small = open({ sendLimit: 4 });
    small.ws.sQpushBytes([1, 2, 3]);
    small.ws.sQpushBytes([4, 5]);
    small.ws.send([6, 7, 8, 9, 10]);
    expect(Buffer.concat(small.fake.sent as Uint8Array[])).toEqual(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
  });

  test.each(['connecting', 'closed'])('keeps to the limit of its queue while the channel is %s', (state) => {
    const channel = new FakeWebSocket('ws://bridge.test/');
    if (state === 'closed') channel.end(1000);
    const ws = new Websock({ sendLimit: 4 });
    ws.attach(channel);
    ws.sQpushBytes([1, 2, 3]);
    expect(() => ws.sQpushBytes([4, 5])).toThrow(RangeError);
    expect(ws.sQ).toEqual(Uint8Array.of(1, 2, 3));
    expect(channel.sent).toEqual([]);
  });

  test('takes bytes in any form, and nothing else', () => {
    const { ws, fake } = open();
    const buffer = Uint8Array.of(1, 2, 3, 4).buffer;
    ws.send(buffer);
    ws.send(new DataView(buffer, 1, 2));
    ws.send(new Uint16Array([0x0605]));
    ws.sQpushBytes(buffer);
    ws.send([7, 256 + 8, -1]);
    expect(fake.sent).toEqual(
      [
        [1, 2, 3, 4],
        [2, 3],
        [5, 6],
        [1, 2, 3, 4, 7, 8, 255],
      ].map((it) => Uint8Array.from(it)),
    );
    for (const wrong of [null, undefined, 7, {}, { length: 2 }])
      expect(() => ws.send(wrong as unknown as number[])).toThrow(TypeError);
    ws.send([9]);
    expect(fake.sent.at(-1)).toEqual(Uint8Array.of(9));
  });

  test('sends what is gathered though the handler of open throws', () => {
    const { WebSocket, made } = fakeWebSockets();
    const ws = new Websock({ WebSocket });
    ws.open('ws://bridge.test/');
    ws.send([1]);
    ws.on('open', () => {
      throw new Error('of the user');
    });
    expect(() => made[0]!.accept()).toThrow('of the user');
    expect(made[0]!.sent).toEqual([Uint8Array.of(1)]);
  });

  test('sends copies: what is gathered later does not change what the channel still holds', () => {
    const channel = new FakeWebSocket('ws://bridge.test/').accept();
    const held: Uint8Array[] = [];
    vi.spyOn(channel, 'send').mockImplementation((data) => void held.push(data as Uint8Array));
    const ws = new Websock();
    ws.attach(channel);
    ws.send([1, 2]);
    ws.send([3, 4]);
    expect(held).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
  });
});
