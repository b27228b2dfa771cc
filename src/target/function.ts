import type { Duplex } from 'node:stream';
import type { TargetFunction } from '../config/model.ts';
import { BridgeError, messageOf } from '../errors.ts';
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
      throw failure(`it threw ${messageOf(error)}`, 'See the cause.', error);
    }
    const problem = problemOf(given);
    if (problem === null) return given as Duplex;
    // Nobody else knows of it any more. Its errors are of no interest, and without a listener they would end the process.
    if (isDuplex(given)) given.on('error', () => {}).destroy();
    throw failure(problem, 'Give an open Duplex stream of bytes.');
  }
}

/** Says why a value is not a stream that can be relayed; null when it is one. Any library's streams will do. */
function problemOf(given: unknown): string | null {
  if (!isDuplex(given)) return `it gave ${describe(given)} and not a Duplex stream`;
  if (given.destroyed) return 'it gave a stream that is closed already';
  if (given.readableObjectMode || given.writableObjectMode) return 'it gave a stream of objects';
  if (given.readableEncoding) return 'it gave a stream of text (setEncoding was called)';
  return null;
}

function isDuplex(given: unknown): given is Duplex {
  const stream = given as Partial<Duplex> | null | undefined;
  const methods = ['on', 'off', 'write', 'end', 'pause', 'resume', 'destroy'] as const;
  return stream !== null && typeof stream === 'object' && methods.every((name) => typeof stream[name] === 'function');
}

function describe(given: unknown): string {
  if (given === null || given === undefined) return String(given);
  if (typeof given !== 'object') return `a ${typeof given}`;
  return `a value of class ${given.constructor?.name ?? 'unknown'}`;
}

function failure(problem: string, remedy: string, cause?: unknown): BridgeError {
  return new BridgeError('TARGET_FAILED', { detail: `function: (${problem})`, remedy, cause });
}
