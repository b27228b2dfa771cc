/** How the connection of a page stands; 'idle' is before the first one, 'failed' an end that should not have been. */
export type PageState = 'idle' | 'connecting' | 'open' | 'closing' | 'closed' | 'failed';

const TEXT: Readonly<Record<PageState, string>> = {
  idle: 'Not connected',
  connecting: 'Connecting …',
  open: 'Connected',
  closing: 'Closing …',
  closed: 'Closed',
  failed: 'Failed',
};

/** Shows a state in the top bar: the lamp, the bridge, and a word or `text` instead of it. */
export function showState(state: PageState, text: string = TEXT[state]): void {
  document.body.dataset['state'] = state;
  const place = document.querySelector('#state');
  // A screen reader speaks what changes, so the same word is not set twice.
  if (place && place.textContent !== text) place.textContent = text;
}
