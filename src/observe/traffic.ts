import type { EventHub } from './events.ts';
import type { Logger } from './logger.ts';

/** Most bytes of one chunk that are shown: enough to recognise a protocol. */
const SHOWN = 64;
const PER_LINE = 16;

/** Logs the first bytes of everything that passes, in hex and as text. Returns the function that stops it. */
export function logTraffic(events: EventHub, logger: Logger): () => void {
  return events.on('session:data', ({ session, from, data }) => {
    const shown = data.subarray(0, SHOWN);
    const arrow = from === 'client' ? 'client → target' : 'client ← target';
    const size = `${data.length} byte${data.length === 1 ? '' : 's'}`;
    const hex = Buffer.from(shown).toString('hex');
    const fields = { event: 'session:data', session: session.id, from, bytes: data.length, hex };
    logger.log('info', `#${session.id} ${arrow}: ${size}`, fields, dumpLines(shown, data.length));
  });
}

/** A hex dump: offset, bytes, and the characters that can be shown. */
function dumpLines(shown: Uint8Array, total: number): string[] {
  const lines: string[] = [];
  for (let start = 0; start < shown.length; start += PER_LINE) {
    const bytes = [...shown.subarray(start, start + PER_LINE)];
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCodePoint(byte) : '.')).join('');
    lines.push(`${start.toString(16).padStart(4, '0')}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${text}`);
  }
  if (total > shown.length) lines.push(`… ${total - shown.length} more`);
  return lines;
}
