import { Duplex } from 'node:stream';
import { crc32 } from 'node:zlib';
import { MAX_PAYLOAD, readHead, readOrder, type RecordHead } from './load-command.ts';
import { type LoadInput, LoadReader, MAX_LINE } from './load-reader.ts';
import { LoadSource } from './load-source.ts';
import type { DialContext, StreamConnection, Target } from './target.ts';

/** Version of the conversation that docs/guide/diagnostics.md describes. */
const GREETING = `bascule-load 1 max=${MAX_PAYLOAD}`;
/** Records are made in turns of about this many bytes: between them others have theirs. */
const TURN = 64 * 1024;

const HELP = [
  'ping TEXT: pong TEXT comes back',
  'bytes LENGTH, then that many bytes: counted TOTAL comes back',
  'data SEQUENCE LENGTH CRC32, then the payload: checked and counted; error comes back where it is wrong',
  'report: what came in, and how much of it was wrong',
  'send data|bytes [size=N|LEAST-MOST] [rate=N] [for=SECONDS] [count=N]: records come, then done',
  'stop: ends what is being sent',
];

/** A server for load tests in this process: it checks and counts what comes, and sends what it is told to. */
export class LoadTarget implements Target {
  readonly label = 'load:';

  async connect({ abort }: DialContext): Promise<StreamConnection> {
    abort.throwIfAborted();
    return { kind: 'stream', duplex: new LoadServer() };
  }
}

/**
 * The server's end of one load test: lines, some with a payload behind them.
 *
 * Commands wait while their answers are not read, and records are made only as they are read.
 */
export class LoadServer extends Duplex {
  readonly #reader = new LoadReader();
  /** What the client wrote and is not worked through yet; null when all is. */
  #input: { readonly items: Iterator<LoadInput, void>; readonly done: () => void } | null = null;
  /** The record whose payload is coming in, and the checksum so far. */
  #head: RecordHead | null = null;
  #checksum = 0;
  /** What came in. */
  #messages = 0;
  #bytes = 0;
  #errors = 0;
  #counted = 0;
  #countedTold = 0;
  #expected = 0;
  /** What is being sent, and the timer of the next turn. */
  #source: LoadSource | null = null;
  #timer: NodeJS.Timeout | null = null;
  #turn: NodeJS.Immediate | null = null;
  /** Whether the reader takes more now. */
  #wanted = true;
  #over = false;

  constructor() {
    super({ highWaterMark: TURN });
    this.#say(GREETING);
  }

  override _read(): void {
    this.#wanted = true;
    this.#answer();
    this.#schedule();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#input = { items: this.#reader.read(chunk), done };
    this.#answer();
    this.#schedule();
  }

  override _final(done: () => void): void {
    this.#end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#halt();
    done(error);
  }

  #say(line: string): void {
    if (!this.#over) this.#wanted = this.push(`${line}\n`, 'latin1');
  }

  /** Works through the input for as long as the reader takes the answers. */
  #answer(): void {
    while (this.#input && (this.#wanted || this.#over)) {
      const { items, done } = this.#input;
      const next = items.next();
      if (next.value) {
        if (!this.#over) this.#onInput(next.value);
        continue;
      }
      this.#tellCounted();
      this.#input = null;
      done();
    }
  }

