import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTarget } from '../../../src/target/create-target.ts';
import { LoadServer } from '../../../src/target/load.ts';
import { abortedFor, dialContext, dialStream, until } from '../../conformance/target-support.ts';

let server: LoadServer;
/** What the server says, without its greeting: lines, and `<length>` for each payload. */
let said: string[] = [];
let damaged = 0;

/** Reads everything that the server says and checks every payload. */
function listen(): void {
  let rest: Buffer = Buffer.alloc(0);
  let payload = 0;
  let checksum = 0;
  server.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      if (payload > 0) {
        if (rest.length < payload) return;
        if (checksum >= 0 && crc32(rest.subarray(0, payload)) !== checksum) damaged++;
        said.push(`<${payload}>`);
        rest = rest.subarray(payload);
        payload = 0;
        continue;
      }
      const feed = rest.indexOf('\n');
      if (feed === -1) return;
      const line = rest.toString('latin1', 0, feed);
      rest = rest.subarray(feed + 1);
      said.push(line);
      const [word, one, two, three = ''] = line.split(' ');
      if (word === 'bytes') [payload, checksum] = [Number(one), -1];
      if (word === 'data') [payload, checksum] = [Number(two), Number.parseInt(three, 16)];
    }
  });
}

/** Sends bytes and gives what is said to them soon. */
async function ask(input: string | Buffer): Promise<string[]> {
  const before = said.length;
  await new Promise((resolve) => {
    server.write(input, resolve);
  });
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  return said.slice(before);
}

function dataRecord(sequence: number, payload: Buffer, checksum: number = crc32(payload)): Buffer {
  const line = `data ${sequence} ${payload.length} ${checksum.toString(16).padStart(8, '0')}\n`;
  return Buffer.concat([Buffer.from(line), payload]);
}

beforeEach(() => {
  server = new LoadServer();
  said = [];
  damaged = 0;
});

afterEach(() => {
  server.destroy();
});

