import type { BridgeInput } from '../config/input.ts';
import { BridgeError } from '../errors.ts';
import type { Launch } from './launch.ts';

/** The environment, as a dialect sees it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a command line asks for. */
export type Invocation =
  | RunInvocation
  | ServeInvocation
  /** Checks a config file. `input` wins over what the file says. */
  | {
      readonly command: 'check';
      readonly file: string;
      readonly input: BridgeInput;
      readonly origins: Origins;
    }
  | { readonly command: 'schema' }
  | { readonly command: 'version' }
  | { readonly command: 'help'; readonly topic: CommandName }
  /** Prints a text that the dialect has ready. */
  | { readonly command: 'print'; readonly text: string }
  /** Makes the link by which a dialect is called. */
  | { readonly command: 'link'; readonly name: string; readonly directory: string | null };

/** Serves a config file. `input` wins over what the file says. */
export interface ServeInvocation {
  readonly command: 'serve';
  readonly file: string;
  readonly input: BridgeInput;
  readonly origins: Origins;
  readonly launch: Launch;
}

/** Runs a bridge that the command line describes, or the demo. */
export interface RunInvocation {
  readonly command: 'run' | 'demo';
  readonly input: BridgeInput;
  readonly origins: Origins;
  readonly launch: Launch;
  /** What to tell the operator: options that do nothing here, files that are missing. */
  readonly notes: readonly string[];
  /** How this command line gives the value of a dotted key; undefined where it cannot. For remedies. */
  readonly flagOf?: (key: string) => string | undefined;
  /** A value that cannot be used is misuse (status 2), even where the fault is in the file that it names. */
  readonly strict?: boolean;
  /** Serves the pages that come with Bascule. */
  readonly pages?: boolean;
  /** The command line with another LISTEN, for showing how to listen elsewhere. */
  readonly withListen: (listen: string) => string;
}

export type CommandName = 'run' | 'serve' | 'check' | 'schema' | 'demo' | 'link';

/** Where each value came from, by its dotted key: a flag, an argument or an environment variable. */
export type Origins = Readonly<Record<string, string>>;

/** Tells whether a file is there. */
export type Exists = (file: string) => boolean;

/** Gives the text of a file. */
export type ReadText = (file: string) => string;

/** A command line language. `parse` is pure; it throws USAGE when the command line cannot be understood. */
export interface Dialect {
  readonly name: string;
  /** Shown before a usage error, as the ancestors do. */
  readonly usage?: readonly string[];
  /**
   * `exists` tells whether a file is there: some options count only then. `read` gives the text of a config file in the
   * dialect's own language, and throws where there is none.
   */
  parse(argv: readonly string[], env: Environment, exists?: Exists, read?: ReadText): Invocation;
}

/** The error for a command line that cannot be understood. */
export function usageError(what: string, remedy?: string): BridgeError {
  return new BridgeError('USAGE', { detail: what, ...(remedy === undefined ? {} : { remedy }) });
}
