import { describe, expect, it } from 'vitest';
import { OPCODE } from '../../../src/websocket/opcode.ts';
import { frame, headerSize, writeHeader } from '../../../src/websocket/writer.ts';
import { clientFrame } from './client-frames.ts';

const hex = (data: Buffer): string => data.toString('hex');

/** A header written into the middle of a buffer of canaries. */
function header(opcode: number, length: number, fin?: boolean): string {
  const buffer = Buffer.alloc(24, 0xa5);
  const size = writeHeader(buffer, 7, opcode, length, fin);
  expect(size).toBe(headerSize(length));
  expect(hex(buffer.subarray(0, 7)) + hex(buffer.subarray(7 + size))).toMatch(/^(a5)+$/);
  return hex(buffer.subarray(7, 7 + size));
}

describe('writeHeader', () => {
  it.each([
    [0, '8200'],
    [125, '827d'],
    [126, '827e007e'],
    [256, '827e0100'],
    [65535, '827effff'],
    [65536, '827f0000000000010000'],
    [0xffff_ffff, '827f00000000ffffffff'],
    [0x1_0000_0000, '827f0000000100000000'],
    [Number.MAX_SAFE_INTEGER, '827f001fffffffffffff'],
  ])('writes a length of %i in the shortest form', (length, bytes) => {
    expect(header(OPCODE.binary, length)).toBe(bytes);
  });

  it('writes opcode and FIN', () => {
    expect(header(OPCODE.text, 1)).toBe('8101');
    expect(header(OPCODE.text, 1, false)).toBe('0101');
    expect(header(OPCODE.continuation, 1, false)).toBe('0001');
    expect(header(OPCODE.continuation, 1)).toBe('8001');
    expect(header(OPCODE.pong, 5)).toBe('8a05');
  });
});

describe('frame', () => {
  it('writes the examples of RFC 6455 §5.7 that a server sends', () => {
    expect(hex(frame(OPCODE.text, Buffer.from('Hello')))).toBe('810548656c6c6f');
    expect(hex(frame(OPCODE.ping, Buffer.from('Hello')))).toBe('890548656c6c6f');
    expect(hex(frame(OPCODE.binary, Buffer.alloc(256)))).toBe(`827e0100${'00'.repeat(256)}`);
    expect(hex(frame(OPCODE.binary, Buffer.alloc(65536)))).toBe(`827f0000000000010000${'00'.repeat(65536)}`);
  });

  it.each([0, 1, 125, 126, 127, 65535, 65536])('writes %i bytes as an independent encoder does', (length) => {
    const payload = new Uint8Array(length).fill(0x7a);
    expect(frame(OPCODE.binary, payload).equals(clientFrame({ opcode: 2, key: null, payload }))).toBe(true);
  });
});
