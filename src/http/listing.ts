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

/** Reads a directory without its dotfiles. */
export async function readListing(directory: string, most: number = MAX_ENTRIES): Promise<Listing> {
  const entries: ListingEntry[] = [];
  let truncated = false;
  for await (const entry of await opendir(directory)) {
    if (entry.name.startsWith('.')) continue;
    if (entries.length === most) {
      truncated = true;
      break;
    }
    entries.push({ name: entry.name, directory: entry.isDirectory() });
  }
  entries.sort((a, b) => Number(b.directory) - Number(a.directory) || (a.name < b.name ? -1 : 1));
  return { entries, truncated };
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
