import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

/** One line of a listing. */
export interface ListingEntry {
  readonly name: string;
  readonly directory: boolean;
}

/** What a directory holds, as far as it is shown. */
export interface Listing {
  /** Directories first, then by name. */
  readonly entries: readonly ListingEntry[];
  /** There were more entries than are shown. */
  readonly truncated: boolean;
}

/** A listing is made in memory, so its length has a limit. */
export const MAX_ENTRIES = 10_000;

/** What a request for an entry would get; null = nothing but a refusal. */
export type Served = 'file' | 'directory' | null;

/**
 * Reads a directory as far as it is served: no dotfiles, no sockets and the like.
 *
 * `follow` is asked for what a name alone does not tell, such as symbolic links, which may lead out or nowhere.
 */
export async function readListing(
  directory: string,
  follow: (name: string) => Promise<Served>,
  most: number = MAX_ENTRIES,
): Promise<Listing> {
  const entries: ListingEntry[] = [];
  let truncated = false;
  let seen = 0;
  for await (const entry of await opendir(directory)) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    if (seen === most) {
      truncated = true;
      break;
    }
    seen += 1;
    const served = isPlain(entry) ? kindOf(entry) : await follow(name);
    if (served) entries.push({ name, directory: served === 'directory' });
  }
  entries.sort((a, b) => Number(b.directory) - Number(a.directory) || (a.name < b.name ? -1 : 1));
  return { entries, truncated };
}

/** A name that is not UTF-8 has been read with a replacement character, and may name nothing. */
function isPlain(entry: Dirent): boolean {
  return !entry.isSymbolicLink() && !entry.name.includes('\u{FFFD}');
}

function kindOf(entry: Dirent): Served {
  if (entry.isDirectory()) return 'directory';
  return entry.isFile() ? 'file' : null;
}

/** The page for a listing. Names are data: none becomes markup or an address of another kind. */
export function renderListing(path: string, { entries, truncated }: Listing): string {
  const title = `Index of ${escapeHtml(path)}`;
  const parent = path === '/' ? [] : ['<li><a href="../">../</a></li>'];
  const items = entries.map(({ name, directory }) => {
    const slash = directory ? '/' : '';
    // The leading ./ keeps a name such as 'javascript:x' from being read as a scheme.
    return `<li><a href="./${encodeURIComponent(name)}${slash}">${escapeHtml(name)}${slash}</a></li>`;
  });
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>`,
    `<body><h1>${title}</h1>`,
    '<ul>',
    ...parent,
    ...items,
    '</ul>',
    ...(truncated ? [`<p>Only ${entries.length} entries are shown.</p>`] : []),
    '</body></html>',
    '',
  ].join('\n');
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
