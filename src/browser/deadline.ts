/** Calls back after so many ms, unless cleared; never for 0, nor for what is beyond timers, which would fire at once. */
export function deadline(ms: number, callback: () => void): ReturnType<typeof setTimeout> | undefined {
  return ms > 0 && ms < 2 ** 31 ? setTimeout(callback, ms) : undefined;
}
