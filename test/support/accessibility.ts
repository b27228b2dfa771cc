import axe from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * What axe-core finds wrong with a page as it stands, each as 'rule: what is wrong (selectors)'.
 *
 * It is put into the page as a script, which the policy of our pages forbids: open the page in a context with
 * `bypassCSP: true`.
 */
export async function violations(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe.source });
  // Colours are measured where they have come to rest.
  await page.evaluate(
    'Promise.all(document.getAnimations().filter((a) => a.effect?.getTiming().iterations === 1).map((a) => a.finished.catch(() => {})))',
  );
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, help, nodes }) => id + ': ' + help + ' (' + nodes.map(({ target }) => target.join(' ')).join(', ') + ')'))`);
}
