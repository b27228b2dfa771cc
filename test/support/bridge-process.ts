import { fileURLToPath } from 'node:url';
import { atTestEnd } from './cleanup.ts';
import { Child, runChild, type ChildExit } from './child.ts';
import { residentBytes, socketCount } from './process-facts.ts';
import { until } from './wait.ts';

/** The program as it is installed. */
export const BIN: string = fileURLToPath(new URL('../../bin/bascule.mjs', import.meta.url));

const ENVIRONMENT = { ...process.env, NO_COLOR: '1' };

/** The built bridge in a process of its own. */
export class BridgeProcess {
  readonly child: Child;
  /** What the start-up line says a browser opens, such as http://127.0.0.1:40000/. */
  readonly openUrl: string;
  readonly port: number;

  constructor(child: Child, openUrl: string) {
    this.child = child;
    this.openUrl = openUrl;
    this.port = Number(new URL(openUrl).port);
  }

  get pid(): number {
    return this.child.pid;
  }

  /** The address for a WebSocket client. */
  get url(): string {
    return this.openUrl.replace(/^http/, 'ws');
  }

  /** The same address without TLS. */
  get plainUrl(): string {
    return this.url.replace(/^wss:/, 'ws:');
  }

  get output(): string {
    return this.child.output;
  }

  get sockets(): number {
    return socketCount(this.pid);
  }

  get memory(): number {
    return residentBytes(this.pid);
  }

  waitForLine(pattern: RegExp, deadline?: number): Promise<RegExpExecArray> {
    return this.child.waitForOutput(pattern, deadline);
  }

  /** Waits until every socket but those it had at first is closed again. */
  async whenSocketsAre(count: number, deadline?: number): Promise<void> {
    await until(`the bridge holds ${count} sockets`, () => this.sockets === count, deadline).catch((error: unknown) => {
      throw new Error(`it holds ${this.sockets}`, { cause: error });
    });
  }

  stop(signal?: NodeJS.Signals): Promise<ChildExit> {
    return this.child.stop(signal);
  }
}

/** Starts `bascule 127.0.0.1:0 TARGET …` and waits until it listens; it is stopped when the test ends. */
export async function startBridge(target: string, ...options: readonly string[]): Promise<BridgeProcess> {
  const bridge = await spawnBridge(['127.0.0.1:0', target, ...options]);
  atTestEnd(() => bridge.stop('SIGKILL'));
  return bridge;
}

/** Starts the built program with any arguments and waits until it says where it listens. The caller stops it. */
export async function spawnBridge(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<BridgeProcess> {
  const child = new Child(process.execPath, [BIN, ...args], { ...options, env: { ...ENVIRONMENT, ...options.env } });
  try {
    const [url] = await child.waitForOutput(/https?:\/\/[^\s"/]+:\d+\/?/);
    return new BridgeProcess(child, url);
  } catch (error) {
    await child.stop('SIGKILL').catch(() => undefined);
    throw error;
  }
}

/** Runs the built program to its end. */
export function runBridge(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): ReturnType<typeof runChild> {
  return runChild(process.execPath, [BIN, ...args], { ...options, env: { ...ENVIRONMENT, ...options.env } });
}
