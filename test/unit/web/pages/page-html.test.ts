import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fillPage } from '../../../../scripts/steps/page-shell.mjs';
import { MAX_LINE } from '../../../../src/target/load-reader.ts';

const PAGES = path.resolve(import.meta.dirname, '../../../../src/web/pages');
const NAMES = readdirSync(PAGES);

/** A page as it is built. */
function page(name: string): string {
  return fillPage(readFileSync(path.join(PAGES, name, 'page.html'), 'utf8'), name, NAMES);
}

test('there are pages', () => {
  expect(NAMES).toContain('terminal');
});

test.each(NAMES)('%s has the parts of the shell once each, with nothing left to put in', (name) => {
  const html = page(name);
  expect(html).not.toMatch(/<!--|\{\{/);
  for (const part of ['http-equiv="Content-Security-Policy"', '<header', 'id="address"', 'id="path"', 'id="bridge"'])
    expect(html.split(part)).toHaveLength(2);
});

test.each(NAMES)('%s lets nobody correct what is typed into the address', (name) => {
  const [, attributes = ''] = /<input([^>]*id="path"[^>]*)>/.exec(page(name)) ?? [];
  for (const help of ['autocomplete', 'autocapitalize', 'autocorrect']) expect(attributes).toContain(`${help}="off"`);
});

test('a line for the load-test server is never too long for it, in whatever script', () => {
  const [, most = ''] = /id="echo-text"[^>]*\smaxlength="(\d+)"/.exec(page('diagnostics')) ?? [];
  expect(Number(most)).toBeGreaterThan(0);
  // What a field counts takes three bytes of UTF-8 at most.
  expect(3 * Number(most)).toBeLessThanOrEqual(MAX_LINE);
});
