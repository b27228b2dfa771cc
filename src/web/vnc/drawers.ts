import { element } from '../shell/element.ts';

/** The panels that tool buttons open, one at a time: `#open-NAME` opens `#NAME`. */
export class Drawers {
  readonly #names: readonly string[];
  readonly #onOpen: (name: string) => void;

  constructor(names: readonly string[], onOpen: (name: string) => void) {
    this.#names = names;
    this.#onOpen = onOpen;
    for (const name of names) {
      element(`open-${name}`).addEventListener('click', () => this.#show(element(name).hidden ? name : null));
      element(name).addEventListener('keydown', (event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        this.close();
        element(`open-${name}`).focus();
      });
    }
  }

  close(): void {
    this.#show(null);
  }

  #show(wanted: string | null): void {
    for (const name of this.#names) {
      element(name).hidden = name !== wanted;
      element(`open-${name}`).setAttribute('aria-expanded', String(name === wanted));
    }
    if (wanted !== null) this.#onOpen(wanted);
  }
}
