import { stat } from 'node:fs/promises';
import { BridgeError, type ErrorCode } from '../errors.ts';
import { reasonOf } from '../file/reason.ts';

/** Makes sure that a directory is there. Rejects with `code`; `label` is what the message calls it. */
export async function checkDirectory(directory: string, label: string, code: ErrorCode): Promise<void> {
  const problem = await stat(directory).then((stats) => (stats.isDirectory() ? '' : 'it is no directory'), reasonOf);
  if (problem) throw new BridgeError(code, { detail: `${label} (${problem})` });
}
