import { BridgeError } from '../errors.ts';
import type { DialContext, Target, TargetConnection } from '../target/target.ts';

/** What stands in place of a token. */
const MASK = '[token]';
/** A shorter token is no secret, and a message without its letters would say nothing. */
const SHORTEST = 4;

/** A target whose address shows the token that led to it: neither its name nor its errors do. */
export class HiddenTarget implements Target {
  readonly label: string;
  readonly #target: Target;
  readonly #token: string;

  constructor(target: Target, token: string) {
    this.label = hide(target.label, token);
    this.#target = target;
    this.#token = token;
  }

  async connect(context: DialContext): Promise<TargetConnection> {
    try {
      return await this.#target.connect(context);
    } catch (error) {
      throw error instanceof BridgeError ? withoutToken(error, this.#token) : error;
    }
  }
}

/** The same error without the token in its words. */
export function withoutToken(error: BridgeError, token: string): BridgeError {
  const [detail, remedy] = [hide(error.detail, token), hide(error.remedy, token)];
  // The cause is for nobody but a debugger; yet whoever prints an error prints it, too.
  if (detail === error.detail && remedy === error.remedy && error.cause === undefined) return error;
  return new BridgeError(error.code, { detail, remedy });
}

/** A text without the token, as it is or as it stands in a URL. */
export function hide(text: string, token: string): string {
  if (token.length < SHORTEST) return text;
  const hidden = text.replaceAll(token, MASK);
  const escaped = new URLSearchParams([['', token]]).toString().slice(1);
  return hidden.replaceAll(escaped, MASK).replaceAll(encodeURIComponent(token.replaceAll(LONE_SURROGATE, '')), MASK);
}

const LONE_SURROGATE = /\p{Surrogate}/gu;
