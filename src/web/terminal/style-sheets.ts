/**
 * Runs `make`, and gives it, for every `<style>` element that it asks for, an inert one whose rules go into a style
 * sheet of the document.
 *
 * A terminal writes its rules into such elements. The policy of our pages forbids them (style-src 'self'), as it
 * should: whoever gets an element into a page could else restyle it. Sheets made by script are allowed.
 */
export function withStyleSheets<Made>(make: () => Made): Made {
  const create = document.createElement.bind(document);
  document.createElement = (name: string, options?: ElementCreationOptions) =>
    name === 'style' ? ruleKeeper(create('link')) : create(name, options);
  try {
    return make();
  } finally {
    // The method of the prototype is in sight again.
    Reflect.deleteProperty(document, 'createElement');
  }
}

/** Makes an element whose text, whenever it is set, becomes the rules of a style sheet of its own. */
function ruleKeeper(element: HTMLElement): HTMLElement {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, 'textContent', {
    set(rules: string) {
      sheet.replaceSync(rules);
    },
  });
  return element;
}
