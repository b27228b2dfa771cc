import type { BridgeInput } from '../config/input.ts';
import type { Origins } from './dialect.ts';

/** Gathers what a command line says as the nested input of a config, with where each value came from. */
export class InputBuilder {
  readonly #input: Record<string, unknown> = {};
  readonly #origins: Record<string, string> = {};

  get result(): { readonly input: BridgeInput; readonly origins: Origins } {
    return { input: this.#input, origins: this.#origins };
  }

  /** Where a value came from, by its dotted key; undefined when nobody gave it. */
  originOf(key: string): string | undefined {
    return this.#origins[key];
  }

  /** Sets the value of a dotted key. */
  set(key: string, value: unknown, origin: string): void {
    const keys = key.split('.');
    let place = this.#input;
    for (const segment of keys.slice(0, -1)) place = (place[segment] ??= {}) as Record<string, unknown>;
    place[keys.at(-1)!] = value;
    this.#origins[key] = origin;
  }
}
