/** Where one option of one side stands: the states of RFC 1143 §7 that a side needs which never asks to end one. */
type Standing = 'no' | 'yes' | 'want-yes';

/** What an option does when the other side speaks. */
export interface OptionAnswer {
  /** Whether to agree (DO or WILL), refuse (DONT or WONT), or say nothing, which is what ends a negotiation. */
  readonly reply: 'agree' | 'refuse' | null;
  /** Whether the option has come on or gone off by it. */
  readonly changed: boolean;
}

const SILENCE: OptionAnswer = { reply: null, changed: false };

/**
 * One option of one side, by the Q method of RFC 1143.
 *
 * The other side is only answered when its words change something: two programs that confirm each other's
 * confirmations would go on for ever.
 */
export class OptionState {
  #standing: Standing = 'no';
  readonly #allowed: boolean;

  /** `allowed`: whether this side agrees when the other asks for the option. */
  constructor(allowed: boolean) {
    this.#allowed = allowed;
  }

  get on(): boolean {
    return this.#standing === 'yes';
  }

  /** Notes that the option is asked for; false when it is on already, or asked for. */
  request(): boolean {
    if (this.#standing !== 'no') return false;
    this.#standing = 'want-yes';
    return true;
  }

  /** The other side said WILL or DO. */
  onYes(): OptionAnswer {
    switch (this.#standing) {
      case 'no':
        if (!this.#allowed) return { reply: 'refuse', changed: false };
        this.#standing = 'yes';
        return { reply: 'agree', changed: true };
      case 'want-yes':
        this.#standing = 'yes';
        return { reply: null, changed: true };
      default:
        return SILENCE;
    }
  }

  /** The other side said WONT or DONT. */
  onNo(): OptionAnswer {
    const { on } = this;
    this.#standing = 'no';
    return on ? { reply: 'refuse', changed: true } : SILENCE;
  }
}
