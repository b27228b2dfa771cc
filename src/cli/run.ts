import type { Socket } from 'node:net';
import type { ResolvedConfig } from '../config/resolve.ts';
import { messageOf } from '../errors.ts';
import { EventHub } from '../observe/events.ts';
import { logEvents } from '../observe/log.ts';
import { logTraffic } from '../observe/traffic.ts';
import { BridgeServer } from '../server/bridge-server.ts';
import type { Environment } from './dialect.ts';
import { EXIT, type FlagOf } from './failure.ts';
import { withFlags } from './flag-remedies.ts';
import { keepHeapSmall } from './heap.ts';
import { type LogOutput, openLog } from './log-output.ts';
import { writePidFile } from './pid-file.ts';

/** Lines to log once the bridge listens. */
export type Greeting = (server: BridgeServer) => readonly string[];

/** How a bridge is run. */
export interface RunOptions {
  readonly greet: Greeting;
  /** Whether standard error can be written to. */
  readonly hasStderr: boolean;
  /** Absolute path of the file for the process id; null = none. */
  readonly pidFile: string | null;
  /** A connection that somebody else has accepted, to be served instead of listening. */
  readonly client: Socket | null;
  /** A hang-up of the terminal is not for it. */
  readonly outlivesTerminal: boolean;
  /** How the command line gives the value of a key, for remedies in the log; null = it stays a key. */
  readonly flagOf: FlagOf | null;
  readonly onListening: () => Promise<void>;
}

/** Runs a bridge to its end; gives the exit status. Rejects with LISTEN_* or another config error when it cannot start. */
export async function runBridge(resolved: ResolvedConfig, env: Environment, options: RunOptions): Promise<number> {
  keepHeapSmall();
  const { config, log, warnings } = resolved;
  const output = openLog(log, env, options.hasStderr);
  const { logger } = output;
  const events = new EventHub();
  logEvents(events, options.flagOf ? withFlags(logger, options.flagOf) : logger);
  if (log.traffic) logTraffic(events, logger);
  for (const message of warnings) events.publish('warning', { message });
  const server = new BridgeServer(config, events);
  const ending = new Ending(server, output, options.outlivesTerminal || log.file !== null);
  let removePidFile: (() => void) | null = null;
  try {
    if (options.client) {
      await ending.orSooner(server.serve(options.client));
      return await ending.whenServed();
    }
    if (await ending.orSooner(server.listen())) return await ending.status;
    if (options.pidFile !== null) removePidFile = writePidFile(options.pidFile);
    process.on('exit', () => removePidFile?.());
    for (const line of options.greet(server)) logger.log('info', line, { event: 'start' });
    await options.onListening();
    return await ending.status;
  } catch (error) {
    await server.close(0).catch((failure: unknown) => ending.warn(failure));
    throw error;
  } finally {
    ending.dispose();
    removePidFile?.();
    await output.close();
  }
}

/** The end of a bridge, whoever brings it about: a signal, a wrapped program, or a life that is over. */
class Ending {
  /** The exit status, once the bridge has ended. */
  readonly status: Promise<number>;
  readonly #server: BridgeServer;
  readonly #output: LogOutput;
  readonly #stops: (() => void)[];
  #signals = 0;
  #begun = false;
  #resolve!: (status: number) => void;

  constructor(server: BridgeServer, output: LogOutput, ignoresHangUp: boolean) {
    this.#server = server;
    this.#output = output;
    this.status = new Promise((resolve) => (this.#resolve = resolve));
    const onSignal = (signal: NodeJS.Signals): void => this.#onSignal(signal);
    const onHangUp = (signal: NodeJS.Signals): void => {
      if (!ignoresHangUp) this.#onSignal(signal);
      else output.reopen();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangUp);
    this.#stops = [
      () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangUp),
      server.on('program:exit', ({ status }) => this.#close(status)),
      server.on('life:end', () => this.#finish(server.drain(), EXIT.ok)),
    ];
  }

  /** The exit status of a bridge that has served its one client. */
  whenServed(): Promise<number> {
    this.#close(EXIT.ok);
    return this.status;
  }

  /** Waits for a step of the bridge, but not longer than for its end; tells whether the end has begun. */
  async orSooner(step: Promise<void>): Promise<boolean> {
    try {
      await Promise.race([step, this.status]);
    } catch (error) {
      // What has been ended while it starts fails over that.
      if (!this.#begun) throw error;
    }
    return this.#begun;
  }

  /** Tells of an end that was not in order. */
  warn(failure: unknown): void {
    this.#server.events.publish('warning', { message: `closing failed: ${messageOf(failure)}` });
  }

  /** Takes no more signals. */
  dispose(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** The first signal closes the bridge in order, a second one cuts everything off. */
  #onSignal(signal: NodeJS.Signals): void {
    const { logger } = this.#output;
    this.#signals += 1;
    if (this.#signals > 1) {
      logger.log('info', `${signal} again: ending at once`, { event: 'stop', signal });
      this.#server.destroy();
      // What is still pending has been given up on.
      process.exit(EXIT.failure);
    }
    logger.log('info', `${signal}: closing; once more ends at once`, { event: 'stop', signal });
    this.#begun = false;
    this.#close(EXIT.ok);
  }

  /** The first reason to end decides on the status. */
  #close(status: number): void {
    if (!this.#begun) this.#finish(this.#server.close(), status);
  }

  #finish(closed: Promise<void>, status: number): void {
    if (this.#begun) return;
    this.#begun = true;
    closed.then(
      () => this.#resolve(status),
      (error: unknown) => {
        this.warn(error);
        this.#resolve(EXIT.failure);
      },
    );
  }
}
