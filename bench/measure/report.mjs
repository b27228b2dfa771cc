import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** How a sample becomes a number in the table: rate (memory: bytes), and CPU per unit; null where there is none. */
const UNITS = {
  byte: { rate: ['MB/s', 1e-6], cpu: ['s/GB', 1e9] },
  message: { rate: ['messages/s', 1], cpu: ['µs/message', 1e6] },
  connection: { rate: ['connections/s', 1], cpu: ['µs/connection', 1e6] },
  memory: { rate: ['kB/connection', 1e-3], cpu: null },
};

/** The middle sample. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How busy the machine was in the last minute: what the numbers have to be read with. */
export function loadAverage() {
  return Number(loadavg()[0].toFixed(2));
}

/**
 * Turns the samples of one row into one line per quantity: the medians by rival, in what direction better lies, and by
 * how much the first of them is better than each. The latter is taken round by round, where both had the same machine.
 */
export function summarize(row, samples) {
  const { rate, cpu } = UNITS[row.unit];
  const [ours] = samples.values();
  const line = (what, [unit, factor], better) => ({
    row: row.name,
    title: row.title,
    what,
    unit,
    better,
    medians: mapValues(samples, (list) => median(list.map((sample) => sample[what] * factor))),
    times: mapValues(samples, (list) => {
      const ratios = list.map((sample, round) => ours[round][what] / sample[what]);
      return median(better === 'more' ? ratios : ratios.map((ratio) => 1 / ratio));
    }),
  });
  const lines = [line('rate', rate, row.unit === 'memory' ? 'less' : 'more')];
  if (cpu) lines.push(line('cpu', cpu, 'less'));
  return lines;
}

/** An object of a map's keys, each with its changed value. */
function mapValues(map, change) {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]));
}

/** The table. Behind each rival's number: how many times better ours is (above 1: we are ahead). */
export function table(lines, names) {
  const [ours, ...others] = names;
  const rows = [['', 'unit', ours, ...others]];
  for (const { title, what, unit, medians, times } of lines) {
    const cells = others.map((name) => {
      const other = medians[name];
      if (other === undefined) return '–';
      return `${figure(other)} (×${Number.isFinite(times[name]) ? times[name].toFixed(2) : '∞'})`;
    });
    rows.push([what === 'cpu' ? `${title}: CPU` : title, unit, figure(medians[ours]), ...cells]);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  const print = (cells) =>
    `| ${cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [print(rows[0]), rule, ...rows.slice(1).map((cells) => print(cells))].join('\n');
}

/** Writes the results of a run as Markdown and JSON; returns the path of the Markdown file. */
export function writeResults({ lines, names, samples, command, missing, rounds, seconds, loadBefore }) {
  const directory = new URL('../results/', import.meta.url);
  mkdirSync(directory, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const base = new URL(`${date}-node${process.versions.node}`, directory);
  const [processor] = cpus();
  const facts = {
    date,
    node: process.versions.node,
    machine: `${cpus().length} × ${processor?.model.trim() || 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${process.platform} ${release()}`,
    command,
    rounds,
    seconds,
    load: { before: loadBefore, after: loadAverage() },
    missing,
  };
  const text = `# Benchmark of ${date}, Node ${facts.node}

${facts.machine}, ${facts.kernel}. \`${command}\`: medians of ${rounds} interleaved rounds of about ${seconds} s.
Behind each rival's number stands how many times better Bascule is, the median over the rounds; above 1, Bascule is ahead.
Load average before the run ${facts.load.before}, at its end ${facts.load.after}; the run itself makes about 2.
CPU is that of the bridge's process tree alone. haproxy-tcp copies bytes without WebSocket framing: a floor, not a rival.
${missing.length ? `Not measured: ${missing.join('; ')}.\n` : ''}
${table(lines, names)}
`;
  writeFileSync(`${fileURLToPath(base)}.md`, text);
  writeFileSync(`${fileURLToPath(base)}.json`, `${JSON.stringify({ ...facts, lines, samples }, null, 1)}\n`);
  return `bench/results/${date}-node${facts.node}.md`;
}

/** A number with three significant digits, without an exponent. */
function figure(number) {
  if (!Number.isFinite(number)) return '–';
  if (Math.abs(number) >= 100) return String(Math.round(number));
  return String(Number(number.toPrecision(3)));
}
