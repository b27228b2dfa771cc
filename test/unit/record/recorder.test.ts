import { describe, expect, test } from 'vitest';
import type { BridgeEvents } from '../../../src/observe/events.ts';
import { Recorder, type RecorderOptions } from '../../../src/record/recorder.ts';
import type { RecordSink } from '../../../src/record/recording.ts';
import { parseRecording, recordedBytes } from '../../support/recording-file.ts';
import { sleep, until } from '../../support/wait.ts';
import { ended, play, type Scene } from '../server/session-fixture.ts';
import { clientFrame } from '../websocket/client-frames.ts';

/** A disk that can be stopped, and that can fail. */
class FakeDisk implements RecordSink {
  readonly chunks: Buffer[] = [];
  stopped = false;
  error: Error | null = null;
  closed = false;

  async write(bytes: Buffer): Promise<void> {
    await until('the disk works', () => !this.stopped || this.error !== null);
    if (this.error) throw this.error;
    this.chunks.push(bytes);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }
}

interface Recorded {
  readonly scene: Scene;
  readonly disk: FakeDisk;
  readonly told: string[];
  readonly errors: BridgeEvents['record:error'][];
}

function record(options: RecorderOptions & { readonly subprotocol?: string; readonly stall?: number } = {}): Recorded {
  const disk = new FakeDisk();
  const told: string[] = [];
  const errors: BridgeEvents['record:error'][] = [];
  const scene = play({
    recorder: {
      limits: { queue: 64 * 1024, stall: options.stall ?? 10_000 },
      create: options.create ?? (async ({ path }, number) => ({ file: `${path}.${number}`, sink: disk })),
    },
    subprotocols: ['binary', 'base64'],
    handshake: { subprotocols: [options.subprotocol ?? 'binary'] },
    before: ({ events }) => {
      events.on('record:start', ({ file, session }) => told.push(`start ${session.id} ${file}`));
      events.on('record:end', ({ file }) => told.push(`end ${file}`));
      events.on('record:error', (event) => {
        told.push(`error ${event.file}`);
        errors.push(event);
      });
    },
  });
  return { scene, disk, told, errors };
}

const binary = (payload: string | Uint8Array): Buffer => clientFrame({ opcode: 2, payload });

async function closeByClient(scene: Scene): Promise<void> {
  scene.client.write(clientFrame({ opcode: 8 }));
  scene.client.end();
  scene.target.end();
  await ended(scene);
}

