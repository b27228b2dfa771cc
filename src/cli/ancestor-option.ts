/** What an option of an ancestor's command line takes. */
export type AncestorValue = 'nothing' | 'text' | 'integer' | 'choice';

/** One option of an ancestor's command line. */
export interface AncestorOption {
  /** Its long form, such as '--ssl-only'; it also names the option here. */
  readonly flag: string;
  readonly short?: string;
  readonly value: AncestorValue;
  readonly metavar?: string;
  /** The words that a choice takes. */
  readonly choices?: readonly string[];
  readonly help: string;
  /** Ours alone: it must be written out, so that every abbreviation of the ancestor's options stays what it was. */
  readonly extra?: boolean;
}

/** The command line of an ancestor, taken apart. */
export interface AncestorArguments {
  /** By flag. The last one counts. */
  readonly values: ReadonlyMap<string, string | number | true>;
  readonly operands: readonly string[];
  /** What stands after '--'; null where there is none. */
  readonly rest: readonly string[] | null;
}
