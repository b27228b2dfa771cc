import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a program gets to end after SIGTERM, in ms. */
const PATIENCE = 3000;
/** How long to wait for what was killed: a process that hangs in the system goes when the system likes. */
const LAST_WAIT = 1000;
/** Waits between looks, in ms: the first, and the longest. */
const FIRST_WAIT = 5;
const LONGEST_WAIT = 50;

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

async function isGone(leader: number, patience: number): Promise<boolean> {
  const end = performance.now() + patience;
  for (let wait = FIRST_WAIT; hasLivingMember(leader); wait = Math.min(wait * 2, LONGEST_WAIT)) {
    if (performance.now() >= end) return false;
    await sleep(wait);
  }
  return true;
}

/**
 * Whether a process of the group lives. Those that have ended still count for signals until their parent collects them,
 * which an orphan's new parent may never do: in a container, that is often the bridge itself as process 1.
 */
function hasLivingMember(leader: number): boolean {
  if (!signalGroup(leader, 0)) return false;
  try {
    return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isLivingMember(name, leader));
  } catch {
    return true;
  }
}

/** Reads the state and the group of a process, which stand behind its name in brackets (proc(5), /proc/pid/stat). */
function isLivingMember(pid: string, leader: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(group) === leader && !'ZX'.includes(state);
  } catch {
    // It has just gone.
    return false;
  }
}
