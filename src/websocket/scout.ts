import type { EarlyScout } from './early-input.ts';
import { Parser, type FrameHandler } from './parser.ts';

/** Looks through what a client sends while nobody takes it yet: whether there is data, and whether the client has closed. */
export class Scout implements EarlyScout, FrameHandler {
  sawData = false;
  close: { readonly code: number; readonly reason: string } | null = null;
  readonly #parser = new Parser(this);

  look(bytes: Buffer): void {
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
