/** What is the same for every measurement of a report. */
export interface ReportHead {
  readonly address: string;
  /** What the target was found to be. */
  readonly target: string;
}

/** The measurements of a visit, as one JSON text. */
export class Report {
  #head: ReportHead = { address: '', target: '' };
  #parts: Readonly<Record<string, unknown>> = {};

  /** Another address begins a new report. */
  begin(head: ReportHead): void {
    if (head.address === this.#head.address && head.target === this.#head.target) return;
    this.#head = head;
    this.#parts = {};
  }

  /** Puts in what a tool has measured, in place of what it measured before. */
  set(tool: string, result: object): void {
    this.#parts = { ...this.#parts, [tool]: { at: new Date().toISOString(), ...result } };
  }

  get isEmpty(): boolean {
    return Object.keys(this.#parts).length === 0;
  }

  /** The report for people and programs; times in ms, sizes in bytes. */
  get text(): string {
    const { userAgent } = navigator;
    const text = JSON.stringify({ ...this.#head, browser: userAgent, ...this.#parts }, rounded, 2);
    // What holds nothing but values stands on one line. No string has a line break of its own in JSON.
    return `${text.replaceAll(/\{[^{}[\]]{1,120}\}|\[[^{}[\]]*\]/g, (part) => part.replaceAll(/\s*\n\s*/g, ' '))}\n`;
  }
}

/** Three digits behind the point are more than a clock of a browser gives. */
function rounded(_key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : null;
}
