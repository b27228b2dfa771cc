import path from 'node:path';
import type { ResolvedConfig } from '../config/resolve.ts';
import { reportListening, startDaemon } from './daemon.ts';
import type { Environment } from './dialect.ts';
import { EXIT, type FlagOf } from './failure.ts';
import { passedConnection, passedSocket, stderrIsClient } from './inetd.ts';
import type { Launch } from './launch.ts';
import { type Greeting, runBridge } from './run.ts';

/** The process that a bridge is started in. */
export interface StartContext {
  readonly launch: Launch;
  readonly env: Environment;
  /** It is a daemon already, and another process waits for it to listen. */
  readonly isDaemon: boolean;
  /** The directory that relative paths start in. */
  readonly directory: string;
  /** How the command line gives the value of a key, for remedies in the log; null = it stays a key. */
  readonly flagOf: FlagOf | null;
}

/** Starts a bridge in the way that is asked for; gives the exit status when it has ended, or has become a daemon. */
export async function startBridge(resolved: ResolvedConfig, context: StartContext, greet: Greeting): Promise<number> {
  const { launch, env, isDaemon, directory, flagOf } = context;
  if (launch.daemon && !isDaemon) {
    for (const warning of resolved.warnings) process.stderr.write(`bascule: warning: ${warning}\n`);
    await startDaemon(resolved.config, env);
    return EXIT.ok;
  }
  return runBridge(resolved, env, {
    greet,
    hasStderr: !(launch.inetd && stderrIsClient()),
    pidFile: launch.pidFile === null ? null : path.resolve(directory, launch.pidFile),
    client: launch.inetd && passedSocket() === 'connected' ? passedConnection() : null,
    outlivesTerminal: isDaemon,
    flagOf,
    onListening: isDaemon ? reportListening : async () => {},
  });
}
