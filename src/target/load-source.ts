import { randomFillSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { MAX_PAYLOAD, type SendOrder } from './load-command.ts';

/** Payloads begin at different places of the noise, so that no two records look alike. */
const SLACK = 64 * 1024;
/** A source that could not send for a while catches up on at most this much, in ms. */
const MOST_LATE = 1000;

let noise: Buffer | null = null;

/** Random bytes that every source of this process takes its payloads from; made when the first one needs them. */
function sharedNoise(): Buffer {
  noise ??= randomFillSync(Buffer.allocUnsafe(MAX_PAYLOAD + SLACK));
  return noise;
}

/** Makes the records of one order, at its pace. Holds no timer: it says when the next record is due. */
export class LoadSource {
  messages = 0;
  /** Payload bytes of the records made so far. */
  bytes = 0;
  readonly #order: SendOrder;
  readonly #end: number;
  /** When the next record is due, in ms of the caller's clock. */
  #due: number;

  constructor(order: SendOrder, now: number) {
    this.#order = order;
    this.#due = now;
    this.#end = order.time === 0 ? Infinity : now + order.time;
  }

  /** Whether the order is carried out. */
  isDone(now: number): boolean {
    return now >= this.#end || (this.#order.count > 0 && this.messages >= this.#order.count);
  }

  /** How long until there is something to do, in ms: a record to make, or the end. */
  wait(now: number): number {
    return this.#order.rate === 0 ? 0 : Math.max(0, Math.min(this.#due, this.#end) - now);
  }

  /** Makes the next record: its line and its payload. */
  make(now: number): Buffer {
    const { kind, least, most, rate } = this.#order;
    const size = least + Math.floor(Math.random() * (most - least + 1));
    const start = Math.floor(Math.random() * SLACK);
    const payload = sharedNoise().subarray(start, start + size);
    const line =
      kind === 'bytes'
        ? `bytes ${size}\n`
        : `data ${this.messages} ${size} ${crc32(payload).toString(16).padStart(8, '0')}\n`;
    this.messages++;
    this.bytes += size;
    if (rate > 0) this.#due = Math.max(this.#due, now - MOST_LATE) + 1000 / rate;
    const record = Buffer.allocUnsafe(line.length + size);
    record.write(line, 'latin1');
    // A copy: whoever sends the record may change its bytes in place.
    payload.copy(record, line.length);
    return record;
  }
}
