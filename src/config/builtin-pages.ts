import { fileURLToPath } from 'node:url';

/** What `web.root` says for the pages that come with Bascule. A directory of this name is written `./builtin`. */
export const BUILTIN_PAGES = 'builtin';

/** The directory that a web root stands for: its own, or that of the built pages. */
export function webDirectory(root: string): string {
  // The same from src/config/ and from dist/config/.
  return root === BUILTIN_PAGES ? fileURLToPath(new URL('../../dist/web', import.meta.url)) : root;
}
