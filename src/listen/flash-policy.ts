import type { Socket } from 'node:net';
import { BridgeError } from '../errors.ts';
import { finishStream } from '../stream/finish-stream.ts';

/** A request for a policy and the only one there is, to its last byte (Adobe's cross-domain policy file specification). */
const REQUEST = Buffer.from('<policy-file-request/>\0', 'latin1');

/** Lets Flash programs of all sites connect, as pages of all sites may. It says nothing that is not open anyway. */
const POLICY =
  '<?xml version="1.0"?>\n' +
  '<cross-domain-policy><allow-access-from domain="*" to-ports="*"/></cross-domain-policy>\n\0';

/** How long a client gets to take the answer, and then to close, in ms each. */
const LINGER = { stall: 1000, linger: 1000 };

/**
 * Answers a connection that began like a Flash policy request, and ends it. Anything but the whole request within
 * `deadline` ms (0 = no limit) ends it too, and `onRefused` is told why. A client that merely goes is no error.
 */
export function answerFlashPolicy(socket: Socket, deadline: number, onRefused: (error: BridgeError) => void): void {
  let matched = 0;
  const timer = deadline > 0 ? setTimeout(() => refuse(new BridgeError('SNIFF_TIMEOUT')), deadline) : undefined;
  socket.on('error', () => {});
  socket.on('data', onData).on('end', onGone).on('close', onGone);
  socket.resume();

  function onData(chunk: Buffer): void {
    const length = Math.min(chunk.length, REQUEST.length - matched);
    if (chunk.compare(REQUEST, matched, matched + length, 0, length) !== 0) {
      refuse(new BridgeError('FLASH_POLICY'));
      return;
    }
    matched += length;
    if (matched < REQUEST.length) return;
    release();
    socket.write(POLICY);
    finishStream(socket, LINGER);
    // Nothing is listened to any more, but bytes left unread would turn the end into a reset.
    socket.resume();
  }

  function onGone(): void {
    release();
    socket.destroy();
  }

  function refuse(error: BridgeError): void {
    onGone();
    onRefused(error);
  }

  function release(): void {
    clearTimeout(timer);
    socket.off('data', onData).off('end', onGone).off('close', onGone);
  }
}
