import type { Duplex } from 'node:stream';

/**
 * Reads on behind a request head until at least `length` bytes are there; `head` came with the request.
 *
 * `done` gets everything that was read, or why there was no more: then the socket is left to the caller. The socket is
 * paused, with nothing of this on it. A `deadline` of 0 waits for ever.
 */
export function readBody(
  socket: Duplex,
  head: Buffer,
  length: number,
  deadline: number,
  done: (result: Buffer | 'timeout' | 'gone') => void,
): void {
  if (head.length >= length) return done(head);
  let received = head;
  const timer = deadline > 0 ? setTimeout(() => finish('timeout'), deadline) : undefined;
  socket.on('data', onData).on('end', onGone).on('close', onGone).on('error', onGone);

  function onData(chunk: Buffer): void {
    received = Buffer.concat([received, chunk]);
    if (received.length >= length) finish(received);
  }

  function onGone(): void {
    finish('gone');
  }

  function finish(result: Buffer | 'timeout' | 'gone'): void {
    clearTimeout(timer);
    socket.pause();
    socket.off('data', onData).off('end', onGone).off('close', onGone).off('error', onGone);
    done(result);
  }
}
