import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { BridgeError } from '../errors.ts';
import { ProgramOutput } from './program-output.ts';

/** How long the last words of a program that has ended may take, in ms. Others may hold its pipes for as long as they like. */
const LAST_WORDS = 500;

/** A program that was started: the leader of a process group (and session) of its own. */
export class ProgramProcess {
  /** The process, and the group that it leads. */
  readonly pid: number;
  /** Resolves with the exit status when the process itself has ended; 128 and the signal's number after a signal. */
  readonly ended: Promise<number>;
  readonly #outputs: readonly ProgramOutput[];

  private constructor(child: ChildProcess & { readonly pid: number }, onLine: (line: string) => void) {
    this.pid = child.pid;
    const pipes = [child.stdout, child.stderr].filter((pipe) => pipe !== null);
    this.#outputs = pipes.map((pipe) => new ProgramOutput(pipe, onLine));
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
      });
    });
  }

  /** Starts a program without a shell. Rejects with PROGRAM_NOT_FOUND when the system cannot run it. */
  static async start(
    command: readonly string[],
    env: NodeJS.ProcessEnv,
    onLine: (line: string) => void,
  ): Promise<ProgramProcess> {
    const [name = '', ...args] = command;
    // Detached: it leads a group by which its children can be ended with it, and the terminal's Ctrl-C reaches it through us.
    const options: SpawnOptions = { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] };
    try {
      const child = spawn(name, args, options);
      // Later errors are about signals that came too late.
      child.on('error', () => {});
      await once(child, 'spawn');
      return new ProgramProcess(child as ChildProcess & { readonly pid: number }, onLine);
    } catch (error) {
      const detail = `'${name}' (${error instanceof Error ? error.message : String(error)})`;
      throw new BridgeError('PROGRAM_NOT_FOUND', { detail, cause: error });
    }
  }

  /** Waits for the output to end, but not for others that hold the pipes. */
  async lastWords(): Promise<void> {
    for (const output of this.#outputs) output.hurry();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_WORDS);
    });
    await Promise.race([Promise.all(this.#outputs.map(({ ended }) => ended)), late]);
    clearTimeout(timer);
  }

  /** Stops reading what the program, or those it left behind, write. */
  close(): void {
    for (const output of this.#outputs) output.close();
  }
}
