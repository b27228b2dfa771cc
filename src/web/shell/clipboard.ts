/** Puts a text on the clipboard; false where the browser does not let a page do that. Call it in answer to a click or a key. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages that came over plain HTTP have no clipboard API, or it was refused; selections can be copied all the same.
    return copyBySelection(text);
  }
}

/** Copies a text for a button labelled 'Copy', which says for a moment what came of it. Call it like copyText(). */
export async function copyWith(button: HTMLElement, text: string): Promise<void> {
  button.textContent = (await copyText(text)) ? 'Copied' : 'Not allowed';
  setTimeout(() => (button.textContent = 'Copy'), 1500);
}

/** Whether a page here may ask for what is on the clipboard. */
export function canReadClipboard(): boolean {
  return typeof navigator.clipboard?.readText === 'function';
}

/** Copies a text by selecting it in a field that nobody sees; false where that is forbidden, too. */
function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  document.body.append(area);
  area.select();
  // oxlint-disable-next-line typescript/no-deprecated -- nothing has taken its place where the API is missing
  const done = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
