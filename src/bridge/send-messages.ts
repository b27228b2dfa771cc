import type { ClientConnection } from '../websocket/connection.ts';
import { liesIn } from '../stream/lies-in.ts';
import type { Message } from '../websocket/message.ts';

/** A message of at most so many bytes is copied anyway. */
const SHORT = 4096;

/** Where the bytes came from that a framer has cut, as ByteSink.onBytes was told. */
export interface Chunk {
  readonly buffer: Buffer;
  readonly start: number;
  readonly headroom: number;
  readonly mayKeep: boolean;
}

/**
 * Sends the messages of a framer, which may lie in the memory of the chunk; `chunk` is null for those that do not. Gives
 * whether that memory is still needed.
 */
export function sendMessages(connection: ClientConnection, messages: readonly Message[], chunk: Chunk | null): boolean {
  const [only] = messages;
  if (chunk && only && messages.length === 1 && liesIn(only.data, chunk.buffer)) {
    // In front of it there is room for its header: what stood there has been sent or is not passed on.
    const { buffer, start, headroom, mayKeep } = chunk;
    const from = only.data.byteOffset - buffer.byteOffset;
    return connection.send(only.opcode, buffer, from, from + only.data.length, headroom + from - start, mayKeep);
  }
  // Each message of its own costs a write, so short ones in a row go out together.
  let row: Message[] = [];
  const sendRow = (): void => {
    if (row.length > 0) connection.sendMany(row);
    row = [];
  };
  for (const message of messages) {
    const { opcode, data } = message;
    if (data.length <= SHORT) {
      row.push(message);
      continue;
    }
    sendRow();
    connection.send(opcode, data, 0, data.length, 0, chunk === null || !liesIn(data, chunk.buffer));
  }
  sendRow();
  return false;
}
