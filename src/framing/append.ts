import type { DataOpcode } from '../websocket/opcode.ts';
import type { Unframer } from './framing.ts';

/** Puts the same bytes behind every message. */
export class AppendingUnframer implements Unframer {
  readonly held = 0;
  readonly #ending: Buffer;

  constructor(ending: Buffer) {
    this.#ending = ending;
  }

  push(slice: Buffer, _opcode: DataOpcode, last: boolean): Buffer {
    return last ? Buffer.concat([slice, this.#ending]) : slice;
  }

  dispose(): void {}
}
