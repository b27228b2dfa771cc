import { open } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { BridgeError } from '../../../src/errors.ts';
import {
  Recording,
  type OpenedSink,
  type RecordingLimits,
  type RecordingObserver,
  type RecordSink,
} from '../../../src/record/recording.ts';
import { parseRecording, recordedBytes } from '../../support/recording-file.ts';
import { sleep, until } from '../../support/wait.ts';

/** A disk that takes a step each time it is told to. */
class FakeDisk implements RecordSink {
  readonly chunks: Buffer[] = [];
  readonly waiting: { resolve: () => void; reject: (error: Error) => void; bytes: Buffer }[] = [];
  closed = 0;

  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject, bytes }));
  }

  async close(): Promise<void> {
    this.closed++;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  /** Lets one write happen. */
  async step(): Promise<void> {
    const { resolve, bytes } = await until('the disk has work', () => this.waiting.shift());
    this.chunks.push(bytes);
    resolve();
    await sleep(0);
  }
}

interface Bench {
  readonly recording: Recording;
  readonly disk: FakeDisk;
  readonly told: string[];
  readonly errors: BridgeError[];
}

const LIMITS: RecordingLimits = { queue: 4096, stall: 10_000 };

function bench(
  limits: Partial<RecordingLimits> = {},
  opening: (disk: FakeDisk) => Promise<OpenedSink> = async (sink) => ({ file: 'f.1', sink }),
): Bench {
  const disk = new FakeDisk();
  const told: string[] = [];
  const errors: BridgeError[] = [];
  const observer: RecordingObserver = {
    onFull: () => told.push('full'),
    onDrain: () => told.push('drain'),
    onOpen: (file) => told.push(`open ${file}`),
    onError: (error, file) => {
      errors.push(error);
      told.push(`error ${file}`);
    },
    onEnd: (file) => told.push(`end ${file}`),
  };
  const recording = new Recording('f', () => opening(disk), observer, { ...LIMITS, ...limits });
  return { recording, disk, told, errors };
}

describe('a recording', () => {
  test('holds what passed, in order, and its end', async () => {
    const { recording, disk, told } = bench();
    recording.write('target', Buffer.from('RFB 003.008\n'));
    recording.write('client', Buffer.from("it's"));
    await disk.step();
    recording.write('target', Buffer.from([0, 255]));
    recording.end();
    while (told.at(-1) !== 'end f.1') await disk.step();
    await recording.finished;
    const frames = parseRecording(disk.text);
    expect(frames.map(({ fromClient, data }) => [fromClient, data.toString('latin1')])).toEqual([
      [false, 'RFB 003.008\n'],
      [true, "it's"],
      [false, '\x00\xff'],
    ]);
    expect(told).toEqual(['open f.1', 'end f.1']);
    expect(disk.closed).toBe(1);
  });

  test('of a session without data is a whole one', async () => {
    const { recording, disk } = bench();
    recording.end();
    await disk.step();
    await recording.finished;
    expect(disk.text).toBe("var VNC_frame_data = [\n'EOF'];\n");
  });

  test('counts time from its start', async () => {
    const { recording, disk } = bench();
    await sleep(60);
    recording.write('client', Buffer.from('x'));
    recording.end();
    await disk.step();
    if (disk.waiting.length > 0) await disk.step();
    await recording.finished;
    const [frame] = parseRecording(disk.text);
    expect(frame!.time).toBeGreaterThanOrEqual(55);
    expect(frame!.time).toBeLessThan(5000);
  });

  test('takes its bytes during the call: the memory may be used again', async () => {
    const { recording, disk } = bench();
    const memory = Buffer.from('first');
    recording.write('client', memory);
    memory.write('XXXXX');
    recording.end();
    await disk.step();
    if (disk.waiting.length > 0) await disk.step();
    await recording.finished;
    expect(recordedBytes(parseRecording(disk.text), 'client').toString()).toBe('first');
  });

  test('takes nothing after its end', async () => {
    const { recording, disk } = bench();
    recording.end();
    recording.end();
    recording.write('client', Buffer.from('late'));
    await disk.step();
    await recording.finished;
    expect(disk.text).not.toContain('late');
  });
});

