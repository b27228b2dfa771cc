import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTarget } from '../../../src/target/create-target.ts';
import { DemoServer } from '../../../src/target/demo.ts';
import { dialStream } from '../../conformance/target-support.ts';

let server: DemoServer;
let output = '';

/** Reads everything that the server says. */
function listen(): void {
  server.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
}

/** Sends text and gives what the server says to it. */
async function ask(text: string): Promise<string> {
  const before = output.length;
  await new Promise((resolve) => {
    server.write(text, resolve);
  });
  await settled();
  return output.slice(before);
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  server = new DemoServer();
  output = '';
});

afterEach(() => {
  vi.useRealTimers();
  server.destroy();
});

describe('the demo target', () => {
  test('greets at once', async () => {
    const { duplex } = await dialStream(createTarget({ kind: 'demo' }));
    expect((duplex.read() as Buffer).toString()).toBe(
      'Hello, this is the demo target of Bascule.\r\nType help and press Enter.\r\n',
    );
    duplex.destroy();
  });

  describe('answers', () => {
    beforeEach(async () => {
      listen();
      await settled();
    });

    test('help with every command it knows', async () => {
      const help = await ask('help\n');
      for (const name of ['help', 'echo TEXT', 'time', 'clock', 'lines [N]', 'stop', 'quit'])
        expect(help).toContain(`  ${name} `);
    });

    test('echo with the text', async () => {
      expect(await ask('echo Grüße,  Welt \n')).toBe('Grüße,  Welt\r\n');
    });

    test('a line that ends with LF, CR or CR LF, even in two pieces', async () => {
      expect(await ask('echo 1\necho 2\recho 3\r\necho 4\r')).toBe('1\r\n2\r\n3\r\n4\r\n');
      expect(await ask('\necho 5\n')).toBe('5\r\n');
    });

    test('one byte at a time', async () => {
      const bytes = Buffer.from('ECHO é\r\n');
      let answer = '';
      for (const byte of bytes) answer += await ask(Buffer.from([byte]).toString('latin1'));
      expect(answer).toContain('\r\n');
      const before = output.length;
      for (const byte of bytes) server.write(Buffer.from([byte]));
      await settled();
      expect(output.slice(before)).toBe('é\r\n');
    });

    test('time with the time', async () => {
      expect(await ask('time\n')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z\r\n$/);
    });

    test('an unknown word with a hint', async () => {
      expect(await ask('frobnicate now\n')).toBe('I do not know "frobnicate". Type help to see what I do.\r\n');
    });

    test('without the control characters that a terminal would obey', async () => {
      expect(await ask('echo a\u001b[2Jb\u0007\n')).toBe('a[2Jb\r\n');
    });

    test('nothing to an empty line', async () => {
      expect(await ask('\r\n\r\n')).toBe('');
    });

    test('a line that is too long with its limit, and forgets it', async () => {
      expect(await ask(`echo ${'x'.repeat(100_000)}\n`)).toBe(
        'That line was too long: at most 1024 characters are read.\r\n',
      );
      expect(await ask('echo ok\n')).toBe('ok\r\n');
    });

    test('lines with numbered lines, 1000 without a number', async () => {
      expect(await ask('lines 2\n')).toBe('line 1 of 2\r\nline 2 of 2\r\n');
      const lines = (await ask('lines\n')).split('\r\n');
      expect(lines.length).toBe(1001);
      expect(lines[999]).toBe('line 1000 of 1000');
    });

    test.each(['0', '-1', '1.5', 'many', '1e12'])('lines %s with a hint', async (count) => {
      expect(await ask(`lines ${count}\n`)).toMatch(/^How many lines\?/);
    });

    test('stop when nothing runs', async () => {
      expect(await ask('stop\n')).toBe('Nothing is running.\r\n');
    });

    test('quit by ending, and takes what is still written without an answer', async () => {
      expect(await ask('quit\necho more\n')).toBe('Goodbye.\r\n');
      expect(server.readableEnded).toBe(true);
      expect(await ask('echo even more\n')).toBe('');
      server.end();
      await finished(server);
      expect(server.destroyed).toBe(true);
    });
  });

  describe('runs a clock', () => {
    const tick = /\d\d:\d\d:\d\d\r\n/g;
    beforeEach(async () => {
      listen();
      await settled();
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    });

    test('that ticks each second until Enter', async () => {
      await ask('clock\n');
      vi.advanceTimersByTime(3000);
      expect(output.match(tick)?.length).toBe(4);
      expect(await ask('\n')).toBe('Stopped.\r\n');
      vi.advanceTimersByTime(3000);
      expect(output.match(tick)?.length).toBe(4);
    });

    test('that stops for the next command', async () => {
      await ask('clock\n');
      expect(await ask('echo next\n')).toBe('Stopped.\r\nnext\r\n');
      expect(vi.getTimerCount()).toBe(0);
    });

    test('that there is only one of', async () => {
      await ask('clock\nclock\n');
      expect(vi.getTimerCount()).toBe(1);
    });

    test('that ends with the connection, whichever way it ends', async () => {
      await ask('clock\n');
      server.end();
      await settled();
      expect(vi.getTimerCount()).toBe(0);
      server = new DemoServer();
      listen();
      await ask('clock\n');
      server.destroy();
      expect(vi.getTimerCount()).toBe(0);
    });

    test('that leaves out ticks while nobody reads', async () => {
      await ask('clock\n');
      server.pause();
      const before = output.length;
      for (let second = 0; second < 100_000; second++) vi.advanceTimersByTime(1000);
      expect(server.readableLength).toBeLessThanOrEqual(server.readableHighWaterMark + 10);
      server.resume();
      await settled();
      expect(output.length).toBeGreaterThan(before);
    });
  });

  describe('with a reader that does not keep up', () => {
    test('makes numbered lines only as they are read', async () => {
      server.write('lines 1000000\n');
      await settled();
      const bound = server.readableHighWaterMark + 32 * 1024;
      expect(server.readableLength).toBeLessThanOrEqual(bound);
      let length = 0;
      for (let chunk = server.read() as Buffer | null; chunk; chunk = server.read() as Buffer | null) {
        length += chunk.length;
        await settled();
        expect(server.readableLength).toBeLessThanOrEqual(bound);
        if (length > 1_000_000) break;
      }
      expect(length).toBeGreaterThan(1_000_000);
    });

    test('can be told to stop all the same', async () => {
      server.write('lines 1000000000\n');
      await settled();
      server.write('stop\n');
      listen();
      await settled();
      expect(output).toMatch(/^line 1 of 1000000000\r\n/m);
      expect(output).toMatch(/line \d+ of 1000000000\r\nStopped\.\r\n$/);
    });

    test.each([
      ['help\n', false],
      ['lines\n', false],
      ['clock\n', false],
      ['\n', true],
      ['quit\nhelp\n', true],
    ])('has bounded answers to a flood of %j, and takes all of it: %s', async (line, all) => {
      let taken = 0;
      const flood = Buffer.from(line.repeat(4096));
      for (let count = 0; count < 50; count++) server.write(flood, () => taken++);
      await settled();
      expect(server.readableLength).toBeLessThanOrEqual(server.readableHighWaterMark + 64 * 1024);
      expect(taken === 50).toBe(all);
    });

    test('finishes the lines that have begun when the client has ended its half', async () => {
      server.end('lines 100000\n');
      await settled();
      listen();
      await finished(server);
      expect(output.endsWith('line 100000 of 100000\r\n')).toBe(true);
      expect(server.destroyed).toBe(true);
    });
  });

  test('ends when the client ends', async () => {
    listen();
    server.end('echo bye\n');
    await finished(server);
    expect(output.endsWith('bye\r\n')).toBe(true);
  });
});
