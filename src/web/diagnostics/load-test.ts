import { ANSWER_TIME, type Conversation, sleep } from './conversation.ts';
import { crc32 } from './crc32.ts';
import { deferred } from './deferred.ts';
import type { TargetKind } from './identify.ts';
import { Noise } from './noise.ts';
import { RecordParser } from './record-parser.ts';

/** What a load test does. */
export interface LoadOptions {
  /** Payload of a message, in bytes; each takes a random size between the two. */
  readonly least: number;
  readonly most: number;
  /** Messages in a second, each way; 0 = as fast as it goes. */
  readonly rate: number;
  readonly seconds: number;
}

/** What a load test has come to. It grows during the test. */
export interface LoadCounts {
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Wrong number, wrong checksum or missing: found here in what came, and by the target in what it got. */
  errorsHere: number;
  errorsThere: number;
  /** The first of them, in words. */
  readonly errors: string[];
}

interface Traffic {
  messages: number;
  /** Payload alone. */
  bytes: number;
}

/** Errors that are kept in words. */
const MOST_ERRORS = 20;
/** A sender that could not send for a while catches up on at most this much, in ms. */
const MOST_LATE = 1000;

const encoder = new TextEncoder();

/** The counts of a load test before it starts. */
export function noCounts(): LoadCounts {
  return {
    sent: { messages: 0, bytes: 0 },
    received: { messages: 0, bytes: 0 },
    errorsHere: 0,
    errorsThere: 0,
    errors: [],
  };
}

/**
 * Sends numbered messages with a checksum for so many seconds, or until the signal fires, while as many come back:
 * those of load: are its own, those of echo: are ours. Both sides check them; what is wrong is counted and does not end
 * the test.
 */
export async function runLoadTest(
  link: Conversation,
  kind: TargetKind,
  options: LoadOptions,
  counts: LoadCounts,
  signal: AbortSignal,
): Promise<void> {
  const inbox = new Inbox(counts, options.most);
  link.listen((bytes) => inbox.push(bytes));
  const { least, most, rate, seconds } = options;
  if (kind === 'load') await link.send(`send data size=${least}-${most} rate=${rate} for=${seconds}\n`);
  await sendMessages(link, options, counts, signal);
  if (kind === 'load') await compareWithTarget(link, inbox, counts, signal);
  else await waitForEcho(link, inbox, counts);
}

/** Sends messages at the rate that is wanted, and counts them. */
async function sendMessages(
  link: Conversation,
  { least, most, rate, seconds }: LoadOptions,
  { sent }: LoadCounts,
  signal: AbortSignal,
): Promise<void> {
  const noise = new Noise(most);
  const start = performance.now();
  const end = start + seconds * 1000;
  let due = start;
  for (let now = start; now < end && !signal.aborted; now = performance.now()) {
    if (rate > 0 && due > now) {
      await link.wait(sleep(Math.min(due, end) - now, signal));
      continue;
    }
    const payload = noise.take(least + Math.floor(Math.random() * (most - least + 1)));
    // Counted first: it may come back before the write is done.
    const sequence = sent.messages++;
    sent.bytes += payload.length;
    await link.send(dataRecord(sequence, payload));
    if (rate > 0) due = Math.max(due, now - MOST_LATE) + 1000 / rate;
  }
}

/** Makes a numbered message with a checksum, as load: takes and sends it. */
export function dataRecord(sequence: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const checksum = crc32(payload).toString(16).padStart(8, '0');
  const head = encoder.encode(`data ${sequence} ${payload.length} ${checksum}\n`);
  const record = new Uint8Array(head.length + payload.length);
  record.set(head);
  record.set(payload, head.length);
  return record;
}

/** Asks load: what it got and what it sent: nothing may be missing. */
async function compareWithTarget(
  link: Conversation,
  inbox: Inbox,
  counts: LoadCounts,
  signal: AbortSignal,
): Promise<void> {
  // It ends by itself at the same time, or a little later.
  if (signal.aborted) await link.send('stop\n');
  const done = await link.wait(inbox.done.promise, ANSWER_TIME);
  await link.send('report\n');
  const report = await link.wait(inbox.report.promise, ANSWER_TIME);
  counts.errorsThere = Math.max(counts.errorsThere, report['errors'] ?? 0);
  const { sent, received } = counts;
  if (report['messages'] !== sent.messages || report['bytes'] !== sent.bytes)
    complainThere(counts, `${sent.messages} messages were sent, ${report['messages']} arrived there`);
  if (done['messages'] !== received.messages || done['bytes'] !== received.bytes)
    complainHere(counts, `${done['messages']} messages were sent there, ${received.messages} arrived here`);
}

