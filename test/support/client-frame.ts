/** Everything a frame can say, so that a test can also say it wrongly. */
export interface FrameParts {
  opcode: number;
  payload?: Uint8Array | string;
  fin?: boolean;
  /** The three reserved bits as a number 0..7. */
  rsv?: number;
  /** The masking key; null leaves the frame unmasked. */
  key?: readonly [number, number, number, number] | null;
  /** How to write the length; the shortest form when absent. */
  lengthForm?: 7 | 16 | 64;
  /** The length to announce when it is not the payload's. */
  length?: number | bigint;
}

/** A frame written by the letter of RFC 6455 §5.2, without any code of the product. */
export function clientFrame(parts: FrameParts): Buffer {
  const { opcode, fin = true, rsv = 0, key = [0x37, 0xfa, 0x21, 0x3d] } = parts;
  const payload = Buffer.from(parts.payload ?? '');
  const length = BigInt(parts.length ?? payload.length);
  const form = parts.lengthForm ?? (length < 126n ? 7 : length < 65536n ? 16 : 64);
  const bytes = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const mask = key === null ? 0 : 0x80;
  if (form === 7) bytes.push(mask | Number(length));
  else {
    bytes.push(mask | (form === 16 ? 126 : 127));
    for (let bit = form - 8; bit >= 0; bit -= 8) bytes.push(Number((length >> BigInt(bit)) & 0xffn));
  }
  if (key === null) return Buffer.concat([Buffer.from(bytes), payload]);
  for (let i = 0; i < payload.length; i++) payload[i]! ^= key[i & 3]!;
  return Buffer.concat([Buffer.from([...bytes, ...key]), payload]);
}
