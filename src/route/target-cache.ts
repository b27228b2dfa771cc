import type { TargetConfig } from '../config/model.ts';
import type { Target } from '../target/target.ts';

/** Most targets that are kept. One more, and the one that was not used for the longest time goes. */
const CAPACITY = 256;

/** The targets that tokens led to, by address, so that sessions with the same one share it. */
export class TargetCache {
  readonly #targets = new Map<string, Target>();
  readonly #capacity: number;
  readonly #create: (config: TargetConfig) => Target;

  constructor(create: (config: TargetConfig) => Target, capacity: number = CAPACITY) {
    this.#create = create;
    this.#capacity = capacity;
  }

  /** The target for an address; `read` gives its config when it is not there yet. */
  get(address: string, read: () => TargetConfig): Target {
    const target = this.#targets.get(address) ?? this.#create(read());
    // A Map keeps the order in which keys were added: the first is the one that was not used for the longest time.
    this.#targets.delete(address);
    this.#targets.set(address, target);
    if (this.#targets.size > this.#capacity) this.#targets.delete(this.#targets.keys().next().value!);
    return target;
  }
}
