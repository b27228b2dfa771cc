import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './root.mjs';

const SHELL = path.join(ROOT, 'src/web/shell');

/** What a page may load and reach: itself and the bridge that served it. A page may add to a rule, never drop one. */
const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'worker-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
};

/**
 * Puts the shell into a page: `<!-- head -->` becomes what every head holds, `<!-- top -->` the top bar, and
 * `<!-- address TITLE -->` the field for the address.
 *
 * `<!-- head style-src-attr 'unsafe-inline'; img-src blob: -->` adds to the content security policy. Links with
 * data-page to pages that are not built are left out; the link to the page itself is marked.
 */
export function fillPage(html, page, pages) {
  return html
    .replace(/<!--\s*head\b([\s\S]*?)-->/, (_all, more) => {
      return part('head').replaceAll('{{policy}}', policyWith(more)).replaceAll('{{page}}', page);
    })
    .replace(/<!--\s*top\s*-->/, () => part('top'))
    .replace(/<!--\s*address\b([\s\S]*?)-->/, (_all, title) => part('address').replaceAll('{{title}}', title.trim()))
    .replaceAll(/[ \t]*<a ([^>]*)data-page="(\w+)"([^>]*)>[^<]*<\/a>\n?/g, (link, before, name) => {
      if (!pages.includes(name)) return '';
      return name === page ? link.replace('data-page', 'aria-current="page" data-page') : link;
    });
}

/** A part of the shell. */
function part(name) {
  return readFileSync(path.join(SHELL, `${name}.html`), 'utf8').trimEnd();
}

/** The policy of a page, with what it adds as `rule value; rule value`. */
function policyWith(more) {
  const rules = { ...POLICY };
  for (const rule of more.split(';')) {
    const [name, ...values] = rule.trim().split(/\s+/);
    if (name) rules[name] = [rules[name] ?? '', ...values].join(' ').trim();
  }
  return Object.entries(rules)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');
}
