import { connect } from '../../browser/connect.ts';
import { ConnectError } from '../../browser/socket-error.ts';
import { describeEnding, describeRefusal, type Ending } from '../link/ending.ts';
import { element } from '../shell/element.ts';
import { showState } from '../shell/state.ts';
import { Conversation, ConversationEnded } from './conversation.ts';
import { type Finding, identify } from './identify.ts';
import type { Tool } from './tool.ts';

/** A tool that was stopped may finish its count for so long, in ms; then its connection is closed under it. */
const LAST_WORDS = 3000;

/**
 * What may wait in the browser, in bytes: the last answer comes behind it, and a slow uplink has to get rid of it in the
 * time for an answer.
 */
const MOST_WAITING = 128 * 1024;

/** What the page shows of the work. */
export interface BenchView {
  /** The address of the moment; null where it cannot be used. */
  readonly address: () => URL | null;
  /** A target has been found out. */
  onFinding(address: URL, finding: Finding): void;
  /** A tool has begun or ended; the address must not be changed meanwhile. */
  onBusy(busy: boolean): void;
  /** A connection was not made, or ended early; null = forget it. */
  onEnding(ending: Ending | null, wasOpen: boolean): void;
}

/** One piece of work: a tool, or only a look at the target. */
interface Work {
  readonly tool: Tool | null;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** Runs the tools of the page one at a time, each over a connection of its own. */
export class Bench {
  readonly #view: BenchView;
  readonly #tools: Tool[] = [];
  #work: Work | null = null;

  constructor(view: BenchView) {
    this.#view = view;
  }

  /** Puts a tool to its button. */
  add(tool: Tool): void {
    this.#tools.push(tool);
    this.showButtons();
    buttonOf(tool).addEventListener('click', () => {
      if (this.#work?.tool === tool) this.stop();
      else void this.start(tool);
    });
  }

  /**
   * Starts a tool, or a look at the target alone; one that is open makes room. Nothing happens while another is busy, or
   * without an address.
   */
  async start(tool: Tool | null): Promise<void> {
    if (tool?.ready?.() === false) return;
    if (this.#work && this.#work.tool?.open !== true) return;
    this.stop();
    await this.#work?.done;
    const address = this.#view.address();
    // Two clicks in one breath.
    if (this.#work || !address) return;
    const stop = new AbortController();
    const done = this.#carryOut(tool, address, stop.signal).finally(() => {
      this.#work = null;
      this.#showWork();
    });
    this.#work = { tool, stop, done };
    this.#showWork();
    await done;
  }

  /** Stops what runs. */
  stop(): void {
    this.#work?.stop.abort();
  }

  async #carryOut(tool: Tool | null, address: URL, signal: AbortSignal): Promise<void> {
    this.#view.onEnding(null, false);
    if (tool) showStatus(tool, '');
    showState('connecting');
    try {
      const link = await open(address, signal);
      try {
        await this.#use(tool, address, link, signal);
      } finally {
        await link.close();
      }
      showState('closed', tool ? 'Done' : 'Checked');
    } catch (error) {
      this.#onError(tool, error, signal);
    }
  }

  async #use(tool: Tool | null, address: URL, link: Conversation, signal: AbortSignal): Promise<void> {
    showState('open', 'Looking at the target');
    const cutOff = (): void => void setTimeout(() => link.close(), tool?.open ? 0 : LAST_WORDS);
    signal.addEventListener('abort', cutOff);
    const finding = await identify(link);
    this.#view.onFinding(address, finding);
    if (!tool) return;
    const refusal = tool.refusal(finding.kind);
    if (refusal !== null) {
      showStatus(tool, refusal, 'bad');
      return;
    }
    showState('open', tool.activity);
    const { text, kind } = await tool.run(link, finding.kind, signal);
    showStatus(tool, text, kind);
  }

  #onError(tool: Tool | null, error: unknown, signal: AbortSignal): void {
    if (signal.aborted) {
      showState('closed', 'Stopped');
      if (tool) showStatus(tool, 'Stopped.');
      return;
    }
    showState('failed');
    if (error instanceof ConnectError) {
      this.#view.onEnding(describeRefusal(error), false);
      if (tool) showStatus(tool, 'There was no connection.', 'bad');
    } else if (error instanceof ConversationEnded) {
      this.#view.onEnding(describeEnding(error.closed, true), true);
      if (tool) showStatus(tool, 'The connection ended before the measurement did.', 'bad');
    } else {
      const text = error instanceof Error ? error.message : String(error);
      if (tool) showStatus(tool, `${text}.`, 'bad');
      else this.#view.onEnding({ code: 0, kind: 'bad', title: 'Not as expected.', text, advice: '' }, true);
    }
  }

  #showWork(): void {
    this.showButtons();
    this.#view.onBusy(this.#work !== null);
  }

  /** Puts the buttons as they are now: a tool can be started when nothing else is busy and the address leads somewhere. */
  showButtons(): void {
    const busy = this.#work?.tool ?? null;
    const yields = (!this.#work || busy?.open === true) && this.#view.address() !== null;
    for (const tool of this.#tools) {
      const button = buttonOf(tool);
      button.textContent = tool === busy ? 'Stop' : 'Start';
      button.classList.toggle('button-main', tool === busy);
      button.disabled = tool !== busy && !yields;
      element(tool.name).toggleAttribute('data-running', tool === busy);
    }
  }
}

/** Connects, unless the signal fires before. */
async function open(address: URL, signal: AbortSignal): Promise<Conversation> {
  // The signal ends the opening alone: afterwards a tool that is stopped still compares its counts.
  const opening = new AbortController();
  const abort = (): void => opening.abort();
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    // Chromium 156 crashes when a connection breaks while a WebSocketStream is writing, and here that is all the time.
    const options = { signal: opening.signal, stream: false, sendHighWaterMark: MOST_WAITING };
    return new Conversation(await connect(address, options));
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The button that starts and stops a tool. */
function buttonOf(tool: Tool): HTMLButtonElement {
  return element<HTMLButtonElement>(`${tool.name}-start`);
}

/** Says below a tool how it went. */
function showStatus(tool: Tool, text: string, kind: 'plain' | 'bad' = 'plain'): void {
  const place = element(`${tool.name}-status`);
  place.textContent = text;
  place.dataset['kind'] = kind;
}
