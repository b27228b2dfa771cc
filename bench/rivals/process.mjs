import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Process groups that this run started; none outlives it. */
const running = new Set();

process.on('exit', () => {
  for (const pid of running) killGroup(pid, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

/** A free port of the loopback interface. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/**
 * Starts a bridge in its own process group and waits until something listens on the port.
 * The port is looked up in /proc, so the bridge sees no connection before the first measured one.
 */
export async function launch(command, args, listenPort) {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    if (complaint.length < 4000) complaint += chunk;
  });
  let ended = false;
  const exited = new Promise((resolve) => {
    const end = () => {
      ended = true;
      resolve();
    };
    child.once('exit', end);
    child.once('error', (error) => {
      complaint += error.message;
      end();
    });
  });
  if (child.pid !== undefined) running.add(child.pid);
  for (let tries = 0; !isListening(listenPort); tries++) {
    if (ended || tries > 600) {
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
      throw new Error(`${command} does not listen on port ${listenPort}: ${complaint.trim() || 'no message'}`);
    }
    await sleep(50);
  }
  const stop = async () => {
    killGroup(child.pid, 'SIGTERM');
    const timer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), 3000);
    await exited;
    clearTimeout(timer);
    killGroup(child.pid, 'SIGKILL');
    running.delete(child.pid);
  };
  return { pid: child.pid, stop };
}

/** Whether a program of Debian is there. */
export function isInstalled(program) {
  return ['/usr/bin', '/usr/sbin', '/usr/local/bin'].some((directory) => existsSync(`${directory}/${program}`));
}

function isListening(port) {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .some((line) => {
      const [, address, , state] = line.trim().split(/\s+/);
      return state === '0A' && address.endsWith(local);
    });
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended by itself.
  }
}
