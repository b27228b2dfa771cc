/** What can be sent: text, or bytes in any of their forms. */
export type Payload = string | ArrayBuffer | ArrayBufferView;

const encoder = new TextEncoder();
/** Small enough for the arguments of one call. */
const PIECE = 0x6000;

/** The bytes of a payload, text as UTF-8; throws a TypeError for anything else. Shares memory where it can. */
export function toBytes(payload: unknown): Uint8Array<ArrayBuffer> {
  if (typeof payload === 'string') return encoder.encode(payload);
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  if (!ArrayBuffer.isView(payload)) throw new TypeError('Neither text nor bytes');
  const { buffer, byteOffset, byteLength } = payload;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  // Shared memory can be neither sent nor decoded; it is copied.
  return buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
}

/** The message to send for a payload under a subprotocol: text that is base64 under 'base64', else binary. */
export function toMessage(payload: Uint8Array<ArrayBuffer>, protocol: string): string | Uint8Array<ArrayBuffer> {
  return protocol === 'base64' ? btoa(toLatin1(payload)) : payload;
}

/** The bytes that a received message stands for; throws where text under 'base64' is no base64. */
export function fromMessage(data: unknown, protocol: string): Uint8Array<ArrayBuffer> {
  if (protocol !== 'base64' || typeof data !== 'string') return toBytes(data);
  return fromLatin1(atob(data));
}

/** A string with a character for each byte. */
export function toLatin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return text;
}

/** The bytes of a string that has a character for each; of characters beyond them, the low eight bits. */
export function fromLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}
