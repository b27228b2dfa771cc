import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Compiles the load generator and the target server. Throws a line for a person when there is no C compiler. */
export function buildLoad() {
  const directory = mkdtempSync(join(tmpdir(), 'bascule-load-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const programs = {};
  for (const name of ['load', 'target']) {
    programs[name] = join(directory, name);
    const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
    try {
      execFileSync('cc', ['-O2', '-o', programs[name], source, '-lpthread'], { stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      const text =
        error.code === 'ENOENT' ? 'there is no C compiler (Debian: apt-get install gcc libc6-dev)' : error.stderr;
      throw new Error(`the load generator cannot be built: ${text}`, { cause: error });
    }
  }
  return programs;
}

/** Starts the target server; resolves to its port. It ends with this process. */
export async function startTarget(program) {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { port: Number(line), stop: () => child.stdin.end() };
}

/** Runs the load generator once and resolves to its result. */
export async function runLoad(program, args) {
  const load = startLoad(program, args);
  const result = await load.result;
  await load.stop();
  return result;
}

/** Starts the load generator: `result` is its one line, `stop()` lets it go and waits for its end. */
export function startLoad(program, args) {
  const child = spawn(program, args.map(String), { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const closed = once(child, 'close');
  const result = new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (out.includes('\n')) resolve(JSON.parse(out));
    });
    child.once('close', (code) => {
      if (!out.includes('\n')) reject(new Error(complaint.trim() || `the load generator ended with ${code}`));
    });
  });
  const stop = async () => {
    child.stdin.end();
    await closed;
  };
  return { result, stop };
}
