import { element } from '../shell/element.ts';

/** Keys that browsers otherwise keep for themselves; only Chromium gives them away. */
interface KeyboardLock {
  readonly lock?: () => Promise<void>;
  readonly unlock?: () => void;
}

/** The full screen: only the picture, with a handle for the controls. */
export class FullScreen {
  readonly #viewer = element('viewer');
  readonly #button = element<HTMLButtonElement>('fullscreen');
  readonly #handle = element<HTMLButtonElement>('handle');

  constructor() {
    // An iPhone shows nothing but videos in full screen.
    this.#button.hidden = !document.fullscreenEnabled;
    this.#button.addEventListener('click', () => void this.#toggle());
    this.#handle.addEventListener('click', () => {
      this.showTools(true);
      this.#button.focus();
    });
    document.addEventListener('fullscreenchange', () => this.#changed());
  }

  get active(): boolean {
    return document.fullscreenElement === this.#viewer;
  }

  /** Shows or hides the controls over the picture; out of full screen they are always there. */
  showTools(shown: boolean): void {
    this.#viewer.dataset['tools'] = shown ? 'open' : 'closed';
    this.#handle.ariaExpanded = String(shown);
  }

  leave(): void {
    if (this.active) void document.exitFullscreen();
  }

  async #toggle(): Promise<void> {
    if (this.active) return this.leave();
    try {
      await this.#viewer.requestFullscreen({ navigationUI: 'hide' });
    } catch {
      // The browser or the visitor said no; nothing has changed.
    }
  }

  #changed(): void {
    this.#button.ariaPressed = String(this.active);
    this.showTools(false);
    const { keyboard } = navigator as Navigator & { readonly keyboard?: KeyboardLock };
    // Escape and Alt-Tab then go to the remote side as well; holding Escape still leaves.
    if (this.active) keyboard?.lock?.().catch(() => undefined);
    else keyboard?.unlock?.();
  }
}
