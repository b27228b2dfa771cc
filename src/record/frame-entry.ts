/** How many bytes stand for each byte in a JavaScript string literal in single quotes. */
const WIDTH = new Uint8Array(256);
/** What stands for a byte that cannot stand for itself. */
const ESCAPE: (Buffer | null)[] = [];

for (let byte = 0; byte < 256; byte++) {
  const escape = escapeOf(byte);
  ESCAPE[byte] = escape === null ? null : Buffer.from(escape, 'latin1');
  WIDTH[byte] = escape?.length ?? 1;
}

function escapeOf(byte: number): string | null {
  const character = String.fromCodePoint(byte);
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  if (character === "'" || character === '\\') return `\\${character}`;
  return byte >= 0x20 && byte < 0x7f ? null : `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** What a recording begins with. */
export const RECORDING_HEAD: Buffer = Buffer.from('var VNC_frame_data = [\n');
/** What a whole recording ends with. */
export const RECORDING_TAIL: Buffer = Buffer.from("'EOF'];\n");

/**
 * One element of a recording: '{ms{…' for data to the client, '}ms}…' for data from it. Every character of the
 * JavaScript string stands for one byte of the payload.
 */
export function frameEntry(from: 'client' | 'target', milliseconds: number, data: Uint8Array): Buffer {
  const mark = from === 'client' ? '}' : '{';
  const head = `'${mark}${milliseconds}${mark}`;
  let size = head.length + 3;
  for (let i = 0; i < data.length; i++) size += WIDTH[data[i]!]!;
  const entry = Buffer.allocUnsafe(size);
  let at = entry.write(head, 0, 'latin1');
  for (let i = 0; i < data.length; i++) {
    const byte = data[i]!;
    const escape = ESCAPE[byte]!;
    if (escape === null) entry[at++] = byte;
    else for (let j = 0; j < escape.length; j++) entry[at++] = escape[j]!;
  }
  entry.write("',\n", at, 'latin1');
  return entry;
}
