import { randomBytes } from 'node:crypto';
import { crc32 as nodeCrc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { crc32 } from '../../../../src/web/diagnostics/crc32.ts';

test('the checksum is that of zlib, in one piece or several', () => {
  expect(crc32(new Uint8Array())).toBe(0);
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcb_f4_39_26);
  for (let size = 1; size < 300; size += 7) {
    const bytes = randomBytes(size);
    expect(crc32(bytes)).toBe(nodeCrc32(bytes));
    const at = size >> 1;
    expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).toBe(nodeCrc32(bytes));
  }
});
