import { setTimeout as sleep } from 'node:timers/promises';

/** How long a program gets to end after SIGTERM, in ms. */
export const PATIENCE = 3000;
/** How long to wait for what was killed: processes that nobody collects, or that hang in the system, stay for ever. */
const LAST_WAIT = 1000;
const POLL = 20;

/** Signals all processes of a group; false when there are none. The group is named by the process that began it. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, signal);
    return true;
  } catch (error) {
    // Processes of another user are there, but not ours to signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Ends all processes of a group: SIGTERM, and SIGKILL for what is left after `patience` ms. Resolves when they are gone. */
export async function endGroup(leader: number, patience: number = PATIENCE): Promise<void> {
  if (!signalGroup(leader, 'SIGTERM') || (await isGone(leader, patience))) return;
  signalGroup(leader, 'SIGKILL');
  await isGone(leader, LAST_WAIT);
}

async function isGone(leader: number, wait: number): Promise<boolean> {
  const end = performance.now() + wait;
  while (signalGroup(leader, 0)) {
    if (performance.now() >= end) return false;
    await sleep(POLL);
  }
  return true;
}
