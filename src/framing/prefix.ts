import { BridgeError } from '../errors.ts';
import type { Unframer } from './framing.ts';
import type { LengthField } from './length.ts';
import { WholeMessageUnframer } from './whole-message.ts';

/** Puts the length of each message into a field in front of it, or at the field's offset. */
export function createPrefix(field: LengthField, limit: number): Unframer {
  const { name, offset, width, extra } = field;
  const greatest = 256 ** width - 1 + offset + extra;
  return new WholeMessageUnframer(Math.min(limit, greatest), (message) => {
    const value = message.length - offset - extra;
    if (value < 0 || message.length < offset) {
      const least = offset + Math.max(0, extra);
      throw new BridgeError('FRAMING_MESSAGE', {
        detail: `${name} (${message.length} bytes, at least ${least} needed)`,
      });
    }
    const framed = Buffer.allocUnsafe(message.length + width);
    message.copy(framed, 0, 0, offset);
    if (field.endian === 'big') framed.writeUIntBE(value, offset, width);
    else framed.writeUIntLE(value, offset, width);
    message.copy(framed, offset + width, offset);
    return framed;
  });
}
