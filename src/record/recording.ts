import { BridgeError } from '../errors.ts';
import { frameEntry, RECORDING_HEAD, RECORDING_TAIL } from './frame-entry.ts';

/** Where a recording goes. Both promises reject with a system error. */
export interface RecordSink {
  /** Writes all of it, behind what was written before. */
  write(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** An opened sink, with the name to show for it. */
export interface OpenedSink {
  readonly file: string;
  readonly sink: RecordSink;
}

/** What a recording tells its owner. */
export interface RecordingObserver {
  /** The queue is full: nothing more should pass until `onDrain`. */
  onFull(): void;
  /** The queue has room again, or the recording has failed and needs none. */
  onDrain(): void;
  onOpen(file: string): void;
  /** Recording has ended early. Told once, and then nothing more but a last `onDrain`. */
  onError(error: BridgeError, file: string): void;
  /** Everything is in the file. */
  onEnd(file: string): void;
}

export interface RecordingLimits {
  /** Bytes that may wait for the disk; one chunk of the relay may come on top. */
  readonly queue: number;
  /** How long the disk may take for one step, in ms, before it is given up. */
  readonly stall: number;
}

/** What a waiting entry costs besides its bytes. */
const ENTRY_COST = 128;

/**
 * Writes what passes in one session to a sink, through a bounded queue.
 *
 * It never throws: whatever is wrong with the disk ends the recording, not the session.
 */
export class Recording {
  /** Settles when nothing more will be written; never rejects. */
  readonly finished: Promise<void>;
  readonly #observer: RecordingObserver;
  readonly #limits: RecordingLimits;
  readonly #startTime = performance.now();
  /** Shown in errors until the file is open. */
  #file: string;
  #queue: Buffer[] = [RECORDING_HEAD];
  /** Cost of what is queued or being written. */
  #queued = 0;
  #full = false;
  #ended = false;
  #failed = false;
  /** Resumes the writing that waits for work. */
  #wake: (() => void) | null = null;
  #giveUp: ((error: Error) => void) | null = null;

  constructor(path: string, open: () => Promise<OpenedSink>, observer: RecordingObserver, limits: RecordingLimits) {
    this.#file = path;
    this.#observer = observer;
    this.#limits = limits;
    this.finished = this.#run(open);
  }

  /** Takes payload, valid during the call. */
  write(from: 'client' | 'target', data: Uint8Array): void {
    if (this.#ended || this.#failed || data.length === 0) return;
    const entry = frameEntry(from, Math.floor(performance.now() - this.#startTime), data);
    this.#queue.push(entry);
    this.#queued += entry.length + ENTRY_COST;
    if (!this.#full && this.#queued > this.#limits.queue) {
      this.#full = true;
      this.#observer.onFull();
    }
    this.#wake?.();
  }

  /** The session has ended: what is queued and the closing line are still written. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#failed) return;
    this.#queue.push(RECORDING_TAIL);
    this.#wake?.();
  }

  /** Gives the disk up now. */
  abandon(): void {
    this.#giveUp?.(new Error('there was no time left to write the rest'));
  }

  /** Opens, writes and closes, and reports how that went. */
  async #run(open: () => Promise<OpenedSink>): Promise<void> {
    let opening: Promise<OpenedSink> | null = null;
    try {
      opening = open();
      const { file, sink } = await this.#inTime(opening);
      this.#file = file;
      this.#observer.onOpen(file);
      await this.#writeAll(sink);
      await this.#inTime(sink.close());
      this.#observer.onEnd(file);
    } catch (thrown) {
      this.#fail(thrown);
      // A file that opens only after it was given up has to be closed all the same. More cannot be said about it.
      opening?.then(({ sink }) => sink.close()).catch(() => undefined);
    }
  }

  /** Writes what comes in until the end. */
  async #writeAll(sink: RecordSink): Promise<void> {
    while (!this.#ended || this.#queue.length > 0) {
      if (this.#queue.length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = null;
        continue;
      }
      const batch = this.#queue;
      const cost = this.#queued;
      this.#queue = [];
      await this.#inTime(sink.write(batch.length === 1 ? batch[0]! : Buffer.concat(batch)));
      this.#queued -= cost;
      this.#drain();
    }
  }

  #drain(): void {
    if (!this.#full || this.#queued > this.#limits.queue / 2) return;
    this.#full = false;
    this.#observer.onDrain();
  }

  #fail(thrown: unknown): void {
    this.#failed = true;
    this.#queue = [];
    this.#queued = 0;
    const reason =
      thrown instanceof Error ? ((thrown as NodeJS.ErrnoException).code ?? thrown.message) : String(thrown);
    this.#observer.onError(
      new BridgeError('RECORD_FAILED', { detail: `${this.#file}: ${reason}`, cause: thrown }),
      this.#file,
    );
    this.#drain();
  }

  /** A step of the disk, unless it takes too long. */
  async #inTime<Value>(step: Promise<Value>): Promise<Value> {
    const { stall } = this.#limits;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      this.#giveUp = reject;
      timer = setTimeout(() => reject(new Error(`the disk did nothing for ${Math.round(stall / 1000)} s`)), stall);
    });
    try {
      return await Promise.race([step, late]);
    } finally {
      clearTimeout(timer);
      this.#giveUp = null;
    }
  }
}