  #onInput(input: LoadInput): void {
    if (input.kind === 'line') this.#onLine(input.text);
    else if (input.kind === 'payload') this.#onPayload(input.bytes, input.last);
    else this.#fail(`a line is longer than ${MAX_LINE} bytes`);
  }

  #onLine(line: string): void {
    const [, word = '', rest = ''] = /^(\S*) ?(.*)$/.exec(line) ?? [];
    const words = rest.split(' ').filter((each) => each !== '');
    switch (word) {
      case '':
        return;
      case 'ping':
        this.#say(rest === '' ? 'pong' : `pong ${rest}`);
        return;
      case 'bytes':
      case 'data':
        this.#onHead(readHead(word, words), word);
        return;
      case 'report':
        this.#tellCounted();
        this.#say(
          `report messages=${this.#messages} bytes=${this.#bytes} errors=${this.#errors} counted=${this.#counted}`,
        );
        return;
      case 'send':
        this.#onSend(words);
        return;
      case 'stop':
        if (this.#source) this.#finishSource(this.#source);
        else this.#say('error command nothing is being sent');
        return;
      case 'help':
        for (const text of HELP) this.#say(`note ${text}`);
        return;
      default:
        this.#say('error command there is no such command; help lists them');
    }
  }

  #onHead(head: RecordHead | null, word: string): void {
    if (!head) {
      this.#fail(`the line of a ${word} record is malformed; its payload is 1 to ${MAX_PAYLOAD} bytes`);
      return;
    }
    this.#head = head;
    this.#checksum = 0;
    this.#reader.expect(head.length);
  }

  #onPayload(bytes: Buffer, last: boolean): void {
    const head = this.#head;
    if (head?.kind === 'bytes') {
      if (last) this.#counted += head.length;
    } else if (head) {
      this.#checksum = crc32(bytes, this.#checksum);
      if (last) this.#check(head);
    }
    if (last) this.#head = null;
  }

  /** Counts a whole record, and says what is wrong with it. */
  #check({ sequence, length, checksum }: RecordHead & { readonly kind: 'data' }): void {
    this.#messages++;
    this.#bytes += length;
    const expected = this.#expected;
    this.#expected = sequence + 1;
    if (checksum !== this.#checksum) this.#complain(`checksum record ${sequence} was damaged`);
    if (sequence !== expected) this.#complain(`sequence record ${sequence} came where ${expected} was due`);
  }

  #complain(what: string): void {
    this.#errors++;
    this.#say(`error ${what}`);
  }

  /** One answer for all records that have ended: the total says everything. */
  #tellCounted(): void {
    if (this.#counted === this.#countedTold) return;
    this.#countedTold = this.#counted;
    this.#say(`counted ${this.#counted}`);
  }

  #onSend(words: readonly string[]): void {
    const order = readOrder(words);
    if (typeof order === 'string') this.#say(`error command ${order}`);
    else if (this.#source) this.#say('error command something is being sent; stop it first');
    else this.#source = new LoadSource(order, performance.now());
  }

  /** Sees to it that records are made when the next one is due, and not in the middle of somebody's read. */
  #schedule(): void {
    if (!this.#source || !this.#wanted || this.#timer || this.#turn) return;
    const wait = this.#source.wait(performance.now());
    if (wait > 0) this.#timer = setTimeout(() => this.#send(), Math.min(wait, 60_000));
    else this.#turn = setImmediate(() => this.#send());
  }

  /** Makes the records that are due, for as long as the reader takes them. */
  #send(): void {
    this.#timer = null;
    this.#turn = null;
    const source = this.#source;
    if (!source) return;
    const now = performance.now();
    for (let made = 0; this.#wanted && made < TURN && !source.isDone(now) && source.wait(now) === 0;) {
      const record = source.make(now);
      made += record.length;
      this.#wanted = this.push(record);
    }
    if (this.#wanted && source.isDone(now)) this.#finishSource(source);
    this.#schedule();
  }

  #finishSource({ messages, bytes }: LoadSource): void {
    this.#halt();
    this.#say(`done messages=${messages} bytes=${bytes}`);
  }

  /** A record whose end nobody knows ends the conversation. */
  #fail(what: string): void {
    this.#say(`error form ${what}`);
    this.#end();
  }

  #end(): void {
    this.#halt();
    if (!this.#over) this.push(null);
    this.#over = true;
  }

  #halt(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#turn) clearImmediate(this.#turn);
    this.#timer = null;
    this.#turn = null;
    this.#source = null;
  }
}
