import { Parser, type FrameHandler } from './parser.ts';

/** Looks through what a client sends while nobody takes it yet: whether there is data, and whether the client has closed. */
export class Scout implements FrameHandler {
  /** A message, or a part of one, has come. */
  sawData = false;
  /** The Close frame, once it has come. */
  close: { readonly code: number; readonly reason: string } | null = null;
  readonly #parser = new Parser(this);

  /** Looks at bytes and leaves them as they are. */
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
