// oxlint-disable typescript/no-unnecessary-type-parameters -- as querySelector has it: the caller knows its page

/** The element of a page with this id. The page is ours: where it is missing, the page is wrong, and this throws. */
export function element<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.querySelector<Kind>(`#${id}`);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
