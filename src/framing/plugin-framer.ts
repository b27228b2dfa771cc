import { isUtf8 } from 'node:buffer';
import { asBridgeError, BridgeError } from '../errors.ts';
import type { PluginFramer as Cut, PluginFraming, PluginMessage, PluginUnframer } from '../plugin/api.ts';
import { messageOf } from '../plugin/load.ts';
import { OPCODE } from '../websocket/opcode.ts';
import type { Frame, Framer } from './framing.ts';

/** A plugin as framings know it: loaded and made. */
export interface LoadedFraming {
  readonly label: string;
  readonly made: PluginFraming;
  readonly warn: (message: string) => void;
}

/**
 * Cuts a stream by a plugin. Whatever the plugin does wrong is FRAMING_FAILED and harms one session only.
 *
 * What it keeps is counted from outside: a plugin that has taken more than `limit` bytes without giving a message ends the
 * session with FRAMING_LIMIT.
 */
export class PluginFramer implements Framer {
  held = 0;
  error: BridgeError | null = null;
  readonly #plugin: LoadedFraming;
  readonly #limit: number;
  readonly #cut: Cut;
  #open = true;

  /** Throws FRAMING_INVALID or FRAMING_FAILED. */
  constructor(plugin: LoadedFraming, limit: number) {
    const { label, made } = plugin;
    this.#plugin = plugin;
    this.#limit = limit;
    if (!made.createFramer) throw new BridgeError('FRAMING_INVALID', { detail: `${label} (it has no createFramer)` });
    this.#cut = guarded(label, 'createFramer', () => made.createFramer!({ limit }));
    if (typeof this.#cut?.push !== 'function') throw failure(label, 'createFramer gave nothing with a method push');
  }

  push(chunk: Buffer): readonly Frame[] {
    // The plugin may keep what it gets, and the memory of the chunk is used again.
    const frames = this.#frames('push', () => this.#cut.push(Buffer.from(chunk)));
    this.held = frames.length > 0 ? 0 : this.held + chunk.length;
    if (this.held > this.#limit) this.error ??= this.#tooLarge(`no message in ${this.held} bytes`);
    return frames;
  }

  end(): readonly Frame[] {
    this.held = 0;
    return this.#cut.end ? this.#frames('end', () => this.#cut.end!()) : [];
  }

  dispose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.held = 0;
    disposed(this.#plugin, this.#cut);
  }

  #frames(method: string, call: () => readonly PluginMessage[]): readonly Frame[] {
    if (this.error) return [];
    const frames: Frame[] = [];
    try {
      guarded(this.#plugin.label, method, () => {
        const messages = call();
        if (!Array.isArray(messages)) throw new TypeError('it gave no list of messages');
        for (const message of messages as readonly unknown[]) frames.push(this.#frame(message));
      });
    } catch (error) {
      this.error = asBridgeError(error);
    }
    return frames;
  }

  #frame(message: unknown): Frame {
    const { type, data } = (message ?? {}) as Partial<PluginMessage>;
    if (type !== 'text' && type !== 'binary') throw new TypeError("a message is neither 'text' nor 'binary'");
    const bytes = bytesOf(data);
    if (bytes.length > this.#limit) throw this.#tooLarge(`a message of ${bytes.length} bytes`);
    // A client would drop the connection for it (RFC 6455 §8.1).
    if (type === 'text' && typeof data !== 'string' && !isUtf8(bytes)) throw new TypeError('a text is not valid UTF-8');
    return { opcode: OPCODE[type], data: bytes };
  }

  #tooLarge(what: string): BridgeError {
    return new BridgeError('FRAMING_LIMIT', { detail: `${this.#plugin.label} (${what}, limit ${this.#limit})` });
  }
}

/** Lets a plugin give back what it holds for a session. That it fails at it is a warning. */
export function disposed({ label, warn }: LoadedFraming, held: Cut | PluginUnframer): void {
  try {
    held.dispose?.();
  } catch (error) {
    warn(`${label}: dispose failed: ${messageOf(error)}`);
  }
}

/** The bytes of what a plugin gave as data. */
export function bytesOf(data: unknown): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof Uint8Array) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError('its data is neither a text nor bytes');
}

/** Calls a plugin; what it throws becomes FRAMING_FAILED. */
export function guarded<Result>(label: string, method: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw failure(label, `${method}: ${messageOf(error)}`, error);
  }
}

/** The error for a plugin that did something wrong. */
export function failure(label: string, what: string, cause?: unknown): BridgeError {
  return new BridgeError('FRAMING_FAILED', { detail: `${label} (${what})`, ...(cause === undefined ? {} : { cause }) });
}
