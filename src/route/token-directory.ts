import { stat } from 'node:fs/promises';
import { BridgeError } from '../errors.ts';
import { reasonOf } from '../file/watched-files.ts';

/** Makes sure that the directory of a token source is there. Rejects with TOKEN_SOURCE_INVALID; `label` is the source's. */
export async function checkDirectory(directory: string, label: string): Promise<void> {
  const problem = await stat(directory).then((stats) => (stats.isDirectory() ? '' : 'it is no directory'), reasonOf);
  if (problem) throw new BridgeError('TOKEN_SOURCE_INVALID', { detail: `${label} (${problem})` });
}
