/** Calls back after so many ms, unless cleared; never for 0. */
export function deadline(ms: number, callback: () => void): ReturnType<typeof setTimeout> | undefined {
  return ms > 0 ? setTimeout(callback, ms) : undefined;
}
