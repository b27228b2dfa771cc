import type { FramingConfig, PluginConfig } from '../config/model.ts';
import type { PluginFraming } from '../plugin/api.ts';
import { invalid } from '../plugin/load.ts';
import { Plugin } from '../plugin/plugin.ts';
import { createFraming, type FramingOptions } from './create-framing.ts';
import type { Framing } from './framing.ts';

interface Entry {
  readonly plugin: Plugin<'createFraming'>;
  made: PluginFraming | null;
}

/** Makes the framing of each session, and keeps the plugins that framings are made by. */
export class Framings {
  readonly #entries = new Map<string, Entry>();
  readonly #warn: (message: string) => void;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** Loads the plugins of a framing; null when none is to be loaded. Rejects with PLUGIN_NOT_FOUND or PLUGIN_INVALID. */
  load({ framer, unframer }: FramingConfig): Promise<void> | null {
    const needs = [
      { config: framer?.plugin, method: 'createFramer' },
      { config: unframer?.plugin, method: 'createUnframer' },
    ] as const;
    const missing = needs.filter(({ config }) => config && !this.#entry(config).made);
    return missing.length === 0 ? null : this.#make(needs);
  }

  /** Makes the framing of a session, whose plugins are loaded. Throws FRAMING_INVALID or FRAMING_FAILED. */
  open(config: FramingConfig, options: FramingOptions): Framing | null {
    return createFraming(config, options, (plugin) => {
      const {
        plugin: { label },
        made,
      } = this.#entry(plugin);
      return { label, made: made ?? {}, warn: this.#warn };
    });
  }

  async dispose(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(({ plugin }) => plugin.dispose()));
  }

  async #make(
    needs: readonly { readonly config: PluginConfig | undefined; readonly method: 'createFramer' | 'createUnframer' }[],
  ): Promise<void> {
    for (const { config, method } of needs) {
      if (!config) continue;
      const entry = this.#entry(config);
      entry.made = await entry.plugin.get();
      if (typeof entry.made[method] !== 'function')
        throw invalid(
          config.module,
          `what createFraming gave has no method ${method}`,
          'Use it in the other direction only.',
        );
    }
  }

  /** Each module with the same source is made once, however many routes name it. */
  #entry(config: PluginConfig): Entry {
    const key = JSON.stringify([config.module, config.source]);
    let entry = this.#entries.get(key);
    if (!entry)
      this.#entries.set(key, (entry = { plugin: new Plugin(config, 'createFraming', this.#warn), made: null }));
    return entry;
  }
}
