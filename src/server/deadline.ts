import type { Abort } from '../abort.ts';
import { BridgeError, type ErrorCode } from '../errors.ts';

/** Waits for a look-up, but not longer than `deadline` ms: then the work is aborted and the wait ends with the error of `code`. */
export async function within<Result>(
  work: Promise<Result>,
  deadline: number,
  abort: Abort,
  code: ErrorCode,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new BridgeError(code);
      abort.abort(error);
      reject(error);
    }, deadline);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
