import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import type { BridgeConfig } from '../config/model.ts';
import { BridgeError } from '../errors.ts';
import type { Environment } from './dialect.ts';
import { EXIT, Failure, failureOf } from './failure.ts';

/** Tells a process that it is the daemon. It is taken out of the environment at once. */
const MARK = 'BASCULE_DAEMON';
const FIRST_EXTRA = 3;
/** The flag O_CLOEXEC, in which Node's own descriptors differ from inherited ones. */
const O_CLOEXEC = 0o2_000_000;

/** What the daemon tells the process that started it, once. */
type Report = { readonly listening: true } | { readonly lines: readonly string[]; readonly status: number };

/** Whether this process is a daemon that another one has started, and waits for. */
export function isDaemon(env: NodeJS.ProcessEnv): boolean {
  const marked = env[MARK] === '1' && process.send !== undefined;
  delete env[MARK];
  return marked;
}

/**
 * Starts the same command line again as a daemon: in a session of its own, with /dev/null in place of the terminal and
 * none of our descriptors but those to listen on. Node cannot fork.
 *
 * Resolves when the daemon listens; rejects with what it says when it could not start.
 */
export async function startDaemon(config: BridgeConfig, env: Environment): Promise<void> {
  const listening = config.listeners.flatMap(({ address }) => (address.kind === 'fd' ? [address.fd] : []));
  closeInherited(listening);
  const [, program = '', ...argv] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, program, ...argv], {
    detached: true,
    env: { ...env, [MARK]: '1' },
    stdio: [...passed(listening), 'ipc'],
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  try {
    await listens(child);
  } finally {
    process.off('SIGINT', forward).off('SIGTERM', forward);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** Tells the process that waits for this daemon that it listens. */
export function reportListening(): Promise<void> {
  return report({ listening: true });
}

/** Tells the process that waits for this daemon why it could not start. */
export function reportFailure(thrown: unknown): Promise<void> {
  const { lines, status } = failureOf(thrown);
  return report({ lines, status });
}

async function report(message: Report): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => {
    // Whoever waited may have gone: then nobody wants to know.
    process.send!(message, undefined, undefined, () => resolve());
  });
  if (process.connected) process.disconnect();
}

function listens(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', (message: Report) => {
      if ('listening' in message) resolve();
      else reject(new Failure(message.lines, message.status));
    });
    child.once('error', (error) => reject(failed(error.message)));
    child.once('exit', (code, signal) => reject(failed(signal ?? `status ${code ?? EXIT.failure}`)));
  });
}

function failed(how: string): BridgeError {
  return new BridgeError('DAEMON_FAILED', { detail: how });
}

/** The descriptors of the daemon up to the last one to listen on; the others are left out. */
function passed(listening: readonly number[]): ('ignore' | number)[] {
  const length = Math.max(FIRST_EXTRA, ...listening.map((fd) => fd + 1));
  return Array.from({ length }, (_, fd) => (listening.includes(fd) ? fd : 'ignore'));
}

/** A daemon must not hold what a shell happened to have open. */
function closeInherited(kept: readonly number[]): void {
  let open: string[];
  try {
    open = readdirSync('/proc/self/fd');
  } catch {
    return;
  }
  for (const fd of open.map(Number)) {
    if (fd < FIRST_EXTRA || kept.includes(fd)) continue;
    try {
      const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
      if ((Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(fd);
    } catch {
      // The listing of descriptors had one of its own, which is closed by now.
    }
  }
}
