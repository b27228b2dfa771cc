/** Bytes of a close reason: a control frame's 125 less the code's two (RFC 6455 §5.5). */
const MAX_REASON = 123;

/** Tells whether a close frame may carry this code: 1004, 1005, 1006 and 1015 never travel (RFC 6455 §7.4). */
export function isValidWireCode(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/**
 * The payload of a close frame: the code, then the reason, cut to 123 bytes between two characters.
 *
 * 1005 stands for "no code" (RFC 6455 §7.1.5) and gives an empty payload. Any other code that may not travel is a
 * mistake of the caller.
 */
export function encodeClose(code: number, reason = ''): Buffer {
  if (code === 1005) return Buffer.alloc(0);
  if (!isValidWireCode(code)) throw new RangeError(`close code ${code} may not be sent`);
  const text = Buffer.from(reason);
  const length = characterBoundary(text, MAX_REASON);
  const payload = Buffer.alloc(2 + length);
  payload.writeUInt16BE(code);
  text.copy(payload, 2, 0, length);
  return payload;
}

/** The greatest length of at most `limit` bytes that does not cut a UTF-8 character. */
function characterBoundary(text: Buffer, limit: number): number {
  if (text.length <= limit) return text.length;
  let length = limit;
  while ((text[length]! & 0xc0) === 0x80) length--;
  return length;
}
