import type { BridgeInput } from '../config/input.ts';
import { BridgeError } from '../errors.ts';

/** The environment, as a dialect sees it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a command line asks for. */
export type Invocation =
  | RunInvocation
  /** Serves or checks a config file. `input` wins over what the file says. */
  | {
      readonly command: 'serve' | 'check';
      readonly file: string;
      readonly input: BridgeInput;
      readonly origins: Origins;
    }
  | { readonly command: 'schema' }
  | { readonly command: 'version' }
  | { readonly command: 'help'; readonly topic: CommandName };

/** Runs a bridge that the command line describes, or the demo. */
export interface RunInvocation {
  readonly command: 'run' | 'demo';
  readonly input: BridgeInput;
  readonly origins: Origins;
  /** The command line with another LISTEN, for showing how to listen elsewhere. */
  readonly withListen: (listen: string) => string;
}

export type CommandName = 'run' | 'serve' | 'check' | 'schema' | 'demo';

/** Where each value came from, by its dotted key: a flag, an argument or an environment variable. */
export type Origins = Readonly<Record<string, string>>;

/** A command line language. `parse` is pure; it throws USAGE when the command line cannot be understood. */
export interface Dialect {
  readonly name: string;
  parse(argv: readonly string[], env: Environment): Invocation;
}

/** The error for a command line that cannot be understood. */
export function usageError(what: string, remedy?: string): BridgeError {
  return new BridgeError('USAGE', { detail: what, ...(remedy === undefined ? {} : { remedy }) });
}
