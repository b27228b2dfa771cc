/** What a value is: decides how it is read, checked, documented and completed. */
export type OptionType =
  | 'boolean'
  | 'integer'
  | 'bytes'
  | 'duration'
  | 'string'
  /** A string that is never shown. */
  | 'secret'
  /** A file or directory, relative to the config file or the working directory. */
  | 'path'
  /** A file, or the text of one (PEM). */
  | 'pem'
  /** File permissions in octal. */
  | 'mode'
  | 'enum'
  /** Several names of a protocol; on the command line separated by commas. */
  | 'list'
  /** Several strings as they are; on the command line separated by commas. */
  | 'texts'
  /** Several web origins; on the command line separated by commas. */
  | 'origins'
  /** Several 'name:password', none of which is ever shown. */
  | 'credentials'
  /** A program and its arguments. */
  | 'program'
  /** An address of HTTP. */
  | 'url'
  /** A JavaScript module: the name of a package, or a path. */
  | 'module'
  /** Several names of files, with variables in them. */
  | 'expressions'
  /** Names and values that are never shown: a mapping, or a list of texts 'name=value'. */
  | 'settings'
  | 'listen'
  | 'target'
  /** Path of a request that a route takes. */
  | 'route-path'
  /** Host name that a route takes. */
  | 'route-host'
  /** Code: for library users only, absent from files. */
  | 'function';

/**
 * Where an option may be given.
 *
 * - process: at the top of the file
 * - listener: in an entry of `listeners`, or at the top when the file describes one listener
 * - route: in an entry of `routes`, in a listener, or at the top
 * - match: in an entry of `routes` only
 * - command: on the command line only
 */
export type OptionScope = 'process' | 'listener' | 'route' | 'match' | 'command';

export type OptionGroup =
  | 'Listening'
  | 'Target'
  | 'Tokens'
  | 'Peers'
  | 'Program'
  | 'Routes'
  | 'Web page'
  | 'TLS'
  | 'Access'
  | 'Framing'
  | 'Relay'
  | 'Limits'
  | 'Logging'
  | 'Life'
  | 'Other';

export type OptionValue = string | number | boolean | readonly string[];

/** One option, described once: help, schemas, reference pages and tests come from this. */
export interface Option {
  /** Key in the config file, dotted: 'relay.highWaterMark'. Unique within a scope. */
  readonly key: string;
  readonly scope: OptionScope;
  readonly type: OptionType;
  /** The default as a person would write it: '256KiB'; null = none. */
  readonly default: OptionValue | null;
  /** Smallest and greatest value, written like the default. */
  readonly min?: string | number;
  readonly max?: string | number;
  /** The words an enum takes. */
  readonly values?: readonly string[];
  /** Given at the top or in a listener, it is the default for what stands below. */
  readonly inherited?: boolean;
  /** The value may stand in place of its group: `web: ./dir` for `web: { root: ./dir }`. */
  readonly shorthand?: boolean;

  /** Long option of the native command line; absent for keys of the file only. */
  readonly flag?: string;
  readonly short?: string;
  /** The flag means false. */
  readonly negated?: boolean;
  /** The flag may be given several times, once for each entry of the list. */
  readonly repeated?: boolean;
  /** Positional argument of the native command line. */
  readonly positional?: string;
  readonly metavar?: string;
  /** Further flags that stand for one value each. */
  readonly aliases?: readonly FlagAlias[];
  /** Environment variable that gives the value. */
  readonly env?: string;
  /** What people call it who come from elsewhere. Only for hints: none of these is taken. */
  readonly alsoCalled?: readonly string[];

  readonly group: OptionGroup;
  /** What it does, in one sentence. */
  readonly help: string;
}

export interface FlagAlias {
  readonly flag: string;
  readonly short?: string;
  readonly value: OptionValue;
  readonly help: string;
}
