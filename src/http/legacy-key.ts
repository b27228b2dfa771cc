import { createHash } from 'node:crypto';
import { BridgeError } from '../errors.ts';

/** Bytes behind the request head that belong to the handshake (draft-hixie-thewebsocketprotocol-76 §1.3). */
export const KEY3_LENGTH = 8;

const GREATEST = 0xffff_ffff;

/**
 * The number that a Sec-WebSocket-Key1 or -Key2 header hides (draft-hixie-thewebsocketprotocol-76 §5.2): its digits as
 * one number, divided by the number of its spaces. Throws WS_HIXIE_KEY where that is not a whole number of 32 bits.
 */
export function keyNumber(name: string, value: string | undefined): number {
  if (value === undefined) throw wrong(`there is no ${name}`);
  const digits = value.replaceAll(/\D/g, '');
  const spaces = value.split(' ').length - 1;
  if (digits === '') throw wrong(`${name} has no digits`);
  if (spaces === 0) throw wrong(`${name} has no spaces`);
  // A number this long cannot be exact, let alone in range.
  const number = digits.length > 15 ? Infinity : Number(digits);
  if (number > GREATEST) throw wrong(`${name} is out of range`);
  if (number % spaces !== 0) throw wrong(`${name} is not divisible by its spaces`);
  return number / spaces;
}

/** What proves that the handshake was read (draft-hixie-thewebsocketprotocol-76 §5.2): the MD5 of both numbers and key3. */
export function challengeAnswer(number1: number, number2: number, key3: Buffer): Buffer {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(number1, 0);
  numbers.writeUInt32BE(number2, 4);
  return createHash('md5').update(numbers).update(key3).digest();
}

function wrong(detail: string): BridgeError {
  return new BridgeError('WS_HIXIE_KEY', { detail });
}
