import { element } from '../shell/element.ts';
import type { Scale, VncSettings } from './settings.ts';

/** The panel for the settings of the view. */
export class SettingsPanel {
  #settings: VncSettings;

  /** Shows `settings`; `onChange` gets each new set of them. */
  constructor(settings: VncSettings, onChange: (settings: VncSettings) => void) {
    this.#settings = settings;
    const change = (part: Partial<VncSettings>): void => {
      this.#settings = { ...this.#settings, ...part };
      onChange(this.#settings);
    };
    for (const choice of document.querySelectorAll<HTMLInputElement>('input[name="scale"]')) {
      choice.checked = choice.value === settings.scale;
      choice.addEventListener('change', () => change({ scale: choice.value as Scale }));
    }
    const check = (id: string, key: 'viewOnly' | 'reconnect' | 'bell'): void => {
      const box = element<HTMLInputElement>(id);
      box.checked = settings[key];
      box.addEventListener('change', () => change({ [key]: box.checked }));
    };
    check('view-only', 'viewOnly');
    check('reconnect', 'reconnect');
    check('bell', 'bell');
    const range = (id: 'quality' | 'compression'): void => {
      const slider = element<HTMLInputElement>(id);
      const show = (): void => void (element(`${id}-value`).textContent = slider.value);
      slider.value = String(settings[id]);
      show();
      slider.addEventListener('input', show);
      slider.addEventListener('change', () => change({ [id]: Number(slider.value) }));
    };
    range('quality');
    range('compression');
  }

  get settings(): VncSettings {
    return this.#settings;
  }
}
