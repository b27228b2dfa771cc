import type { Ending } from '../link/ending.ts';

/** Shows how a connection ended in `<div class="note" role="alert" hidden></div>`; null hides it. */
export function showEnding(note: HTMLElement, ending: Ending | null): void {
  note.hidden = ending === null;
  note.replaceChildren();
  if (!ending) return;
  note.dataset['kind'] = ending.kind;
  const code = document.createElement('span');
  code.className = 'note-code';
  code.textContent = String(ending.code);
  const text = document.createElement('span');
  text.className = 'note-text';
  const title = document.createElement('strong');
  title.textContent = ending.title;
  text.append(title, ...[ending.text, ending.advice].filter((part) => part !== '').map((part) => ` ${part}`));
  note.append(code, text);
}
