import { BridgeError } from '../errors.ts';

/** Room for a path in a socket address, without the byte that ends it: 108 on Linux, 104 on the BSDs and macOS. */
export const MAX_UNIX_PATH: number = process.platform === 'linux' ? 107 : 103;

/** Refuses a path that does not fit into a socket address: Node would cut it off and connect to another socket. */
export function checkUnixPath(path: string, label: string): void {
  const length = Buffer.byteLength(path);
  if (length <= MAX_UNIX_PATH) return;
  throw new BridgeError('TARGET_UNIX_PATH_TOO_LONG', {
    detail: `${label} (${length} bytes)`,
    remedy: `Use a path of at most ${MAX_UNIX_PATH} bytes.`,
  });
}
