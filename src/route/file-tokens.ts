import type { TokenSourceConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import { reasonOf } from '../file/reason.ts';
import { type TextFile, WatchedFiles } from '../file/watched-files.ts';
import { readTokenAddress } from './token-address.ts';
import type { TokenSource } from './token-source.ts';

/** Most lines that one warning names. */
const MOST_NAMED = 5;

/** Tokens in a file, or in every file of a directory: lines 'token: host:port', as websockify has them. */
export class FileTokens implements TokenSource {
  readonly label: string;
  readonly #files: WatchedFiles<ReadonlyMap<string, string>>;
  readonly #watch: boolean;
  readonly #anyCase: boolean;
  readonly #warn: (message: string) => void;

  /** With `anyCase` a token in lower case finds its line in any case: the names of hosts are the same in both. */
  constructor(
    { path, watch }: TokenSourceConfig & { kind: 'file' },
    warn: (message: string) => void,
    anyCase: boolean = false,
  ) {
    this.#anyCase = anyCase;
    this.label = `token file ${path}`;
    this.#watch = watch;
    this.#warn = warn;
    const parse = (files: readonly TextFile[]): ReadonlyMap<string, string> => this.#parse(files);
    this.#files = new WatchedFiles({ path, watch, parse, empty: new Map(), label: 'token file', warn });
  }

  /** A file that is read once has to be there; one that is watched may come later. */
  async start(): Promise<void> {
    if (this.#watch) {
      await this.#files.current();
      return;
    }
    await this.#files.load().catch((error: unknown) => {
      throw new BridgeError('TOKEN_SOURCE_INVALID', { detail: `${this.label} (${reasonOf(error)})`, cause: error });
    });
  }

  async lookup(token: string): Promise<string | null> {
    return (await this.#files.current()).get(token) ?? null;
  }

  /** A bad line is passed over with a warning that names its place, and never its words. */
  #parse(files: readonly TextFile[]): ReadonlyMap<string, string> {
    const tokens = new Map<string, string>();
    const bad: string[] = [];
    for (const { path, text } of files) {
      for (const [index, line] of text.split('\n').entries()) {
        const entry = parseTokenLine(line);
        // The last of two lines with one token counts.
        if (entry) tokens.set(...entry);
        else if (entry === null) bad.push(`${path}:${index + 1}`);
      }
    }
    if (this.#anyCase) addLowerCase(tokens);
    if (bad.length === 0) return tokens;
    const more = bad.length > MOST_NAMED ? ` and ${bad.length - MOST_NAMED} more` : '';
    const where = `${bad.slice(0, MOST_NAMED).join(', ')}${more}`;
    if (tokens.size === 0) throw new Error(`no line says 'token: host:port' (${where})`);
    this.#warn(`${this.label}: passed over, because they do not say 'token: host:port': ${where}`);
    return tokens;
  }
}

/** Adds every token in lower case, too, unless that is another one. */
function addLowerCase(tokens: Map<string, string>): void {
  const given = new Map(tokens);
  for (const [token, address] of given) if (!given.has(token.toLowerCase())) tokens.set(token.toLowerCase(), address);
}

/** Reads a line 'token: address'; undefined for one that says nothing, null for one that is wrong. */
export function parseTokenLine(line: string): readonly [token: string, address: string] | null | undefined {
  const trimmed = line.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return undefined;
  const [, token = '', address = ''] = /^(.*?):\s+(.*)$/.exec(trimmed) ?? [];
  if (token === '') return null;
  try {
    // A host alone will do: whether there is a default port is known to the route.
    readTokenAddress(address, 1);
    return [token, address];
  } catch {
    return null;
  }
}