describe('the load target', () => {
  test('names itself, greets, and refuses a dial that is aborted', async () => {
    const target = createTarget({ kind: 'load' });
    expect(target.label).toBe('load:');
    const { duplex } = await dialStream(target);
    expect(String(duplex.read())).toBe('bascule-load 1 max=1048576\n');
    duplex.destroy();
    const reason = new Error('too late');
    await expect(target.connect(dialContext({ abort: abortedFor(reason) }))).rejects.toBe(reason);
  });

  describe('answers', () => {
    beforeEach(async () => {
      listen();
      await until(() => said.length === 1);
    });

    test('ping with its own words, as they are', async () => {
      expect(await ask('ping\nping  a  b \xff\r\n')).toEqual(['pong', 'pong  a  b \xc3\xbf']);
    });

    test('help with every command', async () => {
      const help = (await ask('help\n')).join('\n');
      for (const word of ['ping', 'bytes', 'data', 'report', 'send', 'stop'])
        expect(help).toMatch(new RegExp(`^note ${word}`, 'm'));
    });

    test('nothing to an empty line, and a mistake with a hint', async () => {
      expect(await ask('\r\n\n')).toEqual([]);
      expect(await ask('PING\n')).toEqual(['error command there is no such command; help lists them']);
      expect(await ask('stop\n')).toEqual(['error command nothing is being sent']);
      expect(await ask('send data size=0\n')).toEqual(['error command size is N or LEAST-MOST, from 1 to 1048576']);
    });

    test('bytes with how many it has counted, once for all that came together', async () => {
      expect(await ask('bytes 3\nabcbytes 4\n\n\n\n\n')).toEqual(['counted 7']);
      expect(await ask('bytes 10\n12345')).toEqual([]);
      expect(await ask('67890')).toEqual(['counted 17']);
      expect(await ask('report\n')).toEqual(['report messages=0 bytes=0 errors=0 counted=17']);
    });

    test('right records with silence, until it is asked', async () => {
      const records = [0, 1, 2].map((sequence) => dataRecord(sequence, Buffer.alloc(1000, sequence)));
      expect(await ask(Buffer.concat(records))).toEqual([]);
      expect(await ask('report\n')).toEqual(['report messages=3 bytes=3000 errors=0 counted=0']);
    });

    test('one byte at a time', async () => {
      const bytes = Buffer.concat([dataRecord(0, Buffer.from('payload\n')), Buffer.from('report\nping x\r\n')]);
      for (const byte of bytes) await ask(Buffer.from([byte]));
      expect(said.slice(1)).toEqual(['report messages=1 bytes=8 errors=0 counted=0', 'pong x']);
    });

    test('a damaged record, a missing one and one that comes twice with an error each', async () => {
      const payload = Buffer.from('something');
      expect(await ask(dataRecord(0, payload, crc32(payload) ^ 1))).toEqual(['error checksum record 0 was damaged']);
      expect(await ask(dataRecord(2, payload))).toEqual(['error sequence record 2 came where 1 was due']);
      expect(await ask(dataRecord(2, payload))).toEqual(['error sequence record 2 came where 3 was due']);
      expect(await ask(dataRecord(3, payload))).toEqual([]);
      expect(await ask('report\n')).toEqual(['report messages=4 bytes=36 errors=3 counted=0']);
    });

    test.each([
      ['bytes 0\n', 'error form the line of a bytes record is malformed; its payload is 1 to 1048576 bytes'],
      ['data 0 5 xyz\n', 'error form the line of a data record is malformed; its payload is 1 to 1048576 bytes'],
      [`${'x'.repeat(300)}\n`, 'error form a line is longer than 256 bytes'],
    ])('%j by ending, for nobody knows where the next record begins', async (input, error) => {
      expect(await ask(`${input}ping more\n`)).toEqual([error]);
      await until(() => server.readableEnded);
      expect(await ask('ping even more\n')).toEqual([]);
      server.end();
      await once(server, 'close');
    });

    test('the end of the client by ending', async () => {
      server.end('ping last\nsend bytes for=0\n');
      await once(server, 'close');
      expect(said.slice(1)).toEqual(['pong last']);
    });
  });

  describe('sends', () => {
    beforeEach(listen);

    test('as many records as were asked for, all different and right', async () => {
      await ask('send data size=1-5000 count=200\n');
      await until(() => said.at(-1)?.startsWith('done') ?? false);
      const numbers = said.filter((line) => line.startsWith('data')).map((line) => Number(line.split(' ')[1]));
      expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index));
      expect(said.at(-1)).toMatch(/^done messages=200 bytes=\d+$/);
      expect(damaged).toBe(0);
    });

    test('at the pace that was asked for, until its time is over', async () => {
      await ask('send data size=10 rate=100 for=0.3\n');
      await until(() => said.at(-1)?.startsWith('done') ?? false);
      const count = said.filter((line) => line.startsWith('data')).length;
      expect(count).toBeGreaterThanOrEqual(25);
      expect(count).toBeLessThanOrEqual(31);
    });

    test('until it is stopped, and one thing at a time', async () => {
      await ask('send bytes size=65536 for=0\n');
      await until(() => said.length > 20);
      await ask('send data\nping now\n');
      expect(said).toContain('error command something is being sent; stop it first');
      expect(said).toContain('pong now');
      await ask('stop\n');
      const end = said.findIndex((line) => line.startsWith('done'));
      expect(end).toBeGreaterThan(0);
      await delay(30);
      expect(said.slice(end + 1)).toEqual([]);
      await ask('send data count=1\n');
      await until(() => said.at(-1) === 'done messages=1 bytes=1024');
    });

    test('both ways at once', async () => {
      await ask('send data size=1000 for=0\n');
      for (let sequence = 0; sequence < 40; sequence++) await ask(dataRecord(sequence, Buffer.alloc(1000, sequence)));
      await ask('stop\nreport\n');
      expect(said.at(-1)).toBe('report messages=40 bytes=40000 errors=0 counted=0');
      expect(said.filter((line) => line.startsWith('data')).length).toBeGreaterThan(10);
      expect(damaged).toBe(0);
    });
  });

  describe('with a reader that does not keep up', () => {
    test('makes records only as they are read', async () => {
      server.write('send bytes size=65536 for=0\n');
      await delay(50);
      const held = server.readableLength;
      expect(held).toBeLessThanOrEqual(3 * 65_536);
      await delay(50);
      expect(server.readableLength).toBe(held);
      listen();
      await until(() => said.length > 50);
    });

    test('lets the answers wait, and with them the writer', async () => {
      const pings = Buffer.from('ping some words that fill a line\n'.repeat(2000));
      let written = 0;
      while (!server.writableNeedDrain && written < 1000) {
        server.write(pings);
        written++;
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(server.writableNeedDrain).toBe(true);
      expect(server.readableLength).toBeLessThanOrEqual(2 * 65_536);
      listen();
      await until(() => said.filter((line) => line.startsWith('pong')).length === 2000 * written);
    });
  });

  test('has nothing left to do once it is destroyed', async () => {
    listen();
    await ask('send data rate=5 for=0\n');
    server.destroy();
    await once(server, 'close');
    const count = said.length;
    await delay(300);
    expect(said.length).toBe(count);
  });
});
