const FIN = 0x80;

/** Bytes of the header in front of an unmasked payload (RFC 6455 §5.2). */
export function headerSize(length: number): 2 | 4 | 10 {
  if (length < 126) return 2;
  return length < 0x10000 ? 4 : 10;
}

/**
 * Writes the header of an unmasked frame at `buffer[at]` and returns its size.
 * A caller with headroom puts it at `payloadStart - headerSize(length)` and sends both in one write.
 */
export function writeHeader(buffer: Buffer, at: number, opcode: number, length: number, fin = true): 2 | 4 | 10 {
  buffer[at] = fin ? FIN | opcode : opcode;
  if (length < 126) {
    buffer[at + 1] = length;
    return 2;
  }
  if (length < 0x10000) {
    buffer[at + 1] = 126;
    buffer[at + 2] = length >>> 8;
    buffer[at + 3] = length;
    return 4;
  }
  buffer[at + 1] = 127;
  writeUint32(buffer, at + 2, Math.floor(length / 0x1_0000_0000));
  writeUint32(buffer, at + 6, length);
  return 10;
}

/** Writes the low 32 bits of `value`; inlined, unlike Buffer's own method. */
function writeUint32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

/** One whole unmasked frame in one allocation: for control frames and small messages. */
export function frame(opcode: number, payload: Uint8Array): Buffer {
  const header = headerSize(payload.length);
  const whole = Buffer.allocUnsafe(header + payload.length);
  writeHeader(whole, 0, opcode, payload.length);
  whole.set(payload, header);
  return whole;
}
