import { ANSWER_TIME, type Conversation } from './conversation.ts';
import { deferred } from './deferred.ts';
import type { TargetKind } from './identify.ts';
import { Noise } from './noise.ts';
import { RecordParser } from './record-parser.ts';

/** Which way bytes go: to the target, from it, or there and back. */
export type Direction = 'up' | 'down' | 'both';

/** Bytes that have arrived so far, at the target and here. It grows during the measurement. */
export interface Arrived {
  up: number;
  down: number;
}

/** Payload of a message, in bytes. */
const SIZE = 65_536;

const encoder = new TextEncoder();

/**
 * The ways that can be measured with a target: load: counts what comes and sends what is wanted, echo: only gives back.
 */
export function directionsOf(kind: TargetKind): readonly Direction[] {
  return kind === 'load' ? ['up', 'down'] : kind === 'echo' ? ['both'] : [];
}

/**
 * Sends or receives as fast as it goes for so many seconds, or until the signal fires; counts in `arrived`. At least one
 * message is sent, however slow the machine is: without one there would be nothing to tell.
 *
 * Gives how long it took until the last byte had arrived, in ms.
 */
export async function measureThroughput(
  link: Conversation,
  direction: Direction,
  seconds: number,
  arrived: Arrived,
  signal: AbortSignal,
): Promise<number> {
  const start = performance.now();
  const end = start + seconds * 1000;
  const goesOn = (): boolean => !signal.aborted && performance.now() < end;
  if (direction === 'up') await measureUp(link, arrived, goesOn);
  else if (direction === 'down') await measureDown(link, seconds, arrived, signal);
  else await measureBoth(link, arrived, goesOn);
  return performance.now() - start;
}

/** Sends, and counts what load: says that it got. */
async function measureUp(link: Conversation, arrived: Arrived, goesOn: () => boolean): Promise<void> {
  const told = deferred();
  const parser = new RecordParser({
    onLine(line) {
      const [word, number = ''] = line.split(' ');
      if (word === 'error') throw new Error(`The target complains: ${line.slice(6)}`);
      if (word === 'counted') arrived.up = Number(number);
      if (word === 'report') told.resolve();
      return 0;
    },
    onPayload: () => undefined,
  });
  link.listen((bytes) => parser.push(bytes));
  const noise = new Noise(SIZE);
  const record = new Uint8Array([...encoder.encode(`bytes ${SIZE}\n`), ...noise.take(SIZE)]);
  let sent = 0;
  do {
    await link.send(record);
    sent += SIZE;
  } while (goesOn());
  // Its answer comes after the last count.
  await link.send('report\n');
  await link.wait(told.promise, ANSWER_TIME);
  if (arrived.up !== sent) throw new Error(`${sent} bytes were sent, and ${arrived.up} arrived`);
}

/** Lets load: send, and counts what comes. */
async function measureDown(link: Conversation, seconds: number, arrived: Arrived, signal: AbortSignal): Promise<void> {
  const told = deferred();
  const promised = { bytes: 0 };
  const parser = new RecordParser({
    onLine(line) {
      const [word, one = '', two = ''] = line.split(' ');
      if (word === 'bytes') return payloadLength(one);
      // A stop that comes when everything has been sent is no mistake.
      if (word === 'error' && !signal.aborted) throw new Error(`The target complains: ${line.slice(6)}`);
      if (word === 'done') {
        promised.bytes = Number(two.replace('bytes=', ''));
        told.resolve();
      }
      return 0;
    },
    onPayload(bytes) {
      arrived.down += bytes.length;
    },
  });
  link.listen((bytes) => parser.push(bytes));
  await link.send(`send bytes size=${SIZE} for=${seconds}\n`);
  const stop = (): void => void link.send('stop\n').catch(() => undefined);
  signal.addEventListener('abort', stop);
  await link.wait(told.promise, seconds * 1000 + ANSWER_TIME).finally(() => signal.removeEventListener('abort', stop));
  if (arrived.down !== promised.bytes)
    throw new Error(`${promised.bytes} bytes were sent, and ${arrived.down} arrived`);
}

/** Reads how much payload follows. The target sends what it was asked for, so another length is a mistake in its bytes. */
function payloadLength(word: string): number {
  if (word !== String(SIZE)) throw new Error(`A message of ${word.slice(0, 20)} bytes came, where ${SIZE} were wanted`);
  return SIZE;
}

/** Sends to echo:, and counts what comes back. */
async function measureBoth(link: Conversation, arrived: Arrived, goesOn: () => boolean): Promise<void> {
  const back = deferred();
  let sent = 0;
  let finished = false;
  link.listen((bytes) => {
    arrived.down += bytes.length;
    // What has come back has been there.
    arrived.up = arrived.down;
    if (arrived.down > sent) throw new Error('More comes back than was sent');
    if (finished && arrived.down === sent) back.resolve();
  });
  const noise = new Noise(SIZE);
  do {
    sent += SIZE;
    await link.send(noise.take(SIZE));
  } while (goesOn());
  finished = true;
  if (arrived.down < sent) await link.wait(back.promise, ANSWER_TIME);
}
