import { formatBytes } from '../link/quantity.ts';
import { element } from '../shell/element.ts';
import type { Conversation } from './conversation.ts';
import type { TargetKind } from './identify.ts';
import { RateChart } from './rate-chart.ts';
import type { Report } from './report.ts';
import { type Arrived, type Direction, directionsOf, measureThroughput } from './throughput.ts';
import { needsServers, type Outcome, type Tool } from './tool.ts';

/** A rate is taken over so many ms. */
const STEP = 250;

/** What one way has come to. */
interface Way {
  /** Bytes in a second, for each step. */
  readonly rates: number[];
  bytes: number;
  /** How long it took, in ms. */
  time: number;
}

/** Measures how much goes through, and draws it while it does. */
export class ThroughputPanel implements Tool {
  readonly name = 'throughput';
  readonly activity = 'Measuring throughput';
  readonly refusal = needsServers;
  readonly #chart = new RateChart(document.querySelector<SVGSVGElement>('#throughput-chart')!);
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
    const seconds = element<HTMLSelectElement>('throughput-seconds');
    const clear = (): void => this.#chart.show([], STEP / 1000, Number(seconds.value));
    seconds.addEventListener('change', clear);
    clear();
  }

  async run(link: Conversation, kind: TargetKind, signal: AbortSignal): Promise<Outcome> {
    const seconds = Number(element<HTMLSelectElement>('throughput-seconds').value);
    const ways = { up: noWay(), down: noWay() };
    this.#show(ways, seconds);
    try {
      for (const direction of directionsOf(kind)) {
        if (signal.aborted) break;
        await this.#measure(link, direction, seconds, ways, signal);
      }
    } finally {
      this.#show(ways, seconds);
      if (ways.up.bytes + ways.down.bytes > 0) {
        const result = { atOnce: kind === 'echo', up: describe(ways.up), down: describe(ways.down) };
        this.#report.set('throughput', result);
      }
    }
    return {
      text: signal.aborted ? 'Stopped.' : kind === 'echo' ? 'There and back at once.' : 'Every byte has arrived.',
    };
  }

  async #measure(
    link: Conversation,
    direction: Direction,
    seconds: number,
    ways: { readonly up: Way; readonly down: Way },
    signal: AbortSignal,
  ): Promise<void> {
    const arrived: Arrived = { up: 0, down: 0 };
    const start = performance.now();
    let last = { up: 0, down: 0, at: start };
    const sample = (): void => {
      const now = performance.now();
      for (const name of ['up', 'down'] as const) {
        if (direction !== 'both' && direction !== name) continue;
        const way = ways[name];
        way.bytes = arrived[name];
        way.time = now - start;
        // A page that was held up draws what it missed as several steps, so that the time on the chart stays true.
        const steps = Math.max(1, Math.round((now - last.at) / STEP));
        const rate = ((arrived[name] - last[name]) / (now - last.at)) * 1000;
        for (let step = 0; step < steps; step++) way.rates.push(rate);
      }
      last = { ...arrived, at: now };
      this.#show(ways, seconds);
    };
    const timer = setInterval(sample, STEP);
    try {
      await measureThroughput(link, direction, seconds, arrived, signal);
    } finally {
      clearInterval(timer);
      // A last step that is too short would be a wild guess.
      if (performance.now() - last.at > STEP / 2) sample();
      for (const name of ['up', 'down'] as const) {
        if (direction !== 'both' && direction !== name) continue;
        ways[name].bytes = arrived[name];
        ways[name].time = performance.now() - start;
      }
    }
  }

  #show(ways: { readonly up: Way; readonly down: Way }, seconds: number): void {
    const series = (['up', 'down'] as const).map((name) => ({ name, rates: ways[name].rates }));
    this.#chart.show(series, STEP / 1000, seconds);
    for (const name of ['up', 'down'] as const)
      element(`throughput-${name}`).textContent = ways[name].time === 0 ? '–' : `${formatBytes(meanOf(ways[name]))}/s`;
    const bytes = ways.up.bytes + ways.down.bytes;
    element('throughput-bytes').textContent = bytes === 0 ? '–' : formatBytes(bytes);
  }
}

/** A way that has not been measured. */
function noWay(): Way {
  return { rates: [], bytes: 0, time: 0 };
}

/** Bytes in a second, over the whole time. */
function meanOf({ bytes, time }: Way): number {
  return (bytes / time) * 1000;
}

/** A way for the report; null where it has not been measured. */
function describe(way: Way): object | null {
  if (way.time === 0) return null;
  const rates = way.rates.map((rate) => Math.round(rate));
  return { bytes: way.bytes, time: way.time, bytesPerSecond: Math.round(meanOf(way)), step: STEP, rates };
}
