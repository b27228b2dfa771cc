import { isUtf8 } from 'node:buffer';
import { OPCODE } from '../websocket/opcode.ts';
import type { Framer } from './framing.ts';
import { kindOfText } from './text-or-binary.ts';
import { cutCharacter } from './utf8-tail.ts';
import type { Message } from '../websocket/message.ts';

const NOTHING: Buffer = Buffer.alloc(0);
const NONE: readonly Message[] = [];

/** Makes a message of bytes as they arrived. They end with whole characters, or are no text. */
export type Judge = (bytes: Buffer) => Message;

/** Text where it is valid UTF-8, else binary. */
export function asWhatItIs(bytes: Buffer): Message {
  return { opcode: kindOfText(bytes), data: bytes };
}

/** Always text. What is not UTF-8 becomes U+FFFD, as in a browser. */
export function asText(bytes: Buffer): Message {
  return { opcode: OPCODE.text, data: isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8')) };
}

/**
 * Passes on what comes at once, in messages as it was read, and cuts no character in two: up to three bytes of a
 * character wait for its rest.
 */
export class ArrivingFramer implements Framer {
  readonly error = null;
  readonly #judge: Judge;
  #cut: Buffer = NOTHING;

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  get held(): number {
    return this.#cut.length;
  }

  push(chunk: Buffer): readonly Message[] {
    const bytes = this.#cut.length === 0 ? chunk : Buffer.concat([this.#cut, chunk]);
    const rest = cutCharacter(bytes);
    const whole = bytes.length - rest;
    this.#cut = rest === 0 ? NOTHING : Buffer.from(bytes.subarray(whole));
    return whole === 0 ? NONE : [this.#judge(rest === 0 ? bytes : bytes.subarray(0, whole))];
  }

  end(): readonly Message[] {
    const bytes = this.#cut;
    this.#cut = NOTHING;
    return bytes.length === 0 ? NONE : [this.#judge(bytes)];
  }

  dispose(): void {
    this.#cut = NOTHING;
  }
}
