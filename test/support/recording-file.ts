import { runInNewContext } from 'node:vm';

/** One element of a recording. */
export interface RecordedFrame {
  readonly fromClient: boolean;
  readonly time: number;
  readonly data: Buffer;
}

/** Reads a recording as a player does: runs it as JavaScript, and takes every character for a byte. */
export function parseRecording(text: string): RecordedFrame[] {
  const elements = runInNewContext(`${text}\n;VNC_frame_data`) as string[];
  if (elements.at(-1) !== 'EOF') throw new Error('the recording has no EOF');
  return elements.slice(0, -1).map((element) => {
    const mark = element[0]!;
    const start = element.indexOf(mark, 1) + 1;
    const time = Number(element.slice(1, start - 1));
    if (!['{', '}'].includes(mark) || !Number.isInteger(time)) throw new Error(`bad element ${element.slice(0, 20)}`);
    return { fromClient: mark === '}', time, data: Buffer.from(element.slice(start), 'latin1') };
  });
}

/** Everything that one side sent. */
export function recordedBytes(frames: readonly RecordedFrame[], from: 'client' | 'target'): Buffer {
  return Buffer.concat(frames.filter(({ fromClient }) => fromClient === (from === 'client')).map(({ data }) => data));
}
