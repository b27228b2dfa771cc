/**
 * Sees to it that no key stays down on the remote side, and that the keyboard can leave it.
 *
 * noVNC lets go of held keys when the window loses the focus, but not when another element of the page takes it: the
 * remote side would believe for ever that Shift is held. And it takes every key, Tab too, so that without a key of our
 * own nobody could leave the screen without a mouse (WCAG 2.1.2).
 */
export class KeyGuard {
  readonly #held = new Map<string, string>();
  readonly #place: HTMLElement;

  /** Guards the canvas that stands in `place` at the time; `onLeave` hears Shift-Esc. */
  constructor(place: HTMLElement, onLeave: () => void) {
    this.#place = place;
    place.addEventListener(
      'keydown',
      (event) => {
        if (event.key === 'Escape' && event.shiftKey) {
          event.preventDefault();
          event.stopPropagation();
          this.release();
          onLeave();
        } else this.#held.set(event.code, event.key);
      },
      { capture: true },
    );
    place.addEventListener('keyup', (event) => this.#held.delete(event.code), { capture: true });
    place.addEventListener('focusout', () => this.release());
  }

  /** Lets go of every key that is down. */
  release(): void {
    const canvas = this.#place.querySelector('canvas');
    for (const [code, key] of this.#held) canvas?.dispatchEvent(new KeyboardEvent('keyup', { code, key }));
    this.#held.clear();
  }
}
