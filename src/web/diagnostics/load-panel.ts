import { formatBytes } from '../link/quantity.ts';
import { element } from '../shell/element.ts';
import type { Conversation } from './conversation.ts';
import type { TargetKind } from './identify.ts';
import { type LoadCounts, noCounts, runLoadTest } from './load-test.ts';
import type { Report } from './report.ts';
import { needsServers, type Outcome, type Tool } from './tool.ts';

const REFRESH = 200;
const FIELDS = ['least', 'most', 'rate', 'seconds'] as const;

/** Runs the load test and shows its counts while they grow. */
export class LoadPanel implements Tool {
  readonly name = 'load';
  readonly activity = 'Load test';
  readonly refusal = needsServers;
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
    for (const name of FIELDS) fieldOf(name).addEventListener('input', () => this.#check());
  }

  ready(): boolean {
    this.#check();
    return FIELDS.every((name) => fieldOf(name).reportValidity());
  }

  async run(link: Conversation, kind: TargetKind, signal: AbortSignal): Promise<Outcome> {
    const [least = 1, most = 1, rate = 0, seconds = 1] = FIELDS.map((name) => fieldOf(name).valueAsNumber);
    const options = { least, most, rate, seconds };
    const counts = noCounts();
    const start = performance.now();
    const timer = setInterval(() => show(counts, false), REFRESH);
    let complete = false;
    try {
      await runLoadTest(link, kind, options, counts, signal);
      complete = true;
    } finally {
      clearInterval(timer);
      show(counts, complete);
      const time = performance.now() - start;
      this.#report.set('load', { ...options, time, complete, ...counts });
    }
    const errors = counts.errorsHere + counts.errorsThere;
    if (errors === 0) return { text: 'No errors: every message arrived once, in order and undamaged.' };
    return { text: errors === 1 ? 'One error.' : `${errors} errors.`, kind: 'bad' };
  }

  #check(): void {
    const [least, most] = [fieldOf('least'), fieldOf('most')];
    const wrong = least.valueAsNumber > most.valueAsNumber;
    most.setCustomValidity(wrong ? 'The greatest size is smaller than the least.' : '');
  }
}

/** Shows the counts; that there are no errors is certain only at the end. */
function show(counts: LoadCounts, complete: boolean): void {
  const { sent, received, errors } = counts;
  for (const [name, traffic] of [['sent', sent] as const, ['received', received] as const]) {
    element(`load-${name}-messages`).textContent = traffic.messages.toLocaleString('en');
    element(`load-${name}-bytes`).textContent = formatBytes(traffic.bytes);
  }
  for (const [id, count] of [
    ['load-errors-there', counts.errorsThere] as const,
    ['load-errors-here', counts.errorsHere] as const,
  ]) {
    element(id).textContent = String(count);
    element(id).dataset['kind'] = count > 0 ? 'bad' : complete ? 'good' : 'plain';
  }
  const list = element('load-errors');
  list.hidden = errors.length === 0;
  if (list.childElementCount === errors.length) return;
  const items = errors.map((error) => {
    const item = document.createElement('li');
    item.textContent = error;
    return item;
  });
  list.replaceChildren(...items);
}

/** The field of a setting. */
function fieldOf(name: (typeof FIELDS)[number]): HTMLInputElement {
  return element<HTMLInputElement>(`load-${name}`);
}
