import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import { freePort } from './free-port.ts';
import { makeTempDir } from './temp-dir.ts';
import { until } from './wait.ts';

/** A redis-server that keeps everything in memory, on a TCP port and a Unix socket. */
export class RedisServer {
  readonly port: number;
  readonly socketPath: string;
  readonly #child: Child;
  readonly #remove: () => void;

  private constructor(port: number, socketPath: string, child: Child, remove: () => void) {
    this.port = port;
    this.socketPath = socketPath;
    this.#child = child;
    this.#remove = remove;
  }

  /** Starts the server; the caller stops it. */
  static async start(): Promise<RedisServer> {
    const directory = makeTempDir();
    const port = await freePort();
    const socketPath = join(directory.path, 'redis.sock');
    const listen = ['--bind', '127.0.0.1', '--port', String(port), '--unixsocket', socketPath];
    const child = new Child('redis-server', [...listen, '--save', '', '--appendonly', 'no', '--dir', directory.path]);
    const redis = new RedisServer(port, socketPath, child, directory.remove);
    try {
      await child.waitForOutput(/ready to accept connections/i);
      await until('the Unix socket is there', () => existsSync(socketPath));
      return redis;
    } catch (error) {
      await redis.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#child.stop().catch(() => undefined);
    this.#remove();
  }
}
