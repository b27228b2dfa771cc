import { fileURLToPath } from 'node:url';
import { runChild } from './child.ts';
import { PYTHON } from './packages.ts';

/** Runs a script of test/interop with Debian's Python; resolves to what it printed, and fails when it fails. */
export async function runPython(script: string, args: readonly string[], deadline: number = 30_000): Promise<string> {
  const file = fileURLToPath(new URL(`../interop/${script}`, import.meta.url));
  const { code, signal, stdout, stderr } = await runChild(PYTHON, [file, ...args], {}, deadline);
  if (code !== 0) throw new Error(`${script} ended with ${code ?? signal}: ${stderr.trim()}`);
  return stdout;
}
