import { quoted } from '../address/host-port.ts';
import { BUILTIN_PAGES } from './builtin-pages.ts';

/** The words among the sources, which a policy wants in quotes. */
const KEYWORDS: ReadonlySet<string> = new Set(['self', 'none']);
/** `https://example.com`, `https://*.example.com:8443`; no path, and nothing that could end the rule (CSP 3 §2.3.1). */
const ORIGIN = /^https?:\/\/(?:(?:\*\.)?[\w-]+(?:\.[\w-]+)*|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** What is wrong with a list of sites that may frame the pages, and the remedy; null when it is right. */
export function frameAncestorsFault(
  sources: readonly string[],
): { readonly what: string; readonly remedy: string } | null {
  const wrong = sources.find((source) => !KEYWORDS.has(source) && source !== '*' && !ORIGIN.test(source));
  if (wrong !== undefined)
    return {
      what: `${quoted(wrong)} is no origin`,
      remedy: "write it like https://example.com or https://*.example.com, or use the words self, none and '*'",
    };
  if (sources.includes('none') && sources.length > 1)
    return { what: "'none' stands beside others", remedy: 'give none alone, or leave it out' };
  return null;
}

/**
 * The sources of the rule `frame-ancestors` (CSP 3 §6.4.2) for the pages below a web root, as the header has them; null
 * for no rule. The pages of the bridge take what a visitor types: no other site frames them unless the operator says so.
 */
export function frameAncestors(root: string, given: readonly string[] | null): string | null {
  const sources = given ?? (root === BUILTIN_PAGES ? ['self'] : null);
  return sources && sources.map((source) => (KEYWORDS.has(source) ? `'${source}'` : source)).join(' ');
}
