import type { Readable } from 'node:stream';
import { LineReader, type Line } from './line-reader.ts';

/** Longest line that is handed on whole, in characters. */
const MAX_LINE = 2000;
/** Work done in one period: lines, and so many bytes count as one line. What comes faster waits in the pipe, and its writer with it. */
const BATCH = 100;
const BYTES_PER_LINE = 1024;
/** Length of a period, and of the pause after a full batch, in ms, so that a chatty program takes no more than a part of the bridge's time. */
const PAUSE = 10;
const LINE_FEED = Buffer.from('\n');
const CARRIAGE_RETURN = 0x0d;

/** Cuts what a program writes into lines and hands them on, no faster than the bridge can afford. */
export class ProgramOutput {
  /** Resolves when the stream has ended and every line is handed on, or after `close`. */
  readonly ended: Promise<void>;
  readonly #stream: Readable;
  readonly #onLine: (line: string) => void;
  readonly #reader = new LineReader(MAX_LINE);
  #lines: Iterator<Line, void> | null = null;
  /** What may still be done in this period, however many small pieces it comes in. */
  #budget = BATCH;
  /** Runs from the first piece of a period to its end. */
  #timer: NodeJS.Timeout | null = null;
  #pause = PAUSE;
  #atLineStart = true;
  #ended = false;
  #closed = false;
  #done: () => void = () => {};

  constructor(stream: Readable, onLine: (line: string) => void) {
    this.#stream = stream;
    this.#onLine = onLine;
    this.ended = new Promise((resolve) => {
      this.#done = resolve;
    });
    // Not by 'data' events: when a child process ends, Node makes its pipes flow, whoever has paused them.
    stream.on('readable', () => this.#take());
    stream.on('error', () => this.#onEnd());
    stream.once('end', () => this.#onEnd());
    stream.once('close', () => this.#onEnd());
  }

  /** The program has ended: what is left in the pipe is taken without pauses. */
  hurry(): void {
    this.#pause = 0;
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#startPeriod();
  }

  /** Stops reading, whoever still writes. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#stream.destroy();
    this.#done();
  }

  #take(): void {
    while (this.#budget > 0 && !this.#closed) {
      const chunk = this.#lines || this.#ended ? null : (this.#stream.read() as Buffer | null);
      if (chunk) this.#begin(chunk);
      if (!this.#lines) {
        if (this.#ended) this.#finish();
        return;
      }
      const { value: line } = this.#lines.next();
      if (line) this.#handOn(line);
      else this.#lines = null;
    }
  }

  #begin(chunk: Buffer): void {
    this.#spend(chunk.length / BYTES_PER_LINE);
    const last = chunk.at(-1);
    this.#atLineStart = last === LINE_FEED[0] || last === CARRIAGE_RETURN;
    this.#lines = this.#reader.read(chunk);
  }

  #handOn({ text, cut }: Line): void {
    this.#spend(1);
    this.#onLine(cut ? `${text}…` : text);
  }

  /** Counts work done. A full batch is followed by a whole pause. */
  #spend(work: number): void {
    this.#budget -= work;
    if (this.#timer === null) this.#startPeriod();
    else if (this.#budget <= 0) this.#timer.refresh();
  }

  #startPeriod(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#budget = BATCH;
      this.#take();
    }, this.#pause);
  }

  /** Everything has been read; lines of the last chunk may still be waiting for their turn. */
  #onEnd(): void {
    this.#ended = true;
    this.#take();
  }

  /** The last line may lack its end. */
  #finish(): void {
    if (!this.#atLineStart) for (const line of this.#reader.read(LINE_FEED)) this.#handOn(line);
    this.close();
  }
}
