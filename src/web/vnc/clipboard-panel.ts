import { element } from '../shell/element.ts';

/** More is not put into the field: browsers become slow, and nobody reads it. */
const MOST = 1_000_000;
/** More is not typed key by key. */
const MOST_TYPED = 10_000;

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
  /** What both sides hold since the last exchange, so that nothing is sent back to where it came from. */
  #shared: string | null = null;

  constructor(target: ClipboardTarget) {
    this.#target = target;
    const allowed = typeof navigator.clipboard?.readText === 'function';
    for (const id of ['clipboard-paste', 'clipboard-sync', 'clipboard-copy'] as const)
      element<HTMLButtonElement | HTMLInputElement>(id).disabled = !allowed;
    if (!allowed) this.#note.textContent = 'The browser lets pages use its clipboard over HTTPS only: copy by hand.';
    element('clipboard-send').addEventListener('click', () => this.#send(this.#text.value));
    element('clipboard-type').addEventListener('click', () => this.#type());
    element('clipboard-copy').addEventListener('click', () => void this.#copy(this.#text.value));
    element('clipboard-paste').addEventListener('click', () => void this.#paste());
    this.#sync.addEventListener('change', () => {
      if (this.#sync.checked) void this.#paste();
    });
  }

  /** Takes a text that the remote side has copied. */
  receive(text: string): void {
    this.#shared = text;
    if (text.length > MOST) {
      this.#note.textContent = `The remote clipboard holds ${text.length} characters, too many to show here.`;
      return;
    }
    this.#text.value = text;
    this.#note.textContent = 'Copied on the remote side.';
    if (this.#sync.checked) void this.#copy(text);
  }

  /** Takes what this device has copied meanwhile, if both clipboards are to be the same. */
  async refresh(): Promise<void> {
    if (this.#sync.checked) await this.#paste();
  }

  /** Forgets what belongs to a connection that is over. */
  reset(): void {
    this.#shared = null;
    this.#text.value = '';
    if (!this.#sync.disabled) this.#note.textContent = '';
  }

  #send(text: string): void {
    this.#shared = text;
    this.#target.send(text);
    this.#note.textContent = 'Sent to the remote side.';
  }

  #type(): void {
    const text = this.#text.value;
    if (text.length > MOST_TYPED) {
      this.#note.textContent = `Only up to ${MOST_TYPED} characters can be typed.`;
      return;
    }
    this.#target.type(text);
    this.#note.textContent = 'Typed.';
  }

  async #copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.#note.textContent = 'Copied to this device.';
    } catch {
      this.#refused('The browser did not allow the copy. Select the text and copy it by hand.');
    }
  }

  async #paste(): Promise<void> {
    let text: string;
    try {
      text = await navigator.clipboard.readText();
    } catch {
      this.#refused('The browser did not show its clipboard. Paste into the field by hand.');
      return;
    }
    if (text === '' || text === this.#shared) return;
    if (text.length <= MOST) this.#text.value = text;
    this.#send(text);
  }

  /** Says what the browser forbids; it will forbid it the next time as well. */
  #refused(note: string): void {
    this.#sync.checked = false;
    this.#note.textContent = note;
  }
}
