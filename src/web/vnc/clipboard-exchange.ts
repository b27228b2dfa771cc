/** What an exchange has to do with: the clipboard of this device, the remote side, and who tells the visitor. */
export interface ClipboardSides {
  /** Whether the page is in front: browsers let no other touch the clipboard. */
  inFront(): boolean;
  read(): Promise<string>;
  write(text: string): Promise<void>;
  /** Gives a text of this device to the remote side. */
  send(text: string): void;
  /** Hears that this device has what the remote side has copied. */
  onCopied(): void;
  /** Hears that the browser does not allow it, and will not the next time; the clipboards are not kept the same any more. */
  onRefused(what: 'read' | 'write'): void;
}

/** Takes texts from one clipboard to the other, and keeps both the same where that is wanted. */
export class ClipboardExchange {
  /** Nothing is given to a remote side that is only looked at: it would not take it. */
  viewOnly = false;
  readonly #sides: ClipboardSides;
  #same = false;
  /** What both sides hold since the last exchange, so that nothing is sent back to where it came from. */
  #shared: string | null = null;
  /** What the remote side has copied, and this device is to have and has not got yet. */
  #due: string | null = null;

  constructor(sides: ClipboardSides) {
    this.#sides = sides;
  }

  /** Whether both clipboards are kept the same. */
  set same(same: boolean) {
    this.#same = same;
    this.#due = null;
    if (same) void this.refresh();
  }

  /** The remote side has copied a text; null for one that is too long to take. */
  received(text: string | null): void {
    // What is not taken leaves this device as it was, and is not to be overwritten with that.
    this.#shared = text ?? this.#shared;
    this.#due = this.#same ? text : null;
    void this.#hand();
  }

  /** The remote side gets a text. */
  send(text: string): void {
    if (this.viewOnly) return;
    this.#shared = text;
    this.#due = null;
    this.#sides.send(text);
  }

  /** Makes both clipboards the same, if they are to be: one of the two sides may have copied something meanwhile. */
  async refresh(): Promise<void> {
    if (!this.#same || !this.#sides.inFront()) return;
    if (this.#due !== null) await this.#hand();
    else await this.paste();
  }

  /** Gives the remote side what this device has copied. */
  async paste(): Promise<void> {
    if (this.viewOnly) return;
    let text: string;
    try {
      text = await this.#sides.read();
    } catch {
      this.#refused('read');
      return;
    }
    if (text !== '' && text !== this.#shared) this.send(text);
  }

  /** Forgets what belongs to a connection that is over. */
  reset(): void {
    this.#shared = null;
    this.#due = null;
  }

  /** Gives this device what it is to have; later, where the visitor is in another window. */
  async #hand(): Promise<void> {
    const text = this.#due;
    if (text === null || !this.#sides.inFront()) return;
    try {
      await this.#sides.write(text);
    } catch {
      // The visitor may have gone to another window meanwhile.
      if (this.#due === text && this.#sides.inFront()) this.#refused('write');
      return;
    }
    if (this.#due !== text) return;
    this.#due = null;
    this.#sides.onCopied();
  }

  #refused(what: 'read' | 'write'): void {
    this.same = false;
    this.#sides.onRefused(what);
  }
}
