import { element } from '../shell/element.ts';
import { KEYS, type KeyName } from './keysym.ts';

/** Where the keys of the panel go. */
export interface KeyTarget {
  sendKey(keysym: number, code: string | null, down?: boolean): void;
  sendCtrlAltDel(): void;
}

/** The keys that a browser keeps to itself and those that a phone lacks. */
export class KeyPanel {
  readonly #target: () => KeyTarget | null;
  readonly #panel = element('keys');

  /** `target` gives the screen of the moment. */
  constructor(target: () => KeyTarget | null) {
    this.#target = target;
    element('ctrl-alt-del').addEventListener('click', () => target()?.sendCtrlAltDel());
    for (const button of this.#panel.querySelectorAll<HTMLButtonElement>('[data-key]')) {
      const { keysym, code } = KEYS[button.dataset['key'] as KeyName];
      button.addEventListener('click', () => target()?.sendKey(keysym, code));
    }
    for (const button of this.#holds())
      button.addEventListener('click', () => this.#hold(button, button.ariaPressed !== 'true'));
    // The keyboard of a phone stays open while its user presses these.
    this.#panel.addEventListener('mousedown', (event) => event.preventDefault());
  }

  /** Lets go of the keys that stay down. */
  release(): void {
    for (const button of this.#holds()) if (button.ariaPressed === 'true') this.#hold(button, false);
  }

  /** Lets nobody press a key, such as while the visitor only looks. */
  set disabled(disabled: boolean) {
    for (const button of this.#panel.querySelectorAll('button')) button.disabled = disabled;
  }

  #hold(button: HTMLButtonElement, down: boolean): void {
    const { keysym, code } = KEYS[button.dataset['hold'] as KeyName];
    button.ariaPressed = String(down);
    this.#target()?.sendKey(keysym, code, down);
  }

  #holds(): NodeListOf<HTMLButtonElement> {
    return this.#panel.querySelectorAll<HTMLButtonElement>('[data-hold]');
  }
}
