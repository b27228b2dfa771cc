import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks per second in /proc; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds that a process, its living descendants and its reaped children have used. */
export function cpuSeconds(root) {
  let ticks = 0;
  for (const { times } of tree(root)) ticks += times;
  return ticks / TICKS;
}

/**
 * Memory of a process and its descendants in bytes, without the pages of files: those of a program that others run too
 * would come and go with them. A page shared by n processes counts 1/n in each.
 */
export function memoryBytes(root) {
  let bytes = 0;
  for (const { pid } of tree(root)) {
    const kilobytes = /^Pss_Anon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
    bytes += Number(kilobytes ?? 0) * 1024;
  }
  return bytes;
}

/** The process and its descendants, each with its own and its reaped children's CPU ticks. */
function tree(root) {
  const children = new Map();
  const all = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    if (stat === null) continue;
    // The name of the program may hold spaces and brackets; the fields begin after its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const entry = { pid: Number(name), times: fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) };
    all.set(entry.pid, entry);
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), entry]);
  }
  if (!all.has(root)) throw new Error(`process ${root} has ended during the measurement`);
  const found = [all.get(root)];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i].pid) ?? []));
  return found;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // The process has ended.
  }
}
