/** How a test is registered: `test` of node:test, vitest or jest, or `it` of mocha. */
export type RegisterTest = (name: string, body: () => Promise<void>) => unknown;

/** How long an answer may take in these tests, in ms. */
const PATIENCE = 5000;

/** Waits for work that has to come to an end, whichever; rejects after five seconds. */
export async function settled<Result>(what: string, work: () => Promise<Result> | Result): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${PATIENCE / 1000} s`)), PATIENCE);
  });
  try {
    return await Promise.race([(async () => work())(), late]);
  } finally {
    clearTimeout(timer);
  }
}
