/** npm run bench: the built bridge against its rivals, in one interleaved run. See bench/README.md. */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { buildLoad, startTarget } from './load/build.mjs';
import { measureRow } from './measure/measure.mjs';
import { loadAverage, summarize, table, writeResults } from './measure/report.mjs';
import { ROWS } from './measure/rows.mjs';
import { ensureBuilt } from '../scripts/steps/build.mjs';
import { ensureInstalled } from '../scripts/steps/install.mjs';
import { chooseRivals } from './rivals/index.mjs';

const HELP = `npm run bench -- [options]

  --quick               3 rounds instead of 15; writes no results
  --only ROW,ROW        rows to measure: ${ROWS.map(({ name }) => name).join(', ')}
  --rivals NAME,NAME    rivals to measure: websockify, ws-naive, haproxy-tcp; '' for none
  --against DIRECTORY   another built checkout of Bascule (or its dist) as a further rival
  --bascule-args ARGS   more options for Bascule, separated by spaces
  --rounds N            how many rounds
  --seconds S           how long one measurement takes, about
  --help                this text`;

function list(text) {
  return text?.split(',').filter(Boolean);
}

async function main() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rivals: { type: 'string' },
      against: { type: 'string' },
      'bascule-args': { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  if (!ensureInstalled() || !(await ensureBuilt())) throw new Error('there is no bridge to measure');
  if (process.platform !== 'linux') throw new Error('the benchmark reads /proc and runs on Linux only');
  // Many short rounds: a machine that is slow for a while is so to all of them.
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 15));
  const seconds = Number(values.seconds ?? 0.5);
  if (!(rounds >= 1 && seconds > 0)) throw new Error('--rounds and --seconds take positive numbers');

  const only = list(values.only);
  const unknown = only?.find((name) => !ROWS.some((row) => row.name === name));
  if (unknown) throw new Error(`no row is called ${unknown}; there are ${ROWS.map(({ name }) => name).join(', ')}`);
  const wanted = chooseRivals({
    names: list(values.rivals),
    againstDirectory: values.against,
    basculeArgs: values['bascule-args']?.split(' ').filter(Boolean) ?? [],
  });
  const missing = [];
  const rivals = wanted.filter((rival, index) => {
    const remedy = rival.available();
    if (remedy === null) return true;
    if (index === 0 || rival.name === 'against') throw new Error(`${rival.name} cannot be measured: ${remedy}`);
    missing.push(`${rival.name} (${remedy})`);
    return false;
  });
  for (const line of missing) console.log(`skipped: ${line}`);

  const loadBefore = loadAverage();
  const programs = buildLoad();
  const target = await startTarget(programs.target);
  const names = rivals.map(({ name }) => name);
  const lines = [];
  const samples = {};
  try {
    for (const row of ROWS.filter(({ name }) => only?.includes(name) ?? true)) {
      const found = await measureRow(row, rivals, {
        programs,
        targetPort: target.port,
        rounds,
        seconds,
        report: progress,
      });
      samples[row.name] = Object.fromEntries(found);
      lines.push(...summarize(row, found));
    }
  } finally {
    target.stop();
  }
  progress('');
  console.log(table(lines, names));
  if (values.quick || only) return console.log('\nA partial run: no results were written.');
  // A path says nothing to a reader on another machine.
  const shown = process.argv.slice(2).map((word) => (word.includes('/') ? basename(word) : word));
  const command = ['npm run bench', ...(shown.length ? ['--', ...shown] : [])].join(' ');
  console.log(`\nwritten: ${writeResults({ lines, names, samples, command, missing, rounds, seconds, loadBefore })}`);
}

/** Shows what is going on, on a terminal only. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
