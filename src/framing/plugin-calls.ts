import { BridgeError, messageOf } from '../errors.ts';
import type { PluginFramer, PluginFraming, PluginUnframer } from '../plugin/api.ts';
import { liesIn } from '../stream/lies-in.ts';

/** A plugin as framings know it: loaded and made. */
export interface LoadedFraming {
  readonly label: string;
  readonly made: PluginFraming;
  readonly warn: (message: string) => void;
}

/** Makes a framer or an unframer of a plugin. Whatever the plugin does wrong is FRAMING_FAILED. */
export function madeBy<Made extends PluginFramer | PluginUnframer>(
  label: string,
  method: 'createFramer' | 'createUnframer',
  create: () => Made,
): Made {
  return guarded(label, method, () => {
    const made = answerOf(create());
    if (typeof (made as Made | null)?.push !== 'function') throw new TypeError('it gave nothing with a method push');
    return made;
  });
}

/** Runs a step that calls a plugin; what it throws becomes FRAMING_FAILED. */
export function guarded<Result>(label: string, method: string, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw new BridgeError('FRAMING_FAILED', { detail: `${label} (${method}: ${messageOf(error)})`, cause: error });
  }
}

/**
 * What a plugin gave, which must not be a promise: a session does not wait. Nobody would hear of the promise's rejection,
 * and that ends a process.
 */
export function answerOf<Given>(given: Given): Given {
  if (dropPromise(given)) throw new TypeError('it gave a promise, and has to answer at once');
  return given;
}

/** Takes it upon itself that a promise may be rejected; false for what is none. */
export function dropPromise(given: unknown, onRejected: (error: unknown) => void = () => {}): boolean {
  if (typeof given !== 'object' || given === null) return false;
  if (typeof (given as { then?: unknown }).then !== 'function') return false;
  Promise.resolve(given).catch(onRejected);
  return true;
}

/** Lets a plugin give back what it holds for a session. That it fails at it, now or later, is a warning. */
export function disposed({ label, warn }: LoadedFraming, held: PluginFramer | PluginUnframer): void {
  const failed = (error: unknown): void => warn(`${label}: dispose failed: ${messageOf(error)}`);
  try {
    dropPromise(held.dispose?.(), failed);
  } catch (error) {
    failed(error);
  }
}

/**
 * The bytes of what a plugin gave as data. They are copied, because the plugin may use its memory again while they wait for
 * a slow reader; what lies in `own`, the copy that it was given, needs none.
 */
export function bytesOf(data: unknown, own: Buffer | null): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (!(data instanceof Uint8Array)) throw new TypeError('its data is neither a text nor bytes');
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return own && liesIn(bytes, own) ? bytes : Buffer.from(bytes);
}
