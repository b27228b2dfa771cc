import { KEYS, keysymOf, type KeyName } from './keysym.ts';
import { textDifference } from './text-difference.ts';

/** Stands in the field so that there is always something that a backspace can take away. */
const PADDING = '_'.repeat(64);

/** Keys that change no text, by KeyboardEvent.key. */
const NAMED: Readonly<Record<string, KeyName>> = {
  Enter: 'Return',
  Tab: 'Tab',
  Escape: 'Escape',
  ArrowLeft: 'Left',
  ArrowUp: 'Up',
  ArrowRight: 'Right',
  ArrowDown: 'Down',
  Home: 'Home',
  End: 'End',
};

/** The keyboard of a phone: an unseen field takes what is typed, and its changes become key presses. */
export class TouchKeyboard {
  readonly #field: HTMLTextAreaElement;
  readonly #press: (keysym: number, code: string | null) => void;
  #before = PADDING;

  /** `press` gets each key; `onToggle` hears whether the keyboard is open, so far as a browser tells. */
  constructor(
    field: HTMLTextAreaElement,
    press: (keysym: number, code: string | null) => void,
    onToggle: (open: boolean) => void,
  ) {
    this.#field = field;
    this.#press = press;
    field.addEventListener('focus', () => {
      this.#refill();
      onToggle(true);
    });
    field.addEventListener('blur', () => onToggle(false));
    field.addEventListener('keydown', (event) => this.#onKey(event));
    field.addEventListener('input', (event) => this.#onInput(event));
    field.addEventListener('compositionend', () => this.#refill());
  }

  /** Opens the keyboard; browsers do that for a click only. */
  open(): void {
    this.#field.focus({ preventScroll: true });
  }

  close(): void {
    this.#field.blur();
  }

  #onKey(event: KeyboardEvent): void {
    const name = NAMED[event.key];
    if (event.isComposing || name === undefined) return;
    event.preventDefault();
    this.#press(KEYS[name].keysym, KEYS[name].code);
  }

  #onInput(event: InputEvent): void {
    const { value } = this.#field;
    const { removed, added } = textDifference(this.#before, value);
    this.#before = value;
    for (let i = 0; i < removed; i++) this.#press(KEYS.BackSpace.keysym, KEYS.BackSpace.code);
    for (const character of added) {
      const keysym = keysymOf(character);
      if (keysym !== 0) this.#press(keysym, null);
    }
    // A field that changes while a word is being composed confuses the keyboard.
    if (!event.isComposing) this.#refill();
  }

  #refill(): void {
    this.#field.value = this.#before = PADDING;
    this.#field.setSelectionRange(PADDING.length, PADDING.length);
  }
}
