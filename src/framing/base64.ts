import { BridgeError } from '../errors.ts';
import { OPCODE, type DataOpcode } from '../websocket/opcode.ts';
import { type Framer, Framing, type Unframer } from './framing.ts';
import { asBinary, PassingFramer, PassingUnframer } from './passing.ts';
import type { Message } from '../websocket/message.ts';

const NOTHING = Buffer.alloc(0);
const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/;
const EQUALS = 0x3d;

/**
 * The `base64` subprotocol of websockify: every message is text that holds a piece of the stream in base64 (RFC 4648
 * §4), both ways, for clients that cannot send binary messages. `inner` cuts the stream into the pieces and puts the
 * client's messages into it; null = as they come.
 */
export function createBase64(inner: Framing | null = null): Framing {
  const { framer, unframer } = inner ?? new Framing(new PassingFramer(asBinary), new PassingUnframer());
  return new Framing(new Base64Framer(framer), new Base64Unframer(unframer));
}

/** Makes one text message of each piece. */
class Base64Framer implements Framer {
  readonly #inner: Framer;

  constructor(inner: Framer) {
    this.#inner = inner;
  }

  get held(): number {
    return this.#inner.held;
  }

  get error(): BridgeError | null {
    return this.#inner.error;
  }

  push(chunk: Buffer): readonly Message[] {
    return this.#inner.push(chunk).map(({ data }) => encoded(data));
  }

  end(): readonly Message[] {
    return this.#inner.end().map(({ data }) => encoded(data));
  }

  dispose(): void {
    this.#inner.dispose();
  }
}

function encoded(data: Buffer): Message {
  return { opcode: OPCODE.text, data: Buffer.from(data.toString('base64'), 'latin1') };
}

/** Decodes each message by itself; between two slices at most three characters wait. */
class Base64Unframer implements Unframer {
  readonly #inner: Unframer;
  #waiting = '';
  /** Padding was seen: only the end of the message may follow. */
  #padded = false;

  constructor(inner: Unframer) {
    this.#inner = inner;
  }

  get held(): number {
    return this.#waiting.length + this.#inner.held;
  }

  push(slice: Buffer, _opcode: DataOpcode, last: boolean): Buffer {
    // Base64 stands for bytes, whatever they say.
    return this.#inner.push(this.#decode(slice, last), OPCODE.binary, last);
  }

  dispose(): void {
    this.#waiting = '';
    this.#inner.dispose();
  }

  #decode(slice: Buffer, last: boolean): Buffer {
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
