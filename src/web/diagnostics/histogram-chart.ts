import { Chart, type Room } from './chart.ts';
import { formatTick, formatTime, ticks } from './scale.ts';
import { type Bin, histogram, type LatencySummary, summarize } from './statistics.ts';

const MARGIN = { top: 34, right: 10, bottom: 34, left: 40 } as const;
/** A column and the gap beside it, in pixels. */
const COLUMN = 14;

/** Round trips as columns, with lines at the least, the middle and the 99th of a hundred. */
export class HistogramChart extends Chart {
  #samples: readonly number[] = [];

  show(samples: readonly number[]): void {
    this.#samples = samples;
    this.redraw();
  }

  protected draw(room: Room): string {
    const inner = { width: room.width - MARGIN.left - MARGIN.right, height: room.height - MARGIN.top - MARGIN.bottom };
    const bins = histogram(this.#samples, Math.max(8, Math.min(40, Math.floor(inner.width / COLUMN))));
    const summary = summarize(this.#samples);
    const [first] = bins;
    if (!summary || !first) {
      this.#axis(room, [0], inner.height);
      this.hint(room, 'Round trips by how long they take');
      return 'Histogram of round trips: nothing measured yet.';
    }
    const marks = ticks(Math.max(...bins.map(({ count }) => count)), 3);
    this.#axis(room, marks, inner.height);
    const closed = bins.filter(({ to }) => to !== Infinity);
    const width = inner.width / bins.length;
    const x = (ms: number): number => MARGIN.left + ((ms - first.from) / (first.to - first.from)) * width;
    for (const [index, { count }] of bins.entries()) {
      const height = (count / marks.at(-1)!) * inner.height;
      // One sample in thousands is still to be seen.
      const shown = count === 0 ? 0 : Math.max(2, height);
      this.add('rect', {
        class: bins[index]!.to === Infinity ? 'bar bar-open' : 'bar',
        x: MARGIN.left + index * width + 1,
        y: MARGIN.top + inner.height - shown,
        width: Math.max(1, width - 2),
        height: shown,
        rx: 1.5,
      });
    }
    this.#times(room, bins, closed.at(-1)?.to ?? first.to, x);
    this.#lines(room, summary, x);
    return words(summary);
  }

  /** Numbers of round trips, on the left. */
  #axis(room: Room, marks: readonly number[], height: number): void {
    const most = marks.at(-1)! || 1;
    for (const mark of marks) {
      const y = MARGIN.top + height - (mark / most) * height;
      this.add('line', { class: 'grid', x1: MARGIN.left, x2: room.width - MARGIN.right, y1: y, y2: y });
      if (Number.isInteger(mark) && marks.length > 1)
        this.add('text', { class: 'tick', x: MARGIN.left - 6, y: y + 4, 'text-anchor': 'end' }, formatTick(mark));
    }
  }

  /** Times, below the columns, as many as have room. */
  #times(room: Room, bins: readonly Bin[], last: number, x: (ms: number) => number): void {
    const y = room.height - MARGIN.bottom + 16;
    const every = Math.max(1, Math.ceil(48 / (x(bins[0]!.to) - x(bins[0]!.from))));
    const ends = [bins[0]!.from, ...bins.filter(({ to }) => to !== Infinity).map(({ to }) => to)];
    for (const [index, end] of ends.entries())
      if (index % every === 0 && x(end) < room.width - 20)
        this.add('text', { class: 'tick', x: x(end), y, 'text-anchor': 'middle' }, formatTick(end));
    if (bins.at(-1)!.to === Infinity)
      this.add(
        'text',
        { class: 'tick', x: room.width - MARGIN.right, y: y - 20, 'text-anchor': 'end' },
        `over ${formatTick(last)}`,
      );
    this.add('text', { class: 'tick', x: room.width - MARGIN.right, y: room.height - 4, 'text-anchor': 'end' }, 'ms');
  }

  /** The three lines, whose names keep out of each other's way. */
  #lines(room: Room, summary: LatencySummary, x: (ms: number) => number): void {
    const lines = [
      ['min', summary.min],
      ['median', summary.median],
      ['p99', summary.p99],
    ] as const;
    // The end of the last name in each of two rows.
    let free = [0, 0];
    for (const [name, value] of lines) {
      const at = Math.min(x(value), room.width - MARGIN.right);
      const width = name.length * 6.8 + 8;
      const left = Math.max(0, Math.min(at - width / 2, room.width - width));
      const row = left >= free[1]! ? 1 : 0;
      free = free.map((end, index) => (index === row ? left + width : end));
      const y = row === 1 ? 26 : 11;
      this.add('line', { class: `mark mark-${name}`, x1: at, x2: at, y1: y + 4, y2: room.height - MARGIN.bottom });
      this.add('text', { class: 'mark-name', x: left + width / 2, y, 'text-anchor': 'middle' }, name);
    }
  }
}

/** The histogram for those who do not see it. */
function words({ count, min, median, p99, max }: LatencySummary): string {
  return `Histogram of ${count} round trips: the shortest ${formatTime(min)}, the median ${formatTime(median)}, 99 of 100 within ${formatTime(p99)}, the longest ${formatTime(max)}.`;
}
