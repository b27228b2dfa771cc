import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { until, within } from './wait.ts';

/** How a child process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const alive = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** A program under test or in its service: collects its output and never outlives the test process. */
export class Child {
  readonly exit: Promise<ChildExit>;
  stdout: string = '';
  stderr: string = '';
  ended: ChildExit | null = null;
  readonly #child: ChildProcess;
  readonly #command: string;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.#command = `${command} ${args.join(' ')}`;
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    alive.add(this.#child);
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exit = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        alive.delete(this.#child);
        this.ended = { code, signal };
        resolve(this.ended);
      });
    });
    // Whoever waits for it sees the failure; when nobody does, `pid` throws.
    this.exit.catch(() => undefined);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#command} could not be started`);
    return this.#child.pid;
  }

  /** Standard output and standard error together. */
  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Waits until the output matches; fails at once when the program ends before that. */
  waitForOutput(pattern: RegExp, deadline?: number): Promise<RegExpExecArray> {
    const look = (): RegExpExecArray | null => {
      const match = pattern.exec(this.output);
      if (!match && this.ended)
        throw new Error(
          `${this.#command} ended (${this.ended.code ?? this.ended.signal}) without ${pattern}: ${this.output}`,
        );
      return match;
    };
    return until(`${this.#command} prints ${pattern}`, look, deadline);
  }

  /** Writes a line to its standard input, which takes a pipe in the options; nothing when it does not read any more. */
  tell(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends the program, by force when it does not go in time. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', patience: number = 8000): Promise<ChildExit> {
    if (this.ended) return this.ended;
    this.#child.kill(signal);
    const force = setTimeout(() => this.#child.kill('SIGKILL'), patience);
    try {
      return await within(`the end of ${this.#command}`, this.exit, patience + 5000);
    } finally {
      clearTimeout(force);
    }
  }
}

/** Runs a program to its end. */
export async function runChild(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
  deadline: number = 15_000,
): Promise<ChildExit & { readonly stdout: string; readonly stderr: string }> {
  const child = new Child(command, args, options);
  try {
    const exit = await within(`the end of ${command} ${args.join(' ')}`, child.exit, deadline);
    return { ...exit, stdout: child.stdout, stderr: child.stderr };
  } finally {
    await child.stop('SIGKILL').catch(() => undefined);
  }
}
