import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readListing, renderListing, type Served } from '../../../src/http/listing.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** For directories without links. */
const never = (name: string): Promise<Served> => Promise.reject(new Error(`${name} needs no second look`));

test('reads directories first, then by name, without dotfiles', async () => {
  const root = tempDir();
  for (const name of ['b.txt', 'a.txt', '.hidden']) writeFileSync(join(root, name), '');
  mkdirSync(join(root, 'zoo'));
  expect(await readListing(root, never)).toEqual({
    entries: [
      { name: 'zoo', directory: true },
      { name: 'a.txt', directory: false },
      { name: 'b.txt', directory: false },
    ],
    truncated: false,
  });
});

test('shows links by what they lead to, and those that lead nowhere not at all', async () => {
  const root = tempDir();
  for (const name of ['inside', 'folder', 'outside', '.hidden']) symlinkSync('anywhere', join(root, name));
  const asked: string[] = [];
  const kinds: Record<string, Served> = { inside: 'file', folder: 'directory', outside: null };
  const { entries } = await readListing(root, (name) => {
    asked.push(name);
    return Promise.resolve(kinds[name] ?? null);
  });
  expect(entries).toEqual([
    { name: 'folder', directory: true },
    { name: 'inside', directory: false },
  ]);
  expect(asked.toSorted()).toEqual(['folder', 'inside', 'outside']);
});

test('counts links that are not shown, so that a directory full of them takes no time', async () => {
  const root = tempDir();
  for (let number = 0; number < 5; number += 1) symlinkSync('nowhere', join(root, `link${number}`));
  let asked = 0;
  const listing = await readListing(root, () => Promise.resolve(((asked += 1), null)), 3);
  expect(listing).toEqual({ entries: [], truncated: true });
  expect(asked).toBe(3);
});

test('stops at its limit and says so', async () => {
  const root = tempDir();
  for (const name of ['a', 'b', 'c']) writeFileSync(join(root, name), '');
  const listing = await readListing(root, never, 2);
  expect(listing.entries).toHaveLength(2);
  expect(listing.truncated).toBe(true);
  expect(renderListing('/', listing)).toContain('Only 2 entries are shown.');
});

test('names become neither markup nor another kind of address', () => {
  const names = ['<script>alert(1)</script>', 'javascript:alert(1)', '" onclick="x', "it's & that", '%2e%2e', '?a#b'];
  const page = renderListing('/<b>/', {
    entries: names.map((name) => ({ name, directory: false })),
    truncated: false,
  });
  expect(page).not.toMatch(/<script|<b>|href="javascript| onclick="/);
  expect(page).toContain('href="./javascript%3Aalert(1)"');
  expect(page).toContain('href="./%252e%252e"');
  expect(page).toContain('href="./%3Fa%23b"');
  expect(page).toContain('it&#39;s &#38; that');
});

test('links upwards from everywhere but the root', () => {
  const empty = { entries: [], truncated: false };
  expect(renderListing('/a/', empty)).toContain('href="../"');
  expect(renderListing('/', empty)).not.toContain('href="../"');
});
