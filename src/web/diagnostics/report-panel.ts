import { copyText } from '../shell/clipboard.ts';
import { element } from '../shell/element.ts';
import type { Report } from './report.ts';

/** Shows the report, and gives it away: copied, or as a file. */
export class ReportPanel {
  readonly #report: Report;
  readonly #text = element<HTMLTextAreaElement>('report-text');
  readonly #status = element('report-status');
  readonly #buttons = [element<HTMLButtonElement>('report-copy'), element<HTMLButtonElement>('report-save')] as const;

  constructor(report: Report) {
    this.#report = report;
    const [copy, save] = this.#buttons;
    copy.addEventListener('click', () => void this.#copy());
    save.addEventListener('click', () => this.#save());
  }

  /** Shows the report as it is now. */
  show(): void {
    const { isEmpty, text } = this.#report;
    this.#text.value = isEmpty ? '' : text;
    this.#text.hidden = isEmpty;
    this.#status.textContent = isEmpty ? 'What is measured stands here as JSON.' : 'Times are in ms, sizes in bytes.';
    for (const button of this.#buttons) button.disabled = isEmpty;
  }

  async #copy(): Promise<void> {
    if (await copyText(this.#text.value)) {
      this.#status.textContent = 'Copied.';
      return;
    }
    // The visitor's own keys still work.
    this.#text.focus();
    this.#text.select();
    this.#status.textContent = 'Selected: this browser lets you copy it with Ctrl-C only.';
  }

  #save(): void {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([this.#text.value], { type: 'application/json' }));
    link.download = `bascule-diagnostics-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`;
    link.click();
    // The download has begun by then.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.#status.textContent = 'Saved.';
  }
}
