import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProgramTargetConfig } from '../../src/config/model.ts';
import type { TargetHost } from '../../src/target/target.ts';
import { WrapProgram } from '../../src/target/wrap-program.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { freePort } from '../support/free-port.ts';
import { PYTHON } from '../support/packages.ts';
import { until } from '../support/wait.ts';

/** What a wrapped program told its bridge. */
export class Host implements TargetHost {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  readonly exits: number[] = [];

  output(line: string): void {
    this.lines.push(line);
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  exit(status: number): void {
    this.exits.push(status);
  }

  /** Waits for a line of output that matches. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const look = (): RegExpExecArray | null =>
      this.lines.map((line) => pattern.exec(line)).find((match) => match !== null) ?? null;
    return until(`the program prints ${pattern}: ${JSON.stringify(this.lines)}`, look);
  }
}

export interface Wrapped {
  readonly target: WrapProgram;
  readonly host: Host;
  /** The port that the program believes to listen on. */
  readonly port: number;
}

/** Starts a program for the running test. <port> in its command stands for the port that is moved. */
export async function wrap(
  command: readonly string[],
  options: Partial<Omit<ProgramTargetConfig, 'kind' | 'command'>> = {},
): Promise<Wrapped> {
  const port = options.port ?? (await freePort());
  const words = command.map((word) => word.replaceAll('<port>', String(port)));
  const target = new WrapProgram({ kind: 'program', mode: 'exit', portEnv: null, ...options, command: words, port });
  const host = new Host();
  atTestEnd(() => target.stop());
  await target.start(host);
  return { target, host, port };
}

/** The words of a command that runs a Python program. */
export function python(program: string, ...args: string[]): readonly string[] {
  return [PYTHON, '-u', '-c', program, ...args];
}

/** A Python server that greets each connection with its process number and closes it. */
export const GREETER = `
import os, socket, sys
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(('', int(sys.argv[1])))
server.listen()
print('ready', os.getpid(), flush=True)
while True:
    peer, _ = server.accept()
    peer.sendall(b'hello from %d' % os.getpid())
    peer.close()
`;

/** Compiles a C program; gives its path. */
export function compile(directory: string, name: string, source: string, ...flags: string[]): string {
  const file = join(directory, name);
  writeFileSync(`${file}.c`, source);
  const { status, stderr } = spawnSync('cc', ['-std=gnu11', '-Wall', '-o', file, `${file}.c`, ...flags], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return file;
}

/** Whether a process lives; one that has ended and is not collected yet does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
