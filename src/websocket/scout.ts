import type { EarlyScout } from './early-input.ts';
import { OPCODE } from './opcode.ts';
import { Parser, type FrameHandler } from './parser.ts';

const OPCODE_BITS = 0x0f;

/** Looks through what a client sends while nobody takes it yet: whether there is data, and whether the client has closed. */
export class Scout implements EarlyScout, FrameHandler {
  sawData = false;
  close: { readonly code: number; readonly reason: string } | null = null;
  #parser: Parser | null = null;

  /** Most clients begin with data; only what begins with a control frame needs a closer look. */
  look(bytes: Buffer): void {
    this.sawData ||= this.#parser === null && (bytes[0]! & OPCODE_BITS) < OPCODE.close;
    if (this.sawData) return;
    this.#parser ??= new Parser(this);
    this.#parser.push(Buffer.from(bytes), 0, bytes.length);
  }

  onData(): void {
    this.sawData = true;
  }

  onPing(): void {}

  onPong(): void {}

  onClose(code: number, reason: string): void {
    this.close = { code, reason };
  }
}
