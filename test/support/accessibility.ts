import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe-core finds wrong with a page as it stands, each as 'rule: what is wrong (selectors)'.
 *
 * It is put into the page as a script, which the policy of our pages forbids: open the page in a context with
 * `bypassCSP: true`.
 */
export async function violations(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: AXE });
  // Colours are measured where they have come to rest.
  await page.evaluate(
    'Promise.all(document.getAnimations().filter((a) => a.effect?.getTiming().iterations === 1).map((a) => a.finished.catch(() => {})))',
  );
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, help, nodes }) => id + ': ' + help + ' (' + nodes.map(({ target }) => target.join(' ')).join(', ') + ')'))`);
}