/** Everything has to come back. */
async function waitForEcho(link: Conversation, inbox: Inbox, counts: LoadCounts): Promise<void> {
  const { sent, received } = counts;
  await link.wait(inbox.whenReceived(sent.messages), ANSWER_TIME);
  if (sent.bytes !== received.bytes) complainHere(counts, `${sent.bytes} bytes were sent, ${received.bytes} came back`);
}

type Numbers = Readonly<Record<string, number>>;

/** Checks and counts what comes in. */
class Inbox {
  /** What load: says when it has sent everything, and what it got. */
  readonly done = deferred<Numbers>();
  readonly report = deferred<Numbers>();
  readonly #counts: LoadCounts;
  readonly #parser: RecordParser;
  readonly #most: number;
  #expected = 0;
  #sequence = 0;
  #stated = 0;
  #checksum = 0;
  /** Somebody waits for so many messages. */
  #awaited: { readonly messages: number; readonly tell: () => void } | null = null;

  /** `most`: payload of the greatest message that may come, in bytes. */
  constructor(counts: LoadCounts, most: number) {
    this.#counts = counts;
    this.#most = most;
    this.#parser = new RecordParser({
      onLine: (line) => this.#onLine(line),
      onPayload: (bytes, last) => this.#onPayload(bytes, last),
    });
  }

  push(bytes: Uint8Array): void {
    this.#parser.push(bytes);
  }

  /** Resolves when so many messages have come. */
  whenReceived(messages: number): Promise<void> {
    return new Promise((tell) => {
      this.#awaited = { messages, tell };
      this.#tellAwaited();
    });
  }

  #onLine(line: string): number {
    const [word, ...rest] = line.split(' ');
    switch (word) {
      case 'data': {
        const [, sequence, length, checksum] = /^data (\d+) (\d+) ([\da-f]{8})$/.exec(line) ?? [];
        if (length === undefined || checksum === undefined)
          throw new Error(`A message is malformed: ${line.slice(0, 60)}`);
        if (Number(length) < 1 || Number(length) > this.#most)
          throw new Error(`A message of ${length} bytes came, where ${this.#most} is the most`);
        this.#sequence = Number(sequence);
        this.#stated = Number.parseInt(checksum, 16);
        this.#checksum = 0;
        return Number(length);
      }
      case 'error':
        // Other complaints are about us, and answered by the tests of this page.
        if (/^(checksum|sequence)$/.test(rest[0] ?? '')) complainThere(this.#counts, rest.slice(1).join(' '));
        else if (rest[0] === 'form') throw new Error(`The target complains: ${rest.slice(1).join(' ')}`);
        return 0;
      case 'done':
        this.done.resolve(numbersOf(rest));
        return 0;
      case 'report':
        this.report.resolve(numbersOf(rest));
        return 0;
      default:
        throw new Error(`Something else came back: ${line.slice(0, 60)}`);
    }
  }

  #onPayload(bytes: Uint8Array, last: boolean): void {
    this.#checksum = crc32(bytes, this.#checksum);
    this.#counts.received.bytes += bytes.length;
    if (!last) return;
    this.#counts.received.messages++;
    const expected = this.#expected;
    this.#expected = this.#sequence + 1;
    if (this.#checksum !== this.#stated) complainHere(this.#counts, `message ${this.#sequence} is damaged`);
    if (this.#sequence !== expected)
      complainHere(this.#counts, `message ${this.#sequence} came where ${expected} was due`);
    this.#tellAwaited();
  }

  #tellAwaited(): void {
    if (this.#awaited && this.#counts.received.messages >= this.#awaited.messages) this.#awaited.tell();
  }
}

/** The numbers in words such as 'messages=2'. */
function numbersOf(words: readonly string[]): Numbers {
  return Object.fromEntries(words.map((word) => word.split('=')).map(([name = '', value]) => [name, Number(value)]));
}

/** Counts an error in what came here. */
function complainHere(counts: LoadCounts, what: string): void {
  counts.errorsHere++;
  if (counts.errors.length < MOST_ERRORS) counts.errors.push(`here: ${what}`);
}

/** Counts an error in what the target got. */
function complainThere(counts: LoadCounts, what: string): void {
  counts.errorsThere++;
  if (counts.errors.length < MOST_ERRORS) counts.errors.push(`there: ${what}`);
}
