import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { frameEntry, RECORDING_HEAD, RECORDING_TAIL } from '../../../src/record/frame-entry.ts';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** The escapes of a range of bytes. */
function hex(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, i) => `\\x${(from + i).toString(16).padStart(2, '0')}`).join('');
}

describe('an entry of a recording', () => {
  test('tells the side and the time', () => {
    expect(frameEntry('target', 12, Buffer.from('RFB 003.008')).toString()).toBe("'{12{RFB 003.008',\n");
    expect(frameEntry('client', 0, Buffer.from('hi')).toString()).toBe("'}0}hi',\n");
  });

  test('is plain ASCII on one line, whatever the payload', () => {
    const text = frameEntry('target', 1, EVERY_BYTE).toString('latin1');
    expect(text.slice(0, -1)).toMatch(/^[\x20-\x7e]+$/);
    expect(text.at(-1)).toBe('\n');
  });

  test('escapes as the ancestor does', () => {
    const payload = Buffer.from('\0\t\n\v\r\x1b"\'\\{}\x7f\x80\xff', 'latin1');
    expect(frameEntry('target', 1, payload).toString()).toBe(
      String.raw`'{1{\x00\t\n\x0b\r\x1b"\'\\{}\x7f\x80\xff',` + '\n',
    );
  });

  test('is what websockify 0.10 writes for the same payload', () => {
    const payload = Buffer.concat([EVERY_BYTE, Buffer.from('it\'s {a} "q" </script> \\ \n')]);
    const printable = String.raw` !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_` + '`';
    const expected =
      `'{2{${hex(0, 9)}\\t\\n${hex(11, 13)}\\r${hex(14, 32)}${printable}abcdefghijklmnopqrstuvwxyz{|}~${hex(127, 256)}` +
      String.raw`it\'s {a} "q" </script> \\ \n',` +
      '\n';
    expect(frameEntry('target', 2, payload).toString('latin1')).toBe(expected);
  });

  test('is a string whose characters are the bytes', () => {
    const text = Buffer.concat([RECORDING_HEAD, frameEntry('client', 7, EVERY_BYTE), RECORDING_TAIL]).toString();
    const frames = runInNewContext(`${text}VNC_frame_data`) as string[];
    expect(frames).toHaveLength(2);
    expect(frames[0]!.slice(0, 3)).toBe('}7}');
    expect(Buffer.from(frames[0]!.slice(3), 'latin1').equals(EVERY_BYTE)).toBe(true);
    expect(frames[1]).toBe('EOF');
  });
});
