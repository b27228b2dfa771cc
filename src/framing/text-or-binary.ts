import { isUtf8 } from 'node:buffer';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';

/** Up to this many bytes a loop in JavaScript beats the price of calling isUtf8. */
const SHORT = 64;

/** The kind of a message: text where it is valid UTF-8. */
export function kindOfText(bytes: Buffer): DataOpcode {
  if (bytes.length <= SHORT && isAscii(bytes)) return OPCODE.text;
  return isUtf8(bytes) ? OPCODE.text : OPCODE.binary;
}

function isAscii(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! >= 0x80) return false;
  return true;
}
