import type { Socket } from 'node:net';

/** The first byte of a TLS record with a handshake, and of the SSLv2-framed hello that old clients begin with. */
const TLS_FIRST_BYTES: ReadonlySet<number> = new Set([0x16, 0x80]);

/** The first byte of a Flash policy request, and of nothing in HTTP. */
const FLASH_FIRST_BYTE = 0x3c;

/** How sniffing ended. */
export type SniffResult = 'tls' | 'flash' | 'plain' | 'timeout' | 'gone';

/**
 * Looks at the first byte of a connection and puts it back. One read is enough, so nothing is gathered.
 *
 * Afterwards the socket is paused, and with 'timeout' or 'gone' destroyed. A `deadline` of 0 waits for ever.
 */
export function sniff(socket: Socket, deadline: number, done: (result: SniffResult) => void): void {
  const timer = deadline > 0 ? setTimeout(() => finish('timeout'), deadline) : undefined;
  socket.once('data', onData).once('end', onGone).once('close', onGone);

  function onData(chunk: Buffer): void {
    socket.pause();
    socket.unshift(chunk);
    finish(protocolOf(chunk[0]!));
  }

  function onGone(): void {
    finish('gone');
  }

  function finish(result: SniffResult): void {
    clearTimeout(timer);
    socket.off('data', onData).off('end', onGone).off('close', onGone);
    if (result === 'timeout' || result === 'gone') socket.destroy();
    done(result);
  }
}

function protocolOf(firstByte: number): SniffResult {
  if (TLS_FIRST_BYTES.has(firstByte)) return 'tls';
  return firstByte === FLASH_FIRST_BYTE ? 'flash' : 'plain';
}
