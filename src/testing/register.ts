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

/** What the suites test: it may need to be started, and it may hold something. */
interface Held {
  start?(): void | Promise<void>;
  dispose?(): void | Promise<void>;
}

/** Registers tests that each get a subject of their own, started before and disposed afterwards. */
export function registerFor<Subject extends Held>(
  name: string,
  setup: { readonly test: RegisterTest; create(): Subject | Promise<Subject> },
): (title: string, body: (subject: Subject) => Promise<void>) => void {
  return (title, body) => {
    setup.test(`${name} ${title}`, async () => {
      const subject = await setup.create();
      await subject.start?.();
      try {
        await body(subject);
      } finally {
        await settled('dispose', async () => subject.dispose?.());
      }
    });
  };
}
