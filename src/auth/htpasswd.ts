import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { BridgeError } from '../errors.ts';
import { reasonOf } from '../file/reason.ts';
import { type TextFile, WatchedFiles } from '../file/watched-files.ts';
import { apr1 } from './apr1.ts';
import { BcryptThread } from './bcrypt-thread.ts';
import type { Credentials } from './credentials.ts';

/** Passwords that were right are remembered, so that a page of fifty files is no fifty slow checks. */
const MOST_REMEMBERED = 1000;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z\d]{53}$/;
const APR1 = /^\$apr1\$([^$:\s]{1,8})\$[./A-Za-z\d]{22}$/;
const SHA = /^\{SHA\}[A-Za-z\d+/]{27}=$/;

/** A user's hash, with what it costs to check one like it: compared among each other only. */
interface Entry {
  readonly hash: string;
  readonly cost: number;
}

interface Entries {
  readonly users: ReadonlyMap<string, Entry>;
  /** The same without names: one of them is checked for a user who does not exist. */
  readonly decoys: readonly Entry[];
  /** The one whose check takes longest: no refusal does without such a check. */
  readonly costliest: Entry | null;
}

/**
 * The users of an htpasswd file, read again when it has changed: bcrypt, Apache's MD5 ($apr1$) and {SHA}. Lines with
 * anything else, such as a password in plain text, let nobody in.
 */
export class HtpasswdFile {
  readonly #label: string;
  readonly #warn: (message: string) => void;
  readonly #file: WatchedFiles<Entries>;
  readonly #bcrypt = new BcryptThread();
  readonly #salt = randomBytes(32);
  readonly #right = new Set<string>();

  constructor(path: string, warn: (message: string) => void) {
    this.#label = `password file ${path}`;
    this.#warn = warn;
    const empty: Entries = { users: new Map(), decoys: [], costliest: null };
    const parse = (files: readonly TextFile[]): Entries => this.#parse(files);
    this.#file = new WatchedFiles({ path, watch: true, parse, empty, label: 'password file', warn });
  }

  /** Reads the file. Rejects with HTPASSWD_INVALID. */
  async start(): Promise<void> {
    await this.#file.load().catch((error: unknown) => {
      throw new BridgeError('HTPASSWD_INVALID', { detail: `${this.#label} (${reasonOf(error)})`, cause: error });
    });
  }

  /** Whether these are a user's name and password. Refusing one who does not exist takes as long as refusing some user. */
  async accepts({ name, password }: Credentials): Promise<boolean> {
    const { users, decoys, costliest } = await this.#file.current();
    if (!costliest) return false;
    const decoy = decoys[this.#hmac(name).readUInt32BE() % decoys.length]!;
    const user = users.get(name);
    const entry = user ?? decoy;
    // The hash is part of it: with a new one in the file the old password is forgotten.
    const memory = this.#hmac(`${entry.hash}:${password}`).toString('base64');
    if (user && this.#right.has(memory)) return true;
    // The password of a decoy is no more right than any other one.
    const matches = (await this.#matches(password, entry.hash)) && user !== undefined;
    if (matches) this.#remember(memory);
    else if (entry.cost < costliest.cost) await this.#matches(password, costliest.hash);
    return matches;
  }

  async dispose(): Promise<void> {
    await this.#bcrypt.dispose();
  }

  #hmac(text: string): Buffer {
    return createHmac('sha256', this.#salt).update(text).digest();
  }

  async #matches(password: string, hash: string): Promise<boolean> {
    if (BCRYPT.test(hash)) return this.#bcrypt.compare(password, hash);
    const [, salt] = APR1.exec(hash) ?? [];
    const bytes = Buffer.from(password);
    return isEqual(
      hash,
      salt === undefined ? `{SHA}${createHash('sha1').update(bytes).digest('base64')}` : apr1(bytes, salt),
    );
  }

  #remember(memory: string): void {
    this.#right.add(memory);
    if (this.#right.size > MOST_REMEMBERED) this.#right.delete(this.#right.values().next().value!);
  }

  #parse(files: readonly TextFile[]): Entries {
    const users = new Map<string, Entry>();
    const bad: number[] = [];
    for (const [index, line] of files.flatMap(({ text }) => text.split('\n')).entries()) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#')) continue;
      const [name = '', hash = ''] = trimmed.split(':');
      const cost = costOf(hash);
      if (name === '' || cost === null) bad.push(index + 1);
      // The first of two lines with one name counts, as in Apache.
      else if (!users.has(name)) users.set(name, { hash, cost });
    }
    if (users.size === 0 && bad.length > 0) throw new Error('no line has a bcrypt, apr1 or SHA hash');
    if (bad.length > 0) {
      const lines = bad.slice(0, 5).join(', ') + (bad.length > 5 ? ` and ${bad.length - 5} more` : '');
      this.#warn(`${this.#label}: passed over, because they have no bcrypt, apr1 or SHA hash: line ${lines}`);
    }
    const decoys = [...users.values()];
    const costliest = decoys.reduce<Entry | null>(
      (most, entry) => (most && most.cost >= entry.cost ? most : entry),
      null,
    );
    return { users, decoys, costliest };
  }
}

/** What a hash costs to check, on a scale of its own; null for one that is not known. */
function costOf(hash: string): number | null {
  if (SHA.test(hash)) return 0;
  if (APR1.test(hash)) return 1;
  const [, rounds] = BCRYPT.exec(hash) ?? [];
  return rounds === undefined ? null : 1 + Number(rounds);
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function isEqual(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}
