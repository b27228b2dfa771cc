import { canReadClipboard, copyText } from '../shell/clipboard.ts';
import { element } from '../shell/element.ts';
import { ClipboardExchange } from './clipboard-exchange.ts';

/** More is not put into the field: browsers become slow, and nobody reads it. */
const MOST = 1_000_000;
/** More is not typed key by key. */
const MOST_TYPED = 10_000;

const REFUSED = {
  read: 'The browser did not show its clipboard. Paste into the field by hand.',
  write: 'The browser did not allow the copy. Select the text and copy it by hand.',
} as const;

/** What the panel does to the remote side. */
export interface ClipboardTarget {
  /** Gives a text to the clipboard of the remote side. */
  send(text: string): void;
  /** Types a text key by key. */
  type(text: string): void;
}

/**
 * The clipboards of both sides: a field in between, and a way past it where the browser allows that.
 *
 * Browsers show pages their clipboard over HTTPS only, and most ask the visitor first; so reading it begins with a
 * click, and what fails is said.
 */
export class ClipboardPanel {
  readonly #target: ClipboardTarget;
  readonly #text = element<HTMLTextAreaElement>('clipboard-text');
  readonly #note = element('clipboard-note');
  readonly #sync = element<HTMLInputElement>('clipboard-sync');
  readonly #exchange: ClipboardExchange;

  constructor(target: ClipboardTarget) {
    this.#target = target;
    this.#exchange = new ClipboardExchange({
      inFront: () => document.hasFocus(),
      read: () => navigator.clipboard.readText(),
      // Not copyText(): nobody has clicked, and the selection would take the focus from the screen.
      write: (text) => navigator.clipboard.writeText(text),
      send: (text) => this.#sent(text),
      onCopied: () => this.#say('Copied to this device.'),
      onRefused: (what) => this.#refused(what),
    });
    this.#sync.disabled = !canReadClipboard();
    this.viewOnly = false;
    if (this.#sync.disabled)
      this.#say('The browser lets pages read its clipboard over HTTPS only: paste into the field by hand.');
    element('clipboard-send').addEventListener('click', () => this.#exchange.send(this.#text.value));
    element('clipboard-type').addEventListener('click', () => this.#type());
    element('clipboard-copy').addEventListener('click', () => void this.#copy());
    element('clipboard-paste').addEventListener('click', () => void this.#exchange.paste());
    this.#sync.addEventListener('change', () => {
      this.#exchange.same = this.#sync.checked;
    });
  }

  /** Gives nothing to a remote side that is only looked at. */
  set viewOnly(viewOnly: boolean) {
    this.#exchange.viewOnly = viewOnly;
    for (const id of ['clipboard-send', 'clipboard-type']) element<HTMLButtonElement>(id).disabled = viewOnly;
    element<HTMLButtonElement>('clipboard-paste').disabled = viewOnly || !canReadClipboard();
  }

  /** Takes a text that the remote side has copied. */
  receive(text: string): void {
    const tooLong = text.length > MOST;
    if (!tooLong) this.#text.value = text;
    this.#say(
      tooLong
        ? `The remote clipboard holds ${text.length} characters, too many to show here.`
        : 'Copied on the remote side.',
    );
    this.#exchange.received(tooLong ? null : text);
  }

  /** Makes both clipboards the same, if they are to be. */
  async refresh(): Promise<void> {
    await this.#exchange.refresh();
  }

  /** Forgets what belongs to a connection that is over. */
  reset(): void {
    this.#exchange.reset();
    this.#text.value = '';
    if (!this.#sync.disabled) this.#say('');
  }

  #sent(text: string): void {
    if (text.length <= MOST) this.#text.value = text;
    this.#target.send(text);
    this.#say('Sent to the remote side.');
  }

  #type(): void {
    const text = this.#text.value;
    if (text.length > MOST_TYPED) {
      this.#say(`Only up to ${MOST_TYPED} characters can be typed.`);
      return;
    }
    this.#target.type(text);
    this.#say('Typed.');
  }

  async #copy(): Promise<void> {
    this.#say((await copyText(this.#text.value)) ? 'Copied to this device.' : REFUSED.write);
  }

  /** Says what the browser forbids; it will forbid it the next time as well. */
  #refused(what: keyof typeof REFUSED): void {
    this.#sync.checked = false;
    this.#say(REFUSED[what]);
  }

  #say(note: string): void {
    this.#note.textContent = note;
  }
}