describe('a slow disk', () => {
  test('holds the session once the queue is full, and releases it when half of it is written', async () => {
    const { recording, disk, told } = bench({ queue: 2000 });
    await disk.step();
    recording.write('target', Buffer.from('on its way'));
    await until('the disk has work', () => disk.waiting.length > 0);
    for (let i = 0; i < 10; i++) recording.write('target', Buffer.alloc(100, 'a'));
    expect(told).toEqual(['open f.1', 'full']);
    await disk.step();
    expect(told).toEqual(['open f.1', 'full']);
    await disk.step();
    expect(told).toEqual(['open f.1', 'full', 'drain']);
  });

  test('is told of single bytes before they cost much more than they are', () => {
    const { recording, told } = bench({ queue: 64 * 1024 });
    let written = 0;
    while (!told.includes('full') && written < 5000) {
      recording.write('client', Buffer.from('x'));
      written++;
    }
    expect(written).toBeLessThan(600);
  });

  test('is given up when it does nothing for too long', async () => {
    const { recording, disk, told, errors } = bench({ queue: 500, stall: 40 });
    recording.write('target', Buffer.alloc(1000));
    expect(told).toEqual(['full']);
    await recording.finished;
    expect(told).toEqual(['full', 'open f.1', 'error f.1', 'drain']);
    expect(errors[0]!.message).toMatch(/^f\.1: the disk did nothing/);
    expect(disk.closed).toBe(1);
  });

  test('may also be slow to open, and a file that opens too late is closed', async () => {
    const late: ((sink: OpenedSink) => void)[] = [];
    const { recording, disk, told } = bench({ stall: 30 }, () => new Promise((resolve) => void late.push(resolve)));
    await recording.finished;
    expect(told).toEqual(['error f']);
    late[0]!({ file: 'f.1', sink: disk });
    await until('the file is closed', () => disk.closed === 1);
  });
});

describe('a disk that fails', () => {
  test('ends the recording once, and the session is released', async () => {
    const { recording, disk, told, errors } = bench({ queue: 500 });
    recording.write('target', Buffer.alloc(1000));
    const { reject } = await until('the disk has work', () => disk.waiting.shift());
    reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    await recording.finished;
    expect(told).toEqual(['full', 'open f.1', 'error f.1', 'drain']);
    expect(errors[0]).toMatchObject({ code: 'RECORD_FAILED', message: expect.stringMatching(/^f\.1: ENOSPC: /) });
    recording.write('target', Buffer.alloc(10_000));
    recording.end();
    expect(told).toHaveLength(4);
    expect(disk.waiting).toHaveLength(0);
    expect(disk.closed).toBe(1);
  });

  test.each(['a rejection', 'a throw'])('to open ends it as well: %s', async (how) => {
    const error = Object.assign(new Error('gone'), { code: 'ENOENT' });
    const { recording, told, errors } = bench({}, () => {
      if (how === 'a throw') throw error;
      return Promise.reject(error);
    });
    recording.write('client', Buffer.from('x'));
    await recording.finished;
    expect(told).toEqual(['error f']);
    expect(errors[0]!.message).toMatch(/^f: ENOENT: /);
  });

  test('only on closing has failed too', async () => {
    const { recording, disk, told } = bench();
    disk.close = () => Promise.reject(Object.assign(new Error('quota'), { code: 'EDQUOT' }));
    recording.end();
    await disk.step();
    await recording.finished;
    expect(told).toEqual(['open f.1', 'error f.1']);
  });

  test('is what a full device is', async () => {
    const { recording, told, errors } = bench({}, async () => {
      const handle = await open('/dev/full', 'w');
      return { file: '/dev/full', sink: { write: (bytes) => handle.appendFile(bytes), close: () => handle.close() } };
    });
    recording.write('target', Buffer.alloc(100_000));
    await recording.finished;
    expect(told).toEqual(['full', 'open /dev/full', 'error /dev/full', 'drain']);
    expect(errors[0]!.message).toMatch(/^\/dev\/full: ENOSPC: /);
  });
});

test('a recording that is abandoned lets go of the disk at once', async () => {
  const { recording, disk, told } = bench();
  recording.write('client', Buffer.from('x'));
  await until('the disk has work', () => disk.waiting.length > 0);
  recording.end();
  recording.abandon();
  await recording.finished;
  expect(told).toEqual(['open f.1', 'error f.1']);
  expect(disk.closed).toBe(1);
});
