import { formatHostPort, quoted } from '../address/host-port.ts';
import { isPort } from '../address/port.ts';
import { InputBuilder } from './input-builder.ts';
import { type Backend, createBackend, DefaultBackend } from './websocksy-backend.ts';
import type { Mistake } from './websocksy-mistake.ts';

/** One thing that the operator says, by a flag or by a line. */
export interface Step {
  readonly kind: 'port' | 'listen' | 'ping' | 'backend' | 'option';
  /** The name of the backend's option; '' for all others. */
  readonly name: string;
  readonly value: string;
  /** Where it stands, for messages: '-p', or 'bridge.conf:3: port'. */
  readonly origin: string;
}

/** The longest time between pings, in s: what a timer can hold. */
const MOST_PING = 2_147_483;

/** What the steps come to, applied one after the other. */
export class WebsocksySettings {
  /** What to tell the operator. */
  readonly notes: string[] = [];
  #port = { value: '8001', origin: 'the default port' };
  #listen = { value: '::', origin: 'the default address' };
  #ping = { value: 30, origin: 'the default ping' };
  #backend: Backend = new DefaultBackend();
  /** The options that the backend has taken, by their origins. */
  #given: string[] = [];

  /** Applies one step; what is wrong with it, else null. */
  apply({ kind, name, value, origin }: Step): Mistake | null {
    switch (kind) {
      case 'port':
        if (!isPort(value, 0)) return { what: `${quoted(value)} is no port`, remedy: 'give a number from 0 to 65535' };
        this.#port = { value, origin };
        return null;
      case 'listen':
        if (value === '') return { what: 'the address is empty', remedy: 'give an address, or leave it out for ::' };
        this.#listen = { value, origin };
        return null;
      case 'ping':
        if (!/^\d{1,7}$/.test(value) || Number(value) > MOST_PING)
          return { what: `${quoted(value)} is no number of seconds`, remedy: `give 0 to ${MOST_PING}` };
        this.#ping = { value: Number(value), origin };
        return null;
      case 'backend':
        return this.#choose(value, origin);
      default:
        this.#given.push(origin);
        return this.#backend.set(name, value, origin);
    }
  }

  /** What is wrong with the options of the backend taken together. */
  mistakes(): readonly Mistake[] {
    return this.#backend.mistakes();
  }

  /** Makes the input of a config; what is missing. `give` says how the option of a backend is given. */
  build(give: (option: string) => string): InputBuilder | Mistake {
    const builder = new InputBuilder();
    const host = this.#listen.value.replace(/^\[(.*)\]$/s, '$1');
    const { origin } = this.#listen;
    builder.set('listen', formatHostPort({ host, port: Number(this.#port.value) }), origin);
    builder.set('relay.keepalive.interval', this.#ping.value, this.#ping.origin);
    const missing = this.#backend.build(builder, give);
    if (missing) return missing;
    builder.set('strictSubprotocols', true, 'protocol');
    return builder;
  }

  #choose(name: string, origin: string): Mistake | null {
    const backend = createBackend(name, origin);
    if ('what' in backend) return backend;
    if (this.#given.length > 0)
      this.notes.push(
        `${this.#given.join(', ')}: given to ${this.#backend.label}, which ${origin} drops with its options`,
      );
    this.#given = [];
    this.#backend = backend;
    return null;
  }
}
