import type { Duplex } from 'node:stream';
import type { TargetFunction } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { Handshake } from '../handshake.ts';
import type { SessionView } from '../observe/events.ts';
import type { DialContext, StreamConnection, Target } from './target.ts';
import { unlessAborted } from './unless-aborted.ts';

/** A target that a user of the library wrote. Whatever the function does wrong is TARGET_FAILED and harms one session only. */
export class FunctionTarget implements Target {
  readonly label = 'function:';
  readonly #connect: TargetFunction;

  constructor(connect: TargetFunction) {
    this.#connect = connect;
  }

  async connect({ session, handshake, abort }: DialContext): Promise<StreamConnection> {
    abort.throwIfAborted();
    const { signal } = abort;
    // The function may not listen to the signal: what it gives too late is for nobody.
    const duplex = await unlessAborted(this.#call(session, handshake, signal), signal, (late) => late.destroy());
    return { kind: 'stream', duplex };
  }

  async #call(session: SessionView, handshake: Handshake, signal: AbortSignal): Promise<Duplex> {
    let given: unknown;
    try {
      given = await this.#connect(session, signal, handshake);
    } catch (error) {
      if (error instanceof BridgeError || signal.aborted) throw error;
      throw failure(`it threw ${error instanceof Error ? error.message : String(error)}`, 'See the cause.', error);
    }
    const problem = problemOf(given);
    if (problem) throw failure(problem, 'Give an open Duplex stream of bytes.');
    return given as Duplex;
  }
}

/** Says why a value is not a stream that can be relayed; null when it is one. Any library's streams will do. */
function problemOf(given: unknown): string | null {
  const stream = given as Partial<Duplex> | null | undefined;
  const methods = ['on', 'off', 'write', 'end', 'pause', 'resume', 'destroy'] as const;
  if (stream === null || typeof stream !== 'object' || methods.some((name) => typeof stream[name] !== 'function'))
    return `it gave ${describe(given)} and not a Duplex stream`;
  if (stream.destroyed) return 'it gave a stream that is closed already';
  if (stream.readableObjectMode || stream.writableObjectMode) return 'it gave a stream of objects';
  if (stream.readableEncoding) return 'it gave a stream of text (setEncoding was called)';
  return null;
}

function describe(given: unknown): string {
  if (given === null || given === undefined) return String(given);
  if (typeof given !== 'object') return `a ${typeof given}`;
  return `a value of class ${given.constructor?.name ?? 'unknown'}`;
}

function failure(problem: string, remedy: string, cause?: unknown): BridgeError {
  return new BridgeError('TARGET_FAILED', { detail: `function: (${problem})`, remedy, cause });
}
