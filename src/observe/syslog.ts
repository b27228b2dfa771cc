import { hostname } from 'node:os';
import type { BridgeError } from '../errors.ts';
import { isEnabled, type Logger, type LogLevel } from './logger.ts';
import { parseSyslogAddress, syslogAddressText, type SyslogAddress } from './syslog-address.ts';
import { syslogMessage, type SyslogFacility, type SyslogFormat, type SyslogSender } from './syslog-format.ts';
import { openTransport, transportError, type SyslogTransport } from './syslog-transport.ts';

export interface SyslogOptions {
  /** '/dev/log', 'unix:PATH', 'HOST', 'HOST:PORT' or '[V6]:PORT'; the port is 514 unless given. */
  readonly address: string;
  /** By default RFC 5424. */
  readonly format?: SyslogFormat;
  /** The name of the program in each message; by default 'bascule'. */
  readonly appName?: string;
  /** By default 'daemon'. */
  readonly facility?: SyslogFacility;
  /** Told when the daemon cannot be reached: once until it could be in between, and at most once a minute. */
  readonly onProblem?: (error: BridgeError) => void;
}

/** The log of the system, as a place to write to. It never waits and never throws. */
export interface Syslog {
  /** Sends one line; what cannot be sent yet waits, within a bound. */
  write(level: LogLevel, line: string): void;
  /** Resolves when everything is sent, or after a second. */
  close(): Promise<void>;
}

/** Most messages that wait for a daemon: together at most 2 MiB. */
const MAX_WAITING = 1024;
const TELL_INTERVAL = 60_000;
const FIRST_RETRY = 100;
const LAST_RETRY = 10_000;
const CLOSE_DEADLINE = 1000;

/**
 * Opens the log of the system.
 *
 * Throws CONFIG_INVALID for an address that cannot be read, and SYSLOG_UNREACHABLE for a Unix socket that is not there.
 * A daemon that goes away later is looked for again and again.
 */
export function createSyslog(options: SyslogOptions): Syslog {
  const { format = 'rfc5424', appName = 'bascule', facility = 'daemon' } = options;
  const address = parseSyslogAddress(options.address);
  // The daemon of this machine knows its name; in the old format it would take it for the name of the program.
  const host = address.kind === 'unix' && format === 'rfc3164' ? null : hostname();
  const sender = { format, facility, appName, pid: process.pid, hostname: host };
  return new SyslogClient(address, sender, options.onProblem ?? (() => undefined));
}

/** A logger that writes to the log of the system, which adds time and level itself. */
export function createSyslogLogger({ level, syslog }: { readonly level: LogLevel; readonly syslog: Syslog }): Logger {
  return {
    log: (at, message, _fields, more = []) => {
      if (!isEnabled(at, level)) return;
      for (const line of [message, ...more]) syslog.write(at, line);
    },
    enabled: (at) => isEnabled(at, level),
  };
}

class SyslogClient implements Syslog {
  readonly #address: SyslogAddress;
  readonly #sender: SyslogSender;
  readonly #onProblem: (error: BridgeError) => void;
  readonly #queue: Buffer[] = [];
  /** null between two attempts. */
  #transport: SyslogTransport | null = null;
  #retry: NodeJS.Timeout | null = null;
  #retryDelay = FIRST_RETRY;
  /** The owner has been told that the daemon cannot be reached. */
  #told = false;
  #toldAt = -Infinity;
  /** Messages that found no room. */
  #lost = 0;
  #closed = false;
  /** Closing is over: what transports still have to say comes too late. */
  #finished = false;
  #onEmpty: (() => void) | null = null;

  constructor(address: SyslogAddress, sender: SyslogSender, onProblem: (error: BridgeError) => void) {
    this.#address = address;
    this.#sender = sender;
    this.#onProblem = onProblem;
    try {
      this.#open();
    } catch (error) {
      throw transportError(syslogAddressText(address), error);
    }
  }

  write(level: LogLevel, line: string): void {
    if (this.#closed) return;
    if (this.#queue.length >= MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#queue.push(syslogMessage(this.#sender, level, new Date(), line));
    this.#flush();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#isEmpty) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
        timer = setTimeout(resolve, CLOSE_DEADLINE);
      });
      clearTimeout(timer);
    }
    this.#finished = true;
    if (this.#retry) clearTimeout(this.#retry);
    this.#transport?.close();
    this.#transport = null;
    this.#queue.length = 0;
  }

  get #isEmpty(): boolean {
    return this.#queue.length === 0 && (this.#transport?.pending ?? 0) === 0;
  }

  #open(): void {
    this.#transport = openTransport(this.#address, {
      onReady: () => this.#onReady(),
      onError: (error) => this.#onError(error),
    });
  }

  #onReady(): void {
    this.#flush();
    if (this.#lost > 0 && this.#queue.length === 0) {
      const text = `${this.#lost} log message${this.#lost === 1 ? '' : 's'} found no room while the log daemon was away`;
      this.#lost = 0;
      this.#queue.push(syslogMessage(this.#sender, 'warn', new Date(), text));
      this.#flush();
    }
    if (this.#isEmpty) this.#onEmpty?.();
  }

  #flush(): void {
    const transport = this.#transport;
    if (!transport) return;
    let sent = 0;
    while (sent < this.#queue.length && transport.send(this.#queue[sent]!)) sent++;
    if (sent === 0) return;
    this.#queue.splice(0, sent);
    this.#retryDelay = FIRST_RETRY;
    this.#told = false;
  }

  #onError(error: Error): void {
    if (this.#finished) return;
    this.#transport = null;
    const now = performance.now();
    if (!this.#told && now - this.#toldAt >= TELL_INTERVAL) {
      this.#told = true;
      this.#toldAt = now;
      this.#onProblem(transportError(syslogAddressText(this.#address), error));
    }
    this.#retry = setTimeout(() => this.#reopen(), this.#retryDelay).unref();
    this.#retryDelay = Math.min(this.#retryDelay * 2, LAST_RETRY);
  }

  #reopen(): void {
    this.#retry = null;
    try {
      this.#open();
    } catch (error) {
      this.#onError(error as Error);
    }
  }
}
