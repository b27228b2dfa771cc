/** What the head of an ELF file tells about how the program will be started (elf(5)). */
export interface ElfFacts {
  /** Names the processor and the word size; equal for files that fit together. */
  readonly machine: string;
  /** The dynamic loader that the program asks for; null for none: it is statically linked, or it is a library. */
  readonly loader: string | null;
  readonly isGo: boolean;
}

const MAGIC = Buffer.from('\u007fELF', 'latin1');
const PT_INTERP = 3;
const PT_NOTE = 4;
/** A note of the Go linker: its owner's name, padded to a word. */
const GO_NOTE = Buffer.from('Go\0\0', 'latin1');

/** Reads the beginning of an ELF file; null when it is not one or is cut off where it matters. */
export function elfFacts(head: Buffer): ElfFacts | null {
  if (head.length < 64 || !head.subarray(0, 4).equals(MAGIC)) return null;
  const wide = head[4] === 2;
  const little = head[5] === 1;
  const u16 = (at: number): number => (little ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const u32 = (at: number): number => (little ? head.readUInt32LE(at) : head.readUInt32BE(at));
  // An offset beyond 4 GiB is beyond the head as well.
  const offset = (at: number): number =>
    wide ? Number(little ? head.readBigUInt64LE(at) : head.readBigUInt64BE(at)) : u32(at);

  let loader: string | null = null;
  let isGo = false;
  const start = offset(wide ? 32 : 28);
  const entrySize = u16(wide ? 54 : 42);
  const entries = u16(wide ? 56 : 44);
  if (entrySize < (wide ? 56 : 32) || start + entrySize * entries > head.length) return null;
  for (let at = start; at < start + entrySize * entries; at += entrySize) {
    const type = u32(at);
    if (type !== PT_INTERP && type !== PT_NOTE) continue;
    const from = offset(at + (wide ? 8 : 4));
    const segment = head.subarray(from, from + offset(at + (wide ? 32 : 16)));
    if (type === PT_INTERP) loader = segment.toString('utf8').replace(/\0.*$/s, '');
    else isGo ||= segment.includes(GO_NOTE);
  }
  return { machine: `${head[4]}-${head[5]}-${u16(18)}`, loader, isGo };
}
