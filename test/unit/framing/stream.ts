import { createFraming } from '../../../src/framing/create-framing.ts';
import type { Framer, Framing, Unframer } from '../../../src/framing/framing.ts';
import { OPCODE, type DataOpcode } from '../../../src/websocket/opcode.ts';

/** What became of a stream. */
export interface Outcome {
  /** 't' or 'b' for text and binary, and the payload in latin1. */
  readonly messages: readonly string[];
  /** The code of the error; '' for none. */
  readonly error: string;
}

/** Makes a framing for streams, which is not the fast path. */
export function framing(framer: string | null, config: string | null = null, limit: number = 0): Framing {
  const made = createFraming(
    { framer: framer === null ? null : { name: framer, config }, unframer: null },
    { limit, target: 'stream' },
    () => {
      throw new Error('there are no plugins here');
    },
  );
  if (!made) throw new Error(`${framer} is the fast path`);
  return made;
}

/** Makes the other direction. */
export function unframer(name: string, config: string | null = null, limit: number = 0): Unframer {
  const made = createFraming({ framer: null, unframer: { name, config } }, { limit, target: 'stream' }, () => {
    throw new Error('there are no plugins here');
  });
  if (!made) throw new Error(`${name} is the fast path`);
  return made.unframer;
}

/** Cuts a stream into pieces of the given sizes; the last one takes the rest. */
export function pieces(stream: Uint8Array, sizes: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  let at = 0;
  for (const size of [...sizes, stream.length]) {
    if (at < stream.length) cut.push(Buffer.from(stream.subarray(at, at + size)));
    at += size;
  }
  return cut;
}

/** Puts pieces through a framer. Every piece is overwritten after its call, as a read buffer would be. */
export function run(framer: Framer, chunks: readonly Buffer[], watch: (held: number) => void = () => {}): Outcome {
  const messages: string[] = [];
  const take = (frames: ReturnType<Framer['end']>): void => {
    for (const { opcode, data } of frames)
      messages.push((opcode === OPCODE.text ? 't' : 'b') + data.toString('latin1'));
  };
  for (const chunk of chunks) {
    take(framer.push(chunk));
    chunk.fill(0xaa);
    watch(framer.held);
    if (framer.error) break;
  }
  if (!framer.error) take(framer.end());
  watch(framer.held);
  return { messages, error: framer.error?.code ?? '' };
}

/** The payloads of all messages, joined. */
export function joined({ messages }: Outcome): string {
  return messages.map((message) => message.slice(1)).join('');
}

/** Puts messages, each in slices, through an unframer, and gives the stream. */
export function send(
  to: Unframer,
  messages: readonly (readonly (string | Uint8Array)[])[],
  opcode: DataOpcode = OPCODE.binary,
): Buffer {
  const parts = messages.flatMap((slices) =>
    slices.map((slice, at) => {
      const piece = Buffer.from(slice as Uint8Array);
      const bytes = Buffer.from(to.push(piece, opcode, at === slices.length - 1));
      piece.fill(0xaa);
      return bytes;
    }),
  );
  return Buffer.concat(parts);
}
