import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgramTargetConfig } from '../config/model.ts';
import { asBridgeError } from '../errors.ts';
import { REBIND_NEW_PORT, REBIND_OLD_PORT, rebindLibrary } from '../native/rebind.ts';
import { dialProgram, type ProgramPort } from './program-dial.ts';
import { ownEnvironment } from './program-environment.ts';
import { findProgram, preloadObstacle } from './program-file.ts';
import { endGroup, signalGroup } from './program-group.ts';
import { freeLoopbackPort, isPortTaken } from './program-port.ts';
import { ProgramProcess } from './program-process.ts';
import { RespawnPace } from './program-respawn.ts';
import type { DialContext, StreamConnection, Target, TargetHost } from './target.ts';

const PLACEHOLDER = '{port}';

/**
 * A program that the bridge starts, and whose listening port it moves to a free port of loopback (see native/rebind.c), so
 * that the bridge can have the original one.
 *
 * Where moving does not work, the program can be told its port: by '{port}' in an argument, or by `portEnv`. Both switch
 * the moving off. When the program ends, the mode decides:
 *
 * - exit: what it left in its process group is ended, and the bridge with it, with the same status.
 * - ignore: nothing happens. What the program left behind, such as a daemon, is nobody's business, also when the bridge ends.
 * - respawn: what it left in its process group is ended and the program is started again, at a bounded pace.
 *
 * A daemon that made a session of its own (setsid) is out of reach in every mode.
 */
