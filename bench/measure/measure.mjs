import { setTimeout as sleep } from 'node:timers/promises';
import { runLoad, startLoad } from '../load/build.mjs';
import { freePort } from '../rivals/process.mjs';
import { cpuSeconds, memoryBytes } from './process-tree.mjs';

/** How long a closed connection gets to be cleaned up (and a forked child to be reaped) before CPU time is read. */
const SETTLE = 150;

/**
 * Each bridge is started afresh so many times in a row, and its rounds are spread over them: how fast a process is depends
 * on where its memory has come to lie and on what the compiler made of its first seconds.
 */
const STARTS = 5;

/** Starts a bridge in front of the target and hands it to `use`; stops it whatever happens. */
async function withBridge(rival, targetPort, use) {
  const listenPort = await freePort();
  const bridge = await rival.start({ listenPort, targetPort });
  try {
    return await use({ ...bridge, connection: ['--port', listenPort, ...(rival.raw ? ['--raw'] : [])] });
  } finally {
    await bridge.stop();
  }
}

/**
 * Measures one row for every rival, interleaved: round by round, each rival in turn, every one in a process of its own that is
 * warmed up first and restarted now and then. Resolves to a map from rival name to its samples.
 */
export async function measureRow(row, rivals, { programs, targetPort, rounds, seconds, report }) {
  const samples = new Map(rivals.map(({ name }) => [name, []]));
  if (row.unit === 'memory') {
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      for (const rival of rivals) {
        report(`${row.name}: round ${round + 1}, ${rival.name}`);
        samples.get(rival.name).push(await measureMemory(row, rival, { programs, targetPort, quick: rounds < 5 }));
      }
    }
    return samples;
  }
  const nest = async (left, ready) => {
    const [rival, ...others] = left;
    if (rival === undefined) return runRounds(ready);
    return withBridge(rival, targetPort, async (bridge) => {
      report(`${row.name}: calibrating ${rival.name}`);
      const amount = await calibrate(row, bridge, programs, seconds * (row.longer ?? 1));
      return nest(others, [...ready, { rival, bridge, amount }]);
    });
  };
  const starts = rounds < STARTS ? 1 : STARTS;
  const runRounds = async (ready) => {
    // Whoever was calibrated first has stood still longest, in which V8 throws optimized code away.
    for (let round = -(row.warmUp ?? 1); round < Math.ceil(rounds / starts); round++) {
      for (const { rival, bridge, amount } of ready) {
        report(`${row.name}: round ${round + 1}, ${rival.name}`);
        const sample = await measureOnce(row, bridge, programs, amount);
        if (round >= 0) samples.get(rival.name).push(sample);
      }
    }
  };
  for (let start = 0; start < starts; start++) await nest(rivals, []);
  return samples;
}

/** Finds the amount of work that takes about the wanted time. */
async function calibrate(row, bridge, programs, seconds) {
  let amount = row.first;
  for (;;) {
    const { seconds: took } = await runLoad(programs.load, [...row.load, ...bridge.connection, '--amount', amount]);
    const next = Math.ceil((amount * seconds) / Math.max(took, 1e-4));
    const enough = took > seconds / 2;
    amount = Math.min(enough ? next : Math.min(next, amount * 16), row.most ?? Infinity);
    if (enough || amount === row.most) return amount;
  }
}

async function measureOnce(row, bridge, programs, amount) {
  const before = cpuSeconds(bridge.pid);
  const result = await runLoad(programs.load, [...row.load, ...bridge.connection, '--amount', amount]);
  await sleep(SETTLE);
  const cpu = cpuSeconds(bridge.pid) - before;
  return { rate: result.units / result.seconds, cpu: cpu / result.units, p50: result.p50, p99: result.p99 };
}

/** Until then a garbage collector has noticed that nothing happens any more, in ms. */
const IDLE_SETTLE = 15_000;
/** How long a bridge gets to finish its start, in ms. */
const START_SETTLE = 3000;

/** Memory of the whole process tree with idle connections, less that of the idle process before, per connection. */
async function measureMemory(row, rival, { programs, targetPort, quick }) {
  return withBridge(rival, targetPort, async (bridge) => {
    const count = quick ? Math.ceil(rival.idleConnections / 2) : rival.idleConnections;
    await sleep(START_SETTLE);
    const before = memoryBytes(bridge.pid);
    const load = startLoad(programs.load, [...row.load, ...bridge.connection, '--connections', count]);
    await load.result;
    await sleep(IDLE_SETTLE);
    const after = memoryBytes(bridge.pid);
    await load.stop();
    return { rate: (after - before) / count, connections: count };
  });
}
