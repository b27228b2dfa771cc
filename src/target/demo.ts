import { Duplex } from 'node:stream';
import { LineReader, type Line } from './line-reader.ts';
import type { DialContext, StreamConnection, Target } from './target.ts';

/** Longest line that is taken, in characters. */
const MAX_LINE = 1024;
const MAX_LINES = 1_000_000_000;
const DEFAULT_LINES = 1000;
/** Numbered lines are made in pieces of about this many characters. */
const PIECE = 16 * 1024;
const SECOND = 1000;

/** A small line server in this process, to try a bridge with: type `help`. */
export class DemoTarget implements Target {
  readonly label = 'demo:';

  async connect({ abort }: DialContext): Promise<StreamConnection> {
    abort.throwIfAborted();
    return { kind: 'stream', duplex: new DemoServer() };
  }
}

interface Command {
  readonly name: string;
  readonly usage: string;
  readonly help: string;
  run(server: DemoServer, argument: string): void;
}

const COMMANDS: readonly Command[] = [
  { name: 'help', usage: 'help', help: 'this list', run: (server) => server.sayLines(helpLines()) },
  { name: 'echo', usage: 'echo TEXT', help: 'says TEXT back', run: (server, text) => server.say(text) },
  { name: 'time', usage: 'time', help: 'the time of day', run: (server) => server.say(new Date().toISOString()) },
  { name: 'clock', usage: 'clock', help: 'the time each second, until Enter', run: (server) => server.startClock() },
  {
    name: 'lines',
    usage: 'lines [N]',
    help: `N numbered lines (${DEFAULT_LINES}) as fast as you read them, until Enter`,
    run(server, argument) {
      const count = argument === '' ? DEFAULT_LINES : Number(argument);
      if (Number.isInteger(count) && count >= 1 && count <= MAX_LINES) server.startLines(count);
      else server.say(`How many lines? Give a number from 1 to ${MAX_LINES}, such as: lines 50`);
    },
  },
  { name: 'stop', usage: 'stop', help: 'ends what is running', run: (server) => server.say('Nothing is running.') },
  { name: 'quit', usage: 'quit', help: 'says goodbye and hangs up', run: (server) => server.quit() },
];

/** The server's end of one conversation. Any line ends what is running; every line of output ends with CR LF. */
export class DemoServer extends Duplex {
  readonly #reader = new LineReader(MAX_LINE);
  /** What the client wrote and is not answered yet; null when all is. */
  #input: { readonly lines: Iterator<Line, void>; readonly done: () => void } | null = null;
  #clock: NodeJS.Timeout | null = null;
  /** The numbered lines still to be made: from `next` to `last`. */
  #lines: { next: number; readonly last: number } | null = null;
  /** Whether the reader takes more now. */
  #wanted = true;
  #inputEnded = false;
  #quit = false;

  constructor() {
    super();
    this.sayLines(['Hello, this is the demo target of Bascule.', 'Type help and press Enter.']);
  }

  say(line: string): void {
    this.sayLines([line]);
  }

  sayLines(lines: readonly string[]): void {
    if (!this.#quit) this.#wanted = this.push(lines.map((line) => `${line}\r\n`).join(''));
  }

  startClock(): void {
    const tick = (): void => {
      // A reader that is behind misses ticks instead of getting them all at once later.
      if (this.#wanted) this.say(new Date().toISOString().slice(11, 19));
    };
    this.#clock = setInterval(tick, SECOND);
    tick();
  }

  startLines(count: number): void {
    this.#lines = { next: 1, last: count };
    if (this.#wanted) this.#makeLines();
  }

  quit(): void {
    this.say('Goodbye.');
    this.#quit = true;
    // What the client still writes is thrown away, and nobody reads any more to ask for it.
    this.#wanted = true;
    this.push(null);
  }

  override _read(): void {
    this.#wanted = true;
    if (this.#lines) this.#makeLines();
    this.#answer();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#input = { lines: this.#reader.read(chunk), done };
    this.#answer();
  }

  /** The client has ended its half: numbered lines that have begun are finished first. */
  override _final(done: () => void): void {
    this.#inputEnded = true;
    this.#stopClock();
    if (!this.#lines && !this.#quit) this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stopClock();
    this.#lines = null;
    done(error);
  }

  /** Answers line by line for as long as the reader takes the answers. */
  #answer(): void {
    while (this.#input && this.#mayAnswer()) {
      const { lines, done } = this.#input;
      const next = lines.next();
      if (next.value) {
        this.#onLine(next.value);
      } else {
        this.#input = null;
        done();
      }
    }
  }

  /** While numbered lines flow, input gets through although the reader is behind: it is what stops them. */
  #mayAnswer(): boolean {
    return this.#wanted || (this.#lines !== null && this.readableLength < this.readableHighWaterMark + 2 * PIECE);
  }

  #onLine({ text, cut }: Line): void {
    if (this.#quit) return;
    const line = printable(text).trim();
    const stopped = this.#stop();
    if (cut) {
      this.say(`That line was too long: at most ${MAX_LINE} characters are read.`);
    } else if (line !== '' && !(stopped && line === 'stop')) {
      const [, name = '', argument = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
      const command = COMMANDS.find((each) => each.name === name.toLowerCase());
      if (command) command.run(this, argument);
      else this.say(`I do not know "${name}". Type help to see what I do.`);
    }
  }

  /** Ends what is running and tells whether there was anything. */
  #stop(): boolean {
    if (!this.#clock && !this.#lines) return false;
    this.#stopClock();
    this.#lines = null;
    this.say('Stopped.');
    return true;
  }

  #stopClock(): void {
    if (this.#clock) clearInterval(this.#clock);
    this.#clock = null;
  }

  /** Makes numbered lines for as long as the reader takes them. */
  #makeLines(): void {
    const lines = this.#lines;
    if (!lines) return;
    let piece = '';
    while (lines.next <= lines.last && piece.length < PIECE) piece += `line ${lines.next++} of ${lines.last}\r\n`;
    if (lines.next > lines.last) this.#lines = null;
    this.#wanted = this.push(piece);
    if (!this.#lines && this.#inputEnded) this.push(null);
  }
}

function helpLines(): string[] {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length));
  return COMMANDS.map(({ usage, help }) => `  ${usage.padEnd(width)}  ${help}`);
}

/** Without the control characters, which a terminal would obey. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '');
}
