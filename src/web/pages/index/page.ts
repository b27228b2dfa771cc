import { checkBridge, type CheckResult } from '../../link/check.ts';
import { exampleFor } from '../../link/example.ts';
import type { ServerKind } from '../../link/greeting.ts';
import { AddressField } from '../../shell/address-field.ts';
import { copyWith } from '../../shell/clipboard.ts';
import { element } from '../../shell/element.ts';
import { showEnding } from '../../shell/ending-note.ts';

const NAMES: Readonly<Record<ServerKind, string>> = {
  demo: 'The demo server answers. Talk to it in the terminal.',
  load: 'The load-test server answers. Diagnostics measures with it.',
  ssh: 'An SSH server answers. It wants an SSH client, which none of these pages is.',
  telnet: 'A TELNET server answers. The terminal speaks TELNET.',
  vnc: 'A VNC server answers. Open VNC.',
};

const check = element<HTMLButtonElement>('try');
const result = element('result');
const address = new AddressField(showAddress);

/** Shows the address on the cards and in the example. */
function showAddress(): void {
  const { address: url } = address;
  check.disabled = url === null;
  result.hidden = element('paths').hidden = true;
  element('hero').dataset['state'] = 'idle';
  for (const card of document.querySelectorAll<HTMLElement>('.card')) delete card.dataset['fits'];
  if (!url) return;
  for (const place of document.querySelectorAll<HTMLElement>('.card-address')) {
    // Without a chosen path, diagnostics looks for the load-test server of the demo.
    const { path } = place.dataset;
    const isDefault = url.search === '' && url.pathname === new URL('.', location.href).pathname;
    place.textContent = path !== undefined && isDefault ? new URL(path, url).href : url.href;
  }
  element('example').textContent = exampleFor(url);
}

/** Tells who answered, and marks the page that fits. */
function showResult(found: CheckResult): void {
  element('hero').dataset['state'] = found.kind === 'answered' ? 'open' : 'failed';
  if (found.kind === 'failed') {
    showEnding(result, found.ending);
    return;
  }
  const { server, ms, says } = found;
  const time = document.createElement('span');
  time.className = 'note-code';
  time.textContent = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  const text = document.createElement('span');
  text.className = 'note-text';
  const silent = says ? `The server says: “${says}”` : 'The server is there. It says nothing until it is spoken to.';
  text.textContent = server ? NAMES[server] : silent;
  result.dataset['kind'] = 'good';
  result.replaceChildren(time, text);
  result.hidden = false;
  element('paths').hidden = server !== 'demo';
  for (const card of document.querySelectorAll<HTMLElement>('.card'))
    if (server && card.dataset['for']?.split(' ').includes(server)) card.dataset['fits'] = '';
}

element('check').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { address: url } = address;
  if (!url || check.disabled) return;
  check.disabled = true;
  check.textContent = 'Checking …';
  element('hero').dataset['state'] = 'connecting';
  const found = await checkBridge(url);
  check.textContent = 'Check';
  check.disabled = false;
  // The visitor may have written another path meanwhile.
  if (address.address?.href === url.href) showResult(found);
});
element('paths').addEventListener('click', ({ target }) => {
  const path = target instanceof HTMLElement ? target.dataset['path'] : undefined;
  if (path === undefined) return;
  address.choose(`${new URL('.', location.href).pathname}${path}`);
  element<HTMLFormElement>('check').requestSubmit();
});
element('copy').addEventListener('click', () => void copyWith(element('copy'), element('example').textContent));
showAddress();
