import { element } from '../shell/element.ts';
import type { Conversation } from './conversation.ts';
import { HistogramChart } from './histogram-chart.ts';
import type { TargetKind } from './identify.ts';
import { clockStep, measureLatency, WARM_UP } from './latency.ts';
import type { Report } from './report.ts';
import { formatTime } from './scale.ts';
import { histogram, summarize } from './statistics.ts';
import { needsServers, type Outcome, type Tool } from './tool.ts';

const REDRAW = 200;

/** Measures round trips and draws how they are spread. */
export class LatencyPanel implements Tool {
  readonly name = 'latency';
  readonly activity = 'Measuring latency';
  readonly refusal = needsServers;
  readonly #chart = new HistogramChart(document.querySelector<SVGSVGElement>('#latency-chart')!);
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  async run(link: Conversation, kind: TargetKind, signal: AbortSignal): Promise<Outcome> {
    const wanted = Number(element<HTMLSelectElement>('latency-count').value);
    const samples: number[] = [];
    const redraw = setInterval(() => this.#show(samples), REDRAW);
    try {
      await measureLatency(link, kind, wanted, (ms) => samples.push(ms), signal);
    } finally {
      clearInterval(redraw);
      this.#show(samples);
      const summary = summarize(samples);
      if (summary) {
        const bins = histogram(samples, 40).filter(({ count }) => count > 0);
        this.#report.set('latency', { warmUp: WARM_UP, clockStep: clockStep(), ...summary, histogram: bins });
      }
    }
    const step = formatTime(clockStep());
    return { text: `${samples.length} round trips. The clock of this browser goes in steps of ${step}.` };
  }

  #show(samples: readonly number[]): void {
    this.#chart.show(samples);
    const summary = summarize(samples);
    for (const key of ['min', 'median', 'p99', 'max'] as const)
      element(`latency-${key}`).textContent = summary ? formatTime(summary[key]) : '–';
  }
}
