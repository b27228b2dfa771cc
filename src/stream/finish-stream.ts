import type { Duplex } from 'node:stream';

/** How patiently a stream is ended. */
export interface FinishTimes {
  /** A stream that takes none of its queued bytes for this long is destroyed, in ms. */
  readonly stall: number;
  /** How long the other side gets to end its half once everything is written, in ms. */
  readonly linger: number;
}

/**
 * Ends a stream without losing what is queued for it: writes everything, sends FIN, waits for the other side's end and
 * then destroys it. What still arrives is for its reader to discard: bytes left unread would turn FIN into a reset.
 */
export function finishStream(stream: Duplex, times: FinishTimes): void {
  if (stream.destroyed) return;
  let queued = stream.writableLength;
  let timer = setTimeout(check, queued > 0 ? times.stall : times.linger);
  if (queued > 0) stream.on('finish', () => rearm(times.linger));
  stream.on('close', () => clearTimeout(timer));
  if (!stream.writableEnded) stream.end();

  function rearm(delay: number): void {
    clearTimeout(timer);
    if (!stream.destroyed) timer = setTimeout(check, delay);
  }

  function check(): void {
    const progressed = stream.writableLength < queued;
    queued = stream.writableLength;
    if (progressed && !stream.writableFinished) rearm(times.stall);
    else stream.destroy();
  }
}
