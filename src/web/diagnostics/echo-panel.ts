import { element } from '../shell/element.ts';
import type { Conversation } from './conversation.ts';
import type { TargetKind } from './identify.ts';
import { formatTime } from './scale.ts';
import type { Outcome, Tool } from './tool.ts';

/** Lines that the list keeps. */
const MOST_LINES = 200;
/** A line that is longer is shown in pieces, in characters. */
const MOST_CHARACTERS = 500;

/** Sends lines and shows what comes back. */
export class EchoPanel implements Tool {
  readonly name = 'echo';
  readonly activity = 'Echo';
  readonly open = true;
  readonly #log = element('echo-log');
  readonly #text = element<HTMLInputElement>('echo-text');
  /** Sends a line over the connection of the moment; null without one. */
  #send: ((line: string) => void) | null = null;
  /** Lines that wait for the connection. */
  #waiting: string[] = [];

  /** `start` is called when a line is sent without a connection. */
  constructor(start: (tool: Tool) => Promise<void>) {
    element('echo-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const line = this.#text.value;
      const busy = element<HTMLButtonElement>('echo-start').disabled;
      if (busy) element('echo-status').textContent = 'Stop the other tool first.';
      if (line === '' || busy) return;
      this.#text.value = '';
      if (this.#send) {
        this.#send(line);
        return;
      }
      if (this.#waiting.push(line) > 1) return;
      // What could not be sent is not sent later, out of the blue.
      void start(this).finally(() => {
        this.#waiting = [];
      });
    });
  }

  refusal(): null {
    return null;
  }

  async run(link: Conversation, kind: TargetKind, signal: AbortSignal): Promise<Outcome> {
    // The answers come in order, so the oldest line is the one that is answered.
    const sent: number[] = [];
    const decoder = new TextDecoder();
    let rest = '';
    link.listen((bytes) => {
      const now = performance.now();
      const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
      rest = lines.pop() ?? '';
      if (rest.length > MOST_CHARACTERS) lines.push(rest.slice(0, MOST_CHARACTERS));
      if (rest.length > MOST_CHARACTERS) rest = '';
      for (const line of lines) {
        const start = kind === 'other' ? undefined : sent.shift();
        this.#add(
          'target',
          kind === 'load' ? line.replace(/^pong ?/, '') : line,
          start === undefined ? null : now - start,
        );
      }
    });
    this.#send = (line) => {
      this.#add('us', line, null);
      sent.push(performance.now());
      // What other targets take for the end of a line is not known; most take both.
      void link
        .send(kind === 'load' ? `ping ${line}\n` : kind === 'echo' ? `${line}\n` : `${line}\r\n`)
        .catch(() => undefined);
    };
    for (const line of this.#waiting) this.#send(line);
    this.#waiting = [];
    this.#text.focus();
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
      if (signal.aborted) resolve();
    });
    try {
      await link.wait(stopped);
    } finally {
      this.#send = null;
    }
    return { text: 'Stopped.' };
  }

  #add(from: 'us' | 'target', text: string, ms: number | null): void {
    const item = document.createElement('div');
    item.dataset['from'] = from;
    const line = document.createElement('span');
    line.textContent = text;
    item.append(line);
    if (ms !== null) {
      const time = document.createElement('time');
      time.textContent = formatTime(ms);
      item.append(time);
    }
    this.#log.append(item);
    while (this.#log.childElementCount > MOST_LINES) this.#log.firstElementChild?.remove();
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}
