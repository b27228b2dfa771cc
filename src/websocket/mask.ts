import { type BufferUtil, loadBufferUtil } from '../native/bufferutil.ts';

/** From this many bytes the native loop repays the price of calling it (bench/micro/websocket.mjs). */
const NATIVE_FROM = 512;
/** From this many bytes the word loop repays the price of a DataView, when the buffer has none yet. */
const VIEW_FROM = 64;

/** undefined: not looked for yet. null: absent or switched off. */
let native: BufferUtil | null | undefined;
const keyBytes = Buffer.alloc(4);

/*
 * The DataView of the buffer seen last. All connections of a process read into the same buffer, so it nearly always
 * fits. It keeps at most that one buffer alive.
 */
let viewed: Buffer | undefined;
let view: DataView;

/**
 * Switches the native loop on or off for the whole process and tells whether it is now in use.
 * Without this call it is loaded and used as soon as a payload is long enough.
 */
export function useNativeMask(enabled: boolean): boolean {
  native = enabled ? loadBufferUtil() : null;
  return native !== null;
}

/**
 * XORs `buffer[start, end)` with a masking key (RFC 6455 §5.3) and writes the result to the same buffer from `to`.
 *
 * `to` is at most `start`: the bytes stay where they are or move towards the front; source and result may overlap.
 * `key` holds the four key bytes with the first one lowest, `phase` (0..3) says how many of them were used up by the
 * part of the payload that came before.
 */
export function unmask(buffer: Buffer, start: number, end: number, to: number, key: number, phase: number): void {
  const turned = phase === 0 ? key : (key >>> (phase << 3)) | (key << (32 - (phase << 3)));
  const length = end - start;
  if (length >= NATIVE_FROM && native !== null) {
    native ??= loadBufferUtil();
    if (native !== null) return unmaskNative(native, buffer, start, end, to, turned);
  }
  if (buffer === viewed || length >= VIEW_FROM) unmaskWords(buffer, start, end, to, turned);
  else unmaskBytes(buffer, start, end, to, turned);
}

function unmaskNative(by: BufferUtil, buffer: Buffer, start: number, end: number, to: number, key: number): void {
  keyBytes[0] = key;
  keyBytes[1] = key >>> 8;
  keyBytes[2] = key >>> 16;
  keyBytes[3] = key >>> 24;
  by.mask(buffer.subarray(start, end), keyBytes, buffer, to, end - start);
}

/** Four bytes at a time by DataView, which unlike an Int32Array takes any alignment; four times per turn. */
function unmaskWords(buffer: Buffer, start: number, end: number, to: number, key: number): void {
  if (buffer !== viewed) {
    view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    viewed = buffer;
  }
  const words = view;
  const tail = start + ((end - start) & ~15);
  for (; start < tail; start += 16, to += 16) {
    words.setInt32(to, words.getInt32(start, true) ^ key, true);
    words.setInt32(to + 4, words.getInt32(start + 4, true) ^ key, true);
    words.setInt32(to + 8, words.getInt32(start + 8, true) ^ key, true);
    words.setInt32(to + 12, words.getInt32(start + 12, true) ^ key, true);
  }
  unmaskBytes(buffer, start, end, to, key);
}

function unmaskBytes(buffer: Buffer, start: number, end: number, to: number, key: number): void {
  const tail = start + ((end - start) & ~3);
  for (; start < tail; start += 4, to += 4) {
    buffer[to] = buffer[start]! ^ key;
    buffer[to + 1] = buffer[start + 1]! ^ (key >>> 8);
    buffer[to + 2] = buffer[start + 2]! ^ (key >>> 16);
    buffer[to + 3] = buffer[start + 3]! ^ (key >>> 24);
  }
  for (; start < end; key >>>= 8) buffer[to++] = buffer[start++]! ^ key;
}
