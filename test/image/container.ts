import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { BUILDAH } from '../../scripts/steps/buildah.mjs';
import { Child, runChild } from '../support/child.ts';
import { atTestEnd } from '../support/cleanup.ts';
import { until } from '../support/wait.ts';

const ENVIRONMENT = { ...process.env, BUILDAH_ISOLATION: 'chroot' };

/** How an image wants to be run. */
export interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
  readonly Volumes: Readonly<Record<string, unknown>>;
  readonly Healthcheck: { readonly Test: readonly [string, ...string[]] };
  readonly Labels: Readonly<Record<string, string>>;
}

/** What became of a command in a container. */
export type Outcome = Awaited<ReturnType<typeof runChild>>;

/** Runs buildah and gives what it prints. */
export function buildah(...args: readonly string[]): string {
  const [program, ...store] = BUILDAH;
  return execFileSync(program, [...store, ...args], { env: ENVIRONMENT, encoding: 'utf8' }).trim();
}

/** A container of an image. Its processes use this machine's network, unless they are given one of their own. */
export class Container {
  readonly name: string;
  readonly config: ImageConfig;

  constructor(image: string) {
    this.name = buildah('from', '--pull-never', image);
    const { Docker: facts } = JSON.parse(buildah('inspect', '--type', 'image', image)) as {
      Docker: { config: ImageConfig };
    };
    this.config = facts.config;
  }

  remove(): void {
    buildah('rm', this.name);
  }

  /** Runs a command in it to its end, as the user of the image. */
  run(command: readonly string[], options: readonly string[] = []): Promise<Outcome> {
    const [program, ...args] = this.command(command, options);
    return runChild(program, args, { env: ENVIRONMENT }, 30_000);
  }

  /** Does what 'docker run IMAGE …' does, to the end. */
  start(...args: readonly string[]): Promise<Outcome> {
    return this.run([...this.config.Entrypoint, ...args]);
  }

  /** Does what 'docker run IMAGE …' does and waits until the bridge listens. It is stopped with the test. */
  async serve(args: readonly string[], options: readonly string[] = []): Promise<Service> {
    return this.spawn(this.command([...this.config.Entrypoint, ...args], options), args);
  }

  /** The same in a network of its own, where every port may be taken by anybody, as Docker and Podman set it up. */
  async serveAlone(args: readonly string[]): Promise<Service> {
    const setUp = 'ip link set lo up; echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start; exec "$@"';
    const command = this.command([...this.config.Entrypoint, ...args]);
    return this.spawn(['unshare', '--net', 'sh', '-euc', setUp, 'sh', ...command], args);
  }

  /** The health check of the image, run where a service runs. */
  checkHealth(service?: Service): Promise<Outcome> {
    const [, ...check] = this.config.Healthcheck.Test;
    const command = this.command(check);
    if (!service) return this.run(check);
    return runChild('nsenter', [`--net=/proc/${service.pid}/ns/net`, ...command], { env: ENVIRONMENT }, 30_000);
  }

  /** The command that runs a command in it. */
  command(command: readonly string[], options: readonly string[] = []): [string, ...string[]] {
    return [...BUILDAH, 'run', ...options, this.name, '--', ...command];
  }

  async spawn([program, ...args]: readonly [string, ...string[]], words: readonly string[]): Promise<Service> {
    const child = new Child(program, args, { env: ENVIRONMENT });
    try {
      await child.waitForOutput(/listening on/i);
      const service = new Service(child, findBridge(words));
      atTestEnd(() => service.stop('SIGKILL'));
      return service;
    } catch (error) {
      await child.stop('SIGKILL');
      throw error;
    }
  }
}

/** A bridge that runs in a container. */
export class Service {
  readonly child: Child;
  readonly pid: number;

  constructor(child: Child, pid: number) {
    this.child = child;
    this.pid = pid;
  }

  /** Signals the bridge itself, as the init process of a container is signalled, and waits for its end. */
  async stop(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.child.ended) process.kill(this.pid, signal);
    await until('the container has ended', () => this.child.ended);
    return this.child.ended?.code ?? null;
  }

  /** User ids of the process: real, effective, saved, of the file system. */
  get userIds(): readonly number[] {
    const [, ids = ''] = /^Uid:\s*(.*)$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8')) ?? [];
    return ids.split(/\s+/).map(Number);
  }
}

/** The process of the bridge with these arguments, seen from outside of its container. */
function findBridge(words: readonly string[]): number {
  const found = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .find((pid) => {
      const [program, script, ...args] = commandLine(pid);
      return (
        /(^|\/)node$/.test(program ?? '') && script?.startsWith('/usr/local/bin/') && args.join(' ') === words.join(' ')
      );
    });
  if (found === undefined) throw new Error(`no process runs the bridge with ${words.join(' ')}`);
  return Number(found);
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}
