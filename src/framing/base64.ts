import { BridgeError } from '../errors.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import type { Frame, Framer, Framing, Unframer } from './framing.ts';

const NOTHING = Buffer.alloc(0);
const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/;
const EQUALS = 0x3d;

/**
 * The `base64` subprotocol of websockify: every message is text that holds a piece of the stream in base64 (RFC 4648
 * §4), both ways, for clients that cannot send binary messages.
 */
export function createBase64(): Framing {
  return { framer: new Base64Framer(), unframer: new Base64Unframer() };
}

/** Makes one text message of each piece, as it comes. */
class Base64Framer implements Framer {
  push(chunk: Buffer): readonly Frame[] {
    return [{ opcode: OPCODE.text, data: Buffer.from(chunk.toString('base64'), 'latin1') }];
  }

  end(): readonly Frame[] {
    return [];
  }

  dispose(): void {}
}

/** Decodes each message by itself; between two slices at most three characters wait. */
class Base64Unframer implements Unframer {
  #waiting = '';
  /** Padding was seen: only the end of the message may follow. */
  #padded = false;

  push(slice: Buffer, _opcode: DataOpcode, last: boolean): Buffer {
    const text = this.#waiting + slice.toString('latin1');
    // A group of four characters stands for three bytes.
    const whole = text.length - (text.length % 4);
    const ready = text.slice(0, whole);
    this.#waiting = text.slice(whole);
    if ((this.#padded && text.length > 0) || !ALPHABET.test(text) || (last && this.#waiting !== '')) {
      throw new BridgeError('WS_BASE64');
    }
    this.#padded = !last && ready.length > 0 && ready.charCodeAt(ready.length - 1) === EQUALS;
    return ready.length === 0 ? NOTHING : Buffer.from(ready, 'base64');
  }
}
