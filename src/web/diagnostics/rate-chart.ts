import { formatBytes } from '../link/quantity.ts';
import { Chart, type Room } from './chart.ts';
import { formatTick, ticks } from './scale.ts';

/** A line of the chart. */
export interface Series {
  readonly name: 'up' | 'down';
  /** Bytes in a second, one for each step in time. */
  readonly rates: readonly number[];
}

const MARGIN = { top: 24, right: 10, bottom: 24, left: 40 } as const;
/** Megabytes: rates are marked in round numbers of them. */
const MEGA = 1e6;

/** Bytes in a second over time, drawn while they are measured. */
export class RateChart extends Chart {
  #series: readonly Series[] = [];
  #step = 1;
  #length = 1;

  /** Shows rates that were taken every `step` seconds; the drawing has room for `length` seconds. */
  show(series: readonly Series[], step: number, length: number): void {
    this.#series = series;
    this.#step = step;
    this.#length = length;
    this.redraw();
  }

  protected draw(room: Room): string {
    const inner = { width: room.width - MARGIN.left - MARGIN.right, height: room.height - MARGIN.top - MARGIN.bottom };
    const all = this.#series.flatMap(({ rates }) => rates);
    const marks = ticks(Math.max(0, ...all) / MEGA, 4);
    const most = marks.at(-1)! * MEGA;
    const y = (rate: number): number => MARGIN.top + inner.height - (rate / most) * inner.height;
    const longest = Math.max(this.#length, ...this.#series.map(({ rates }) => rates.length * this.#step));
    const x = (seconds: number): number => MARGIN.left + (seconds / longest) * inner.width;
    for (const mark of marks) {
      const at = y(mark * MEGA);
      this.add('line', { class: 'grid', x1: MARGIN.left, x2: room.width - MARGIN.right, y1: at, y2: at });
      if (all.length > 0)
        this.add('text', { class: 'tick', x: MARGIN.left - 6, y: at + 4, 'text-anchor': 'end' }, formatTick(mark));
    }
    const times = ticks(longest, Math.max(2, Math.floor(inner.width / 90))).filter((seconds) => seconds <= longest);
    for (const seconds of times)
      this.add('text', { class: 'tick', x: x(seconds), y: room.height - 6, 'text-anchor': 'middle' }, `${seconds} s`);
    for (const { name, rates } of this.#series) {
      if (rates.length === 0) continue;
      // A rate holds for the step that it was taken over.
      const points = rates.map((rate, index) => `${round(x((index + 0.5) * this.#step))} ${round(y(rate))}`);
      const path = points.length === 1 ? `M${points[0]}h1` : `M${points.join('L')}`;
      this.add('path', { class: `rate rate-${name}`, d: path });
    }
    if (all.length === 0) this.hint(room, 'Bytes in a second over time');
    else this.add('text', { class: 'tick', x: 0, y: 10 }, 'MB/s');
    return this.#words();
  }

  #words(): string {
    const parts = this.#series
      .filter(({ rates }) => rates.length > 0)
      .map(({ name, rates }) => {
        const [least, most] = [Math.min(...rates), Math.max(...rates)].map((rate) => `${formatBytes(rate)}/s`);
        return `${name} between ${least} and ${most}`;
      });
    return parts.length === 0
      ? 'Chart of the throughput: nothing measured yet.'
      : `Chart of the throughput over time: ${parts.join(', ')}.`;
  }
}

/** Fewer digits, so that the path stays short. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}
