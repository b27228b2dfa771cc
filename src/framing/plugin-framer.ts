import { isUtf8 } from 'node:buffer';
import { asBridgeError, BridgeError } from '../errors.ts';
import type { PluginFramer as Cut, PluginMessage } from '../plugin/api.ts';
import { OPCODE } from '../websocket/opcode.ts';
import type { Framer } from './framing.ts';
import { answerOf, bytesOf, disposed, dropPromise, guarded, type LoadedFraming, madeBy } from './plugin-calls.ts';
import type { Message } from '../websocket/message.ts';

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
    this.#cut = madeBy(label, 'createFramer', () => made.createFramer!({ limit }));
  }

  push(chunk: Buffer): readonly Message[] {
    // The plugin may keep what it gets, and the memory of the chunk is used again.
    const own = Buffer.from(chunk);
    const messages = this.#cutBy('push', own, () => this.#cut.push(own));
    this.held = messages.length > 0 ? 0 : this.held + chunk.length;
    if (this.held > this.#limit) this.error ??= this.#tooLarge(`no message in ${this.held} bytes`);
    return messages;
  }

  end(): readonly Message[] {
    this.held = 0;
    return this.#cutBy('end', null, () => (this.#cut.end ? this.#cut.end() : []));
  }

  dispose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.held = 0;
    disposed(this.#plugin, this.#cut);
  }

  /** Asks the plugin for messages; none any more after a failure. */
  #cutBy(method: 'push' | 'end', own: Buffer | null, call: () => readonly PluginMessage[]): readonly Message[] {
    if (this.error) return [];
    const messages: Message[] = [];
    try {
      guarded(this.#plugin.label, method, () => {
        const given: unknown = answerOf(call());
        if (!Array.isArray(given)) throw new TypeError('it gave no list of messages');
        dropPromises(given);
        for (const message of given as readonly unknown[]) messages.push(this.#checked(answerOf(message), own));
      });
    } catch (error) {
      this.error = asBridgeError(error);
    }
    return messages;
  }

  /** Takes a message that the plugin gave. Throws for one that is none, or that no client would take. */
  #checked(message: unknown, own: Buffer | null): Message {
    const { type, data } = (message ?? {}) as Partial<PluginMessage>;
    if (type !== 'text' && type !== 'binary') throw new TypeError("a message is neither 'text' nor 'binary'");
    const bytes = bytesOf(answerOf(data), own);
    if (bytes.length > this.#limit) throw this.#tooLarge(`a message of ${bytes.length} bytes`);
    // A client would drop the connection for it (RFC 6455 §8.1).
    if (type === 'text' && typeof data !== 'string' && !isUtf8(bytes)) throw new TypeError('a text is not valid UTF-8');
    return { opcode: OPCODE[type], data: bytes };
  }

  #tooLarge(what: string): BridgeError {
    return new BridgeError('FRAMING_LIMIT', { detail: `${this.#plugin.label} (${what}, limit ${this.#limit})` });
  }
}

/** Sees to it that no promise in a list of messages is left to itself, also behind the first one that is wrong. */
function dropPromises(messages: readonly unknown[]): void {
  for (const message of messages) {
    dropPromise(message);
    dropPromise((message as Partial<PluginMessage> | null | undefined)?.data);
  }
}
