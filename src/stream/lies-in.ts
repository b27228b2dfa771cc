/** Whether bytes lie in the memory of a chunk. Small buffers of a process share their memory, so their places count. */
export function liesIn(bytes: Buffer, chunk: Buffer): boolean {
  const first = chunk.byteOffset;
  return bytes.buffer === chunk.buffer && bytes.byteOffset >= first && bytes.byteOffset < first + chunk.length;
}
