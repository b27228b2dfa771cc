import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { findProgram } from './packages.ts';
import { makeTempDir } from './temp-dir.ts';

/** Who may log in. It is no user of the system: the login program is ours. */
export const ACCOUNT = { name: 'ada', password: 'analytical engine' } as const;

/** Asks for name and password, the latter without echo, and becomes a shell whose prompt is `ada$ `. */
const LOGIN = `#!/bin/sh
for try in 1 2 3; do
  printf 'login: '; read -r name || exit 1
  stty -echo; printf 'Password: '; read -r password; stty echo; printf '\\n'
  if [ "$name" = '${ACCOUNT.name}' ] && [ "$password" = '${ACCOUNT.password}' ]; then
    echo "Welcome, $name."
    PS1='${ACCOUNT.name}$ ' exec /bin/sh -i
  fi
  echo 'Login incorrect'
done
`;

/** Debian's telnetd behind a small starter in the manner of inetd: a process for each connection, which gets its socket. */
export class TelnetServer {
  readonly port: number;
  readonly #server: Server;
  readonly #children: Set<ChildProcess>;
  readonly #remove: () => void;

  private constructor(server: Server, children: Set<ChildProcess>, remove: () => void) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#children = children;
    this.#remove = remove;
  }

  /** Starts the server; the caller stops it. */
  static async start(): Promise<TelnetServer> {
    const directory = makeTempDir();
    const login = join(directory.path, 'login');
    writeFileSync(login, LOGIN, { mode: 0o755 });
    const children = new Set<ChildProcess>();
    // Paused: what the client sends first is for telnetd.
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      const child = spawn(findProgram('telnetd')!, ['-h', '-E', login], { stdio: [socket, socket, 'ignore'] });
      children.add(child);
      child.once('exit', () => children.delete(child));
      child.once('spawn', () => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TelnetServer(server, children, directory.remove);
  }

  /** Processes of telnetd that run now. */
  get sessions(): number {
    return this.#children.size;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await new Promise((resolve) => this.#server.close(resolve));
    this.#remove();
  }
}
