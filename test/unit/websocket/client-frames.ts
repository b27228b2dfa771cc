import { expect } from 'vitest';
import type { BridgeError } from '../../../src/errors.ts';
import type { FrameHandler } from '../../../src/websocket/parser.ts';
import { Parser, type ParserOptions } from '../../../src/websocket/parser.ts';

export { clientFrame, type FrameParts } from '../../support/client-frame.ts';

// Compares buffers at once instead of element by element, which takes half a second for 64 KiB.
expect.addEqualityTesters([(a, b) => (Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : undefined)]);

/** One thing that came out of a parser. An unfinished message is the last event, when there is one. */
export type ParserEvent =
  | { type: 'message' | 'unfinished'; opcode: number; data: Buffer }
  | { type: 'ping' | 'pong'; payload: Buffer }
  | { type: 'close'; code: number; reason: string };

/** What came out of a parser over its life. */
export interface Outcome {
  events: ParserEvent[];
  error: BridgeError['code'] | null;
  closed: boolean;
  idle: boolean;
  /** Breaches of what FrameHandler promises; always empty. */
  breaches: string[];
}

/** Writes down what a parser hands on, and every breach of the promises made to its handler. */
class Recorder implements FrameHandler {
  readonly events: ParserEvent[] = [];
  readonly breaches: string[] = [];
  #open: { opcode: number; pieces: Buffer[] } | null = null;
  #chunk: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #next = -1;
  /** Where the pieces of this chunk lie, and what they held when they were handed on. */
  #from = -1;
  #pieces: Buffer[] = [];

  /** Must be called before every push: adjacency is promised within one. */
  beginChunk(chunk: Buffer, start: number, end: number): void {
    this.#chunk = chunk;
    this.#start = start;
    this.#end = end;
    this.#next = -1;
    this.#from = -1;
    this.#pieces = [];
  }

  /** Must be called after every push: the pieces of a chunk may be written to a stream only then. */
  endChunk(): void {
    if (this.#from === -1) return;
    const held = this.#chunk.subarray(this.#from, this.#next);
    if (!held.equals(Buffer.concat(this.#pieces))) this.breaches.push('a piece was changed after it was handed on');
  }

  onData(buffer: Buffer, start: number, end: number, opcode: number, last: boolean): void {
    if (buffer !== this.#chunk) this.breaches.push('a piece came from another buffer');
    if (start < this.#start || end > this.#end || start > end)
      this.breaches.push(`piece [${start}, ${end}) is outside`);
    if (start === end && !last) this.breaches.push('an empty piece was not the last');
    if (this.#next !== -1 && start !== this.#next) this.breaches.push(`piece at ${start}, expected ${this.#next}`);
    if (this.#from === -1) this.#from = start;
    this.#next = end;
    const piece = Buffer.from(buffer.subarray(start, end));
    this.#pieces.push(piece);
    this.#open ??= { opcode, pieces: [] };
    if (this.#open.opcode !== opcode) this.breaches.push('the opcode changed within a message');
    this.#open.pieces.push(piece);
    if (last) this.#finish('message');
  }

  onPing(payload: Buffer): void {
    this.events.push({ type: 'ping', payload });
  }

  onPong(payload: Buffer): void {
    this.events.push({ type: 'pong', payload });
  }

  onClose(code: number, reason: string): void {
    this.events.push({ type: 'close', code, reason });
  }

  /** Adds the message left open, if any. */
  finish(): void {
    if (this.#open !== null) this.#finish('unfinished');
  }

  #finish(type: 'message' | 'unfinished'): void {
    const { opcode, pieces } = this.#open!;
    this.#open = null;
    this.events.push({ type, opcode, data: Buffer.concat(pieces) });
  }
}

const MARGIN = 5;
const CANARY = 0xa5;

/**
 * Feeds bytes to a fresh parser in chunks of the given sizes, again and again from the first size on.
 * Every chunk is overwritten after its push, and stands between canaries.
 */
export function parse(bytes: Uint8Array, sizes: readonly number[] = [bytes.length], options?: ParserOptions): Outcome {
  const recorder = new Recorder();
  const parser = new Parser(recorder, options);
  let error: BridgeError | null = null;
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length]!);
    const piece = bytes.subarray(at, at + size);
    const chunk = Buffer.alloc(piece.length + 2 * MARGIN, CANARY);
    chunk.set(piece, MARGIN);
    recorder.beginChunk(chunk, MARGIN, MARGIN + piece.length);
    const result = parser.push(chunk, MARGIN, MARGIN + piece.length);
    recorder.endChunk();
    if (error !== null && result !== error) recorder.breaches.push('the error changed');
    error = result;
    for (const edge of [chunk.subarray(0, MARGIN), chunk.subarray(-MARGIN)]) {
      if (edge.some((byte) => byte !== CANARY)) recorder.breaches.push('bytes beside the chunk were changed');
    }
    chunk.fill(CANARY);
    at += piece.length;
  }
  recorder.finish();
  return {
    events: recorder.events,
    error: error === null ? null : error.code,
    closed: parser.closed,
    idle: parser.idle,
    breaches: recorder.breaches,
  };
}

/** One byte per chunk. */
export const OCTETS: readonly number[] = [1];