export class WrapProgram implements Target {
  readonly label: string;
  readonly #config: ProgramTargetConfig;
  readonly #pace = new RespawnPace();
  readonly #stopping = new AbortController();
  /** The library to preload; null = the program is told its port. */
  #library: string | null = null;
  /** Where sessions connect to now. Those that come before the first start is through wait for it. */
  #port: ProgramPort = 'later';
  #lastPort: number | null = null;
  #program: ProgramProcess | null = null;
  /** The process group that must not outlive the bridge; null = there is none. */
  #group: number | null = null;
  #life: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  constructor(config: ProgramTargetConfig) {
    this.#config = config;
    this.label = `program:${path.basename(config.command[0] ?? '')}`;
  }

  connect(context: DialContext): Promise<StreamConnection> {
    return dialProgram(this.label, () => this.#port, this.#remedy(), context);
  }

  /** Starts the program. Rejects with PROGRAM_NOT_FOUND, or with NATIVE_MISSING when its port cannot be moved here. */
  async start(host: TargetHost): Promise<void> {
    try {
      this.#prepare(host);
      process.on('exit', this.#onProcessExit);
      const program = await this.#launch(host);
      this.#life = this.#live(host, program);
    } catch (error) {
      this.#port = 'never';
      process.off('exit', this.#onProcessExit);
      throw asBridgeError(error, 'TARGET_FAILED', this.label);
    }
  }

  /** Ends the program and its children: SIGTERM, and SIGKILL after three seconds. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Finds out whether the program can be run, and how it gets to its port. */
  #prepare(host: TargetHost): void {
    const { command, portEnv, port } = this.#config;
    const file = findProgram(command[0] ?? '');
    if (portEnv !== null || command.slice(1).some((word) => word.includes(PLACEHOLDER))) return;
    this.#library = rebindLibrary();
    const obstacle = preloadObstacle(file, this.#library);
    if (obstacle) host.warn(`${obstacle}, so its port ${port} cannot be moved: ${TELL_PORT}`);
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#port = 'never';
    await this.#endGroup();
    await this.#life;
    this.#program?.close();
    process.off('exit', this.#onProcessExit);
  }

  /** The bridge ends without having stopped its targets: nothing can be waited for any more. */
  readonly #onProcessExit = (): void => {
    if (this.#group !== null) signalGroup(this.#group, 'SIGKILL');
  };

  async #endGroup(): Promise<void> {
    if (this.#group !== null) await endGroup(this.#group);
    this.#group = null;
  }

  /** Follows the program from its start to its end, and to the next start where that is the mode. */
  async #live(host: TargetHost, first: ProgramProcess): Promise<void> {
    const { mode } = this.#config;
    const { signal } = this.#stopping;
    for (let program: ProgramProcess | null = first; program; program = await this.#relaunch(host)) {
      const status = await program.ended;
      if (mode === 'ignore' && !signal.aborted) {
        this.#group = null;
        if (status !== 0) host.warn(`ended with status ${status}`);
        return;
      }
      // The group goes with its leader.
      await this.#endGroup();
      await program.lastWords();
      program.close();
      if (signal.aborted) return;
      if (mode === 'exit') {
        this.#port = 'never';
        return host.exit(status);
      }
      await this.#rest(host, `ended with status ${status}`, status !== 0);
    }
  }

  /** Starts the program again until that works. null when the bridge is stopping. */
  async #relaunch(host: TargetHost): Promise<ProgramProcess | null> {
    while (!this.#stopping.signal.aborted) {
      try {
        return await this.#launch(host);
      } catch (error) {
        await this.#rest(host, `cannot be started again (${asBridgeError(error).message})`, true);
      }
    }
    return null;
  }

  /** Waits before the next start, for as long as the pace of the starts asks for. */
  async #rest(host: TargetHost, what: string, isWorthTelling: boolean): Promise<void> {
    const { signal } = this.#stopping;
    const delay = this.#pace.delayAfterEnd(performance.now());
    if (delay > 0) host.warn(`${what}, once more in a short time; the next start is in ${Math.ceil(delay / 1000)} s`);
    else if (isWorthTelling) host.warn(`${what}; it is started again`);
    await sleep(delay, undefined, { signal }).catch(() => {});
  }

  async #launch(host: TargetHost): Promise<ProgramProcess> {
    this.#pace.onStart(performance.now());
    // Looking whether a port is free means to listen on it for a moment: no session must come in there.
    if (this.#port !== 'never') this.#port = 'later';
    const port = (this.#lastPort = await this.#choosePort());
    const command = this.#config.command.map((word, index) =>
      index === 0 ? word : word.replaceAll(PLACEHOLDER, String(port)),
    );
    const program = await ProgramProcess.start(command, this.#environment(port), (line) => host.output(line));
    this.#program = program;
    this.#group = program.pid;
    // stop() may have come meanwhile, and has not seen this one.
    if (this.#stopping.signal.aborted) await this.#endGroup();
    else this.#port = port;
    return program;
  }

  /**
   * A fresh port for every start, so that connections of the last life do not keep it from being bound. If somebody still
   * listens on the old one, the program has gone into the background, and a second one must not pile up beside it.
   */
  async #choosePort(): Promise<number> {
    const last = this.#lastPort;
    return last !== null && (await isPortTaken(last)) ? last : freeLoopbackPort(this.#config.port);
  }

  /** The bridge's own environment, and what tells the program or the preloaded library the port. */
  #environment(port: number): NodeJS.ProcessEnv {
    const env = ownEnvironment();
    const { portEnv } = this.#config;
    if (portEnv !== null) env[portEnv] = String(port);
    if (this.#library === null) return env;
    env['LD_PRELOAD'] = env['LD_PRELOAD'] ? `${this.#library}:${env['LD_PRELOAD']}` : this.#library;
    env[REBIND_OLD_PORT] = String(this.#config.port);
    env[REBIND_NEW_PORT] = String(port);
    return env;
  }

  #remedy(): string {
    if (this.#library === null) return 'Check that the program listens on the port that it is told.';
    return `Check that the program listens on port ${this.#config.port}; if it does, ${TELL_PORT}`;
  }
}

const TELL_PORT = `tell the program its port by ${PLACEHOLDER} in one of its arguments, or by --wrap-port-env NAME.`;
