import { bridgeAddress } from '../../link/address.ts';
import { BridgeLink, type LinkEnd, type LinkState } from '../../link/bridge-link.ts';
import { closeCodeName } from '../../link/close-code.ts';
import { formatBytes, formatDuration } from '../../link/quantity.ts';
import { TerminalView, type InputMode } from '../../terminal/terminal-view.ts';

const STATE_TEXT: Readonly<Record<LinkState, string>> = {
  idle: 'Not connected',
  connecting: 'Connecting …',
  open: 'Connected',
  closing: 'Closing …',
  closed: 'Closed',
};

const HINTS: Readonly<Record<InputMode, string>> = {
  line: 'Enter sends the line · ↑ ↓ history · Ctrl-D ends the connection · Tab leaves the terminal',
  raw: 'Every key goes to the target · Shift-Esc leaves the terminal',
};

const part = (id: string): HTMLElement => document.querySelector<HTMLElement>(`#${id}`)!;
const toggle = document.querySelector<HTMLButtonElement>('#toggle')!;
const line = document.querySelector<HTMLInputElement>('#line')!;

const terminal = new TerminalView(part('terminal'), {
  onInput: (text) => link.send(text),
  onEnd: () => link.close(),
});
const link = new BridgeLink(bridgeAddress(new URL(location.href)), {
  onState: showState,
  onBytes: (bytes) => terminal.write(bytes),
});

/** Shows a new state of the link everywhere on the page. */
function showState(state: LinkState): void {
  document.body.dataset['state'] = state;
  part('state').textContent = STATE_TEXT[state];
  const busy = state === 'connecting' || state === 'closing';
  toggle.textContent =
    state === 'open' || state === 'closing' ? 'Disconnect' : state === 'idle' ? 'Connect' : 'Reconnect';
  toggle.disabled = busy;
  toggle.classList.toggle('button-main', state !== 'open' && state !== 'closing');
  for (const control of document.querySelectorAll<HTMLButtonElement>('.try, .composer .button'))
    control.disabled = state !== 'open';

  terminal.active = state === 'open';
  if (state === 'closed') terminal.note('connection closed');
  showEnd(link.end);
  showNumbers();
  if (state === 'open' && !matchMedia('(pointer: coarse)').matches) terminal.focus();
}

/** Shows how the link ended: the code, what it means, and the reason that the bridge gave. */
function showEnd(end: LinkEnd | null): void {
  part('ending').hidden = end === null;
  if (end === null) return;
  part('ending').dataset['kind'] = end.code === 1000 || end.code === 1001 ? 'plain' : 'bad';
  part('ending-code').textContent = String(end.code);
  part('ending-name').textContent = end.wasOpen ? closeCodeName(end.code) : 'No connection';
  part('ending-reason').textContent =
    end.reason || (end.wasOpen ? '' : 'The bridge did not answer, or it refused the upgrade.');
}

/** Shows the bytes each way and the time. */
function showNumbers(): void {
  part('sent').textContent = formatBytes(link.sent);
  part('received').textContent = formatBytes(link.received);
  part('duration').textContent = formatDuration(link.duration);
}

/** Changes between line and raw input. */
function setMode(mode: InputMode): void {
  terminal.mode = mode;
  document.body.dataset['mode'] = mode;
  part('hint').textContent = HINTS[mode];
}

part('address').textContent = link.address;
toggle.addEventListener('click', () => (link.state === 'open' ? link.close() : link.connect()));
part('clear').addEventListener('click', () => {
  terminal.clear();
  terminal.focus();
});
for (const choice of document.querySelectorAll<HTMLInputElement>('input[name="mode"]')) {
  choice.addEventListener('change', () => setMode(choice.value === 'raw' ? 'raw' : 'line'));
}
part('tries').addEventListener('click', (event) => {
  const command = event.target instanceof HTMLElement ? event.target.dataset['line'] : undefined;
  if (command !== undefined) terminal.submit(command);
});
part('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  if (link.state !== 'open') return;
  terminal.submit(line.value);
  line.value = '';
});

const raw = document.querySelector<HTMLInputElement>('input[name="mode"]:checked')?.value === 'raw';
setMode(raw ? 'raw' : 'line');
// Ten times a second is smooth for the eye, however many messages come.
setInterval(showNumbers, 100);
link.connect();
