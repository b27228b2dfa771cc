import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/** Looks again and again until `look` gives something other than undefined, null or false; fails after the deadline. */
export async function until<Found>(
  what: string,
  look: () => Found | Promise<Found>,
  deadline: number = 15_000,
): Promise<Exclude<Found, false | null | undefined>> {
  const end = performance.now() + deadline;
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined)
      return found as Exclude<Found, false | null | undefined>;
    if (performance.now() > end) throw new Error(`waited ${deadline} ms in vain until ${what}`);
    await sleep(10);
  }
}

/** The promise's value, or a failure that names what was waited for. */
export async function within<Value>(what: string, promise: Promise<Value>, deadline: number = 15_000): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${deadline} ms in vain for ${what}`)), deadline);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
