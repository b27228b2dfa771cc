import { OPCODE } from '../websocket/opcode.ts';
import type { Judge } from './arriving.ts';
import type { Framer, Unframer } from './framing.ts';
import type { Message } from '../websocket/message.ts';

/** A binary message of what came. */
export function asBinary(bytes: Buffer): Message {
  return { opcode: OPCODE.binary, data: bytes };
}

/** Makes one message of each piece as it comes, and keeps nothing. For datagrams, which are whole, and for bytes. */
export class PassingFramer implements Framer {
  readonly held = 0;
  readonly error = null;
  readonly #judge: Judge;

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  push(chunk: Buffer): readonly Message[] {
    return [this.#judge(chunk)];
  }

  end(): readonly Message[] {
    return [];
  }

  dispose(): void {}
}

/** Takes payloads as they are. */
export class PassingUnframer implements Unframer {
  readonly held = 0;

  push(slice: Buffer): Buffer {
    return slice;
  }

  dispose(): void {}
}