describe('a session with a recording', () => {
  test('is recorded whole, and the file is told', async () => {
    const { scene, disk, told } = record();
    await until('it is open', () => scene.session.stage === 'relay');
    scene.target.write('RFB 003.008\n');
    await until('the greeting is there', () => scene.seen.data.length > 0);
    scene.client.write(binary("it's mine"));
    await until('the answer is there', () => scene.received().length > 0);
    await closeByClient(scene);
    await until('the recording is closed', () => disk.closed && scene.recorder.size === 0);
    const frames = parseRecording(disk.text);
    expect(frames.map(({ fromClient, data }) => [fromClient, data.toString()])).toEqual([
      [false, 'RFB 003.008\n'],
      [true, "it's mine"],
    ]);
    expect(told).toEqual(['start 1 /recordings/session.1', 'end /recordings/session.1']);
  });

  test('holds the payload itself, whatever it was wrapped in on its way', async () => {
    const { scene, disk } = record({ subprotocol: 'base64' });
    await until('it is open', () => scene.session.stage === 'relay');
    expect(scene.session.subprotocol).toBe('base64');
    scene.client.write(clientFrame({ opcode: 1, payload: 'aGVsbG8=' }));
    await until('the target has it', () => scene.received() === 'hello');
    scene.target.write('world');
    await until('the client has it', () => scene.seen.data.length > 0);
    await closeByClient(scene);
    await until('the recording is closed', () => disk.closed);
    const frames = parseRecording(disk.text);
    expect(recordedBytes(frames, 'client').toString()).toBe('hello');
    expect(recordedBytes(frames, 'target').toString()).toBe('world');
  });

  test('waits for a slow disk in both directions, and loses nothing', async () => {
    const { scene, disk } = record();
    await until('it is open', () => scene.session.stage === 'relay');
    disk.stopped = true;
    const down = Buffer.alloc(1_000_000, 'down');
    const up = Buffer.alloc(1_000_000, 'up');
    scene.target.write(down);
    for (let at = 0; at < up.length; at += 10_000) scene.client.write(binary(up.subarray(at, at + 10_000)));
    await sleep(100);
    const { bytesIn, bytesOut } = scene.session;
    expect(bytesIn + bytesOut).toBeLessThan(300_000);
    await sleep(50);
    expect([scene.session.bytesIn, scene.session.bytesOut]).toEqual([bytesIn, bytesOut]);
    disk.stopped = false;
    await until('everything has passed', () => scene.session.bytesIn + scene.session.bytesOut === 2_000_000);
    await closeByClient(scene);
    await until('the recording is closed', () => disk.closed);
    const frames = parseRecording(disk.text);
    expect(recordedBytes(frames, 'target').equals(down)).toBe(true);
    expect(recordedBytes(frames, 'client').equals(up)).toBe(true);
  });

  test('goes on when the disk is full', async () => {
    const { scene, disk, told, errors } = record();
    await until('it is open', () => scene.session.stage === 'relay');
    disk.stopped = true;
    scene.target.write(Buffer.alloc(500_000, 'x'));
    await sleep(50);
    expect(scene.session.bytesOut).toBeLessThan(500_000);
    disk.error = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    await until('everything has passed', () => scene.seen.data.length === 500_000);
    scene.client.write(binary('still here'));
    await until('the target has it', () => scene.received() === 'still here');
    expect(told).toEqual(['start 1 /recordings/session.1', 'error /recordings/session.1']);
    expect(errors[0]!.error.message).toMatch(/^\/recordings\/session\.1: ENOSPC: /);
    expect(errors[0]!.session.id).toBe(1);
    await closeByClient(scene);
    expect(scene.ends[0]!.error).toBeNull();
  });

  test('goes on when the disk hangs for ever', async () => {
    const { scene, disk, told } = record({ stall: 80 });
    await until('it is open', () => scene.session.stage === 'relay');
    disk.stopped = true;
    scene.target.write(Buffer.alloc(500_000, 'x'));
    await until('everything has passed', () => scene.seen.data.length === 500_000);
    expect(told.at(-1)).toBe('error /recordings/session.1');
    disk.error = new Error('woken');
    await closeByClient(scene);
  });

  test('goes on when the file cannot be created', async () => {
    const { scene, told } = record({
      create: async () => {
        throw Object.assign(new Error('no such directory'), { code: 'ENOENT' });
      },
    });
    await until('it has failed', () => told.length > 0);
    scene.target.write('hello');
    await until('the client has it', () => scene.seen.data.toString() === 'hello');
    expect(told).toEqual(['error /recordings/session']);
    await closeByClient(scene);
  });

  test('ends on time while the disk is behind', async () => {
    const { scene, disk } = record();
    await until('it is open', () => scene.session.stage === 'relay');
    disk.stopped = true;
    scene.target.write(Buffer.alloc(500_000, 'x'));
    await sleep(30);
    scene.session.destroy();
    await ended(scene);
    expect(scene.recorder.size).toBe(1);
    disk.stopped = false;
    await until('the recording is closed', () => scene.recorder.size === 0);
    expect(parseRecording(disk.text).length).toBeGreaterThan(0);
  });

  test('does not begin for a session that never gets to its relay', async () => {
    const { scene, told } = record();
    scene.session.destroy();
    await scene.ran;
    expect(scene.recorder.size).toBe(0);
    expect(told).toEqual([]);
  });
});

test('a session without a recording has none', async () => {
  const scene = play();
  await until('it is open', () => scene.session.stage === 'relay');
  expect(scene.recorder.size).toBe(0);
  await closeByClient(scene);
});

describe('closing the recorder', () => {
  test('waits until every recording is on the disk', async () => {
    const { scene, disk } = record();
    await until('it is open', () => scene.session.stage === 'relay');
    disk.stopped = true;
    scene.target.write('the last words');
    await until('the client has it', () => scene.seen.data.length > 0);
    const closed = scene.recorder.close(10_000);
    await sleep(20);
    expect(disk.closed).toBe(false);
    disk.stopped = false;
    await closed;
    expect(disk.closed).toBe(true);
    expect(recordedBytes(parseRecording(disk.text), 'target').toString()).toBe('the last words');
    await closeByClient(scene);
  });

  test('gives a disk up that hangs', async () => {
    const { scene, disk, told } = record();
    await until('it is open', () => scene.session.stage === 'relay');
    disk.stopped = true;
    scene.target.write('x');
    await until('the client has it', () => scene.seen.data.length > 0);
    const start = performance.now();
    await scene.recorder.close(50);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(told.at(-1)).toBe('error /recordings/session.1');
    disk.error = new Error('woken');
    await closeByClient(scene);
  });

  test('with nothing to wait for takes no time', async () => {
    const recorder = new Recorder(play().events);
    const start = performance.now();
    await recorder.close(60_000);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
