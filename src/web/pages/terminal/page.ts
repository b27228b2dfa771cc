import { ENCODINGS, findEncoding } from '../../encoding/encodings.ts';
import type { LinkState } from '../../link/bridge-link.ts';
import type { ServerKind } from '../../link/greeting.ts';
import { formatBytes, formatDuration } from '../../link/quantity.ts';
import { AddressField } from '../../shell/address-field.ts';
import { canReadClipboard, copyWith } from '../../shell/clipboard.ts';
import { element } from '../../shell/element.ts';
import { showEnding } from '../../shell/ending-note.ts';
import { showState } from '../../shell/state.ts';
import { type LineEnd, type SessionMode, TerminalSession } from '../../terminal/terminal-session.ts';
import { TerminalView } from '../../terminal/terminal-view.ts';

const MODES: readonly SessionMode[] = ['line', 'raw', 'telnet'];
const LINE_ENDS: Readonly<Record<string, LineEnd>> = { crlf: '\r\n', lf: '\n', cr: '\r' };
/** What Enter sends unless the visitor chooses: a line protocol wants CR LF, a keyboard sends CR. */
const USUAL_LINE_END: Readonly<Record<SessionMode, string>> = { line: 'crlf', raw: 'cr', telnet: 'crlf' };

const HINTS: Readonly<Record<'line' | 'key', string>> = {
  line: '↑ ↓ history · Ctrl-D ends the connection · Tab leaves the terminal',
  key: 'Shift-Esc leaves the terminal',
};

/** The keys of the row below the terminal, as a terminal sends them. */
const KEYS: Readonly<Record<string, string>> = {
  Escape: '\u001b',
  Tab: '\t',
  Interrupt: '\u0003',
  End: '\u0004',
  Up: '\u001b[A',
  Down: '\u001b[B',
  Right: '\u001b[C',
  Left: '\u001b[D',
};

const toggle = element<HTMLButtonElement>('toggle');
const encoding = element<HTMLSelectElement>('encoding');
const lineEnd = element<HTMLSelectElement>('line-end');
const line = element<HTMLInputElement>('line');

const view = new TerminalView(element('terminal'), {
  onInput: (text) => session.input(text),
  onBinary: (bytes) => session.sendBytes(bytes),
  onEnd: () => session.link.close(),
  onResize: (columns, rows) => {
    session.resize(columns, rows);
    showSize();
  },
  onCopy: copy,
});
const session = new TerminalSession(view, {
  onState: showLink,
  onMode: showMode,
  onServer: suggest,
  onTrouble: say,
});
const address = new AddressField(showToggle);

/** Shows a new state of the link everywhere on the page. */
function showLink(state: LinkState): void {
  const { ending } = session.link;
  showState(state === 'closed' && ending?.kind === 'bad' ? 'failed' : state);
  const open = state === 'open';
  // What was typed of a password went with the connection that asked for it.
  if (!open && line.type === 'password') line.value = '';
  address.locked = state !== 'idle' && state !== 'closed';
  for (const control of document.querySelectorAll<HTMLButtonElement>('.try, .keys .button, #send, #paste'))
    control.disabled = !open;
  if (state === 'connecting') element('suggestion').hidden = element('tries').hidden = true;
  if (state === 'closed') view.note('connection closed');
  showEnding(element('ending'), ending);
  showToggle();
  showNumbers();
  if (open && !matchMedia('(pointer: coarse)').matches) view.focus();
}

/** The one button that connects and disconnects, and says which. */
function showToggle(): void {
  const { state } = session.link;
  const inUse = state === 'open' || state === 'closing';
  toggle.textContent = inUse
    ? 'Disconnect'
    : ({ idle: 'Connect', connecting: 'Cancel' }[state as string] ?? 'Reconnect');
  toggle.classList.toggle('button-main', !inUse);
  toggle.disabled = state === 'closing' || address.address === null;
}

/** Shows the bytes each way and the time. */
function showNumbers(): void {
  element('sent').textContent = formatBytes(session.link.sent);
  element('received').textContent = formatBytes(session.link.received);
  element('duration').textContent = formatDuration(session.link.duration);
}

/** Shows the size of the terminal in cells. */
function showSize(): void {
  element('size').textContent = `${view.columns} × ${view.rows}`;
}

/** Shows the mode, who echoes, and how to leave. */
function showMode(): void {
  const input = view.style.edit ? 'line' : 'key';
  document.body.dataset['mode'] = session.mode;
  document.body.dataset['input'] = input;
  line.type = view.style.edit && !view.style.echo ? 'password' : 'text';
  for (const choice of document.querySelectorAll<HTMLInputElement>('input[name="mode"]'))
    choice.checked = choice.value === session.mode;
  const first = { line: 'Enter sends the line', raw: 'Every key goes to the server', telnet: session.agreement };
  element('hint').textContent = `${first[session.mode]} · ${HINTS[input]}`;
}

/** Helps with a server that has said who it is. */
function suggest(kind: ServerKind): void {
  element('tries').hidden = kind !== 'demo';
  if (kind === 'ssh') say('This is an SSH server. It wants an SSH client; a terminal without one cannot log in.');
  if (kind === 'vnc') {
    const link = document.createElement('a');
    link.href = `vnc.html${location.search}`;
    link.textContent = 'Open the VNC page';
    say('This is a VNC server.', link);
  }
}

/** Says something below the terminal. */
function say(...parts: (string | Node)[]): void {
  const note = element('suggestion');
  const text = document.createElement('span');
  text.className = 'note-text';
  text.append(...parts.flatMap((part) => [part, ' ']));
  note.replaceChildren(text);
  note.hidden = false;
}

/** Puts a mode into effect, with the line end that is usual for it. */
function setMode(mode: SessionMode): void {
  lineEnd.value = USUAL_LINE_END[mode];
  session.lineEnd = LINE_ENDS[lineEnd.value]!;
  session.mode = mode;
}

/** Copies the selection, or everything. */
function copy(): void {
  void copyWith(element('copy'), view.copyable);
}

/** Pastes what is on the clipboard, or says why it cannot. */
async function paste(): Promise<void> {
  try {
    view.paste(await navigator.clipboard.readText());
  } catch {
    say('The browser does not let this page read the clipboard. Ctrl-Shift-V in the terminal pastes as well.');
  }
  view.focus();
}

/** Keeps a choice in the address of the page, so that it can be reloaded and given away. */
function remember(name: string, value: string, usual: string): void {
  const here = new URL(location.href);
  if (value === usual) here.searchParams.delete(name);
  else here.searchParams.set(name, value);
  history.replaceState(null, '', here);
}

/** Connects; with another connection before, to an empty screen. Without an address the field says why. */
function connect(): void {
  if (!address.address) return;
  if (session.link.state === 'closed') view.reset();
  void session.connect(address.address);
}

element('connection').addEventListener('submit', (event) => {
  event.preventDefault();
  const { state } = session.link;
  if (state === 'open' || state === 'connecting') session.link.close();
  else connect();
});
element('more').addEventListener('click', ({ currentTarget }) => {
  const more = currentTarget as HTMLElement;
  more.setAttribute('aria-expanded', String(more.getAttribute('aria-expanded') === 'false'));
});
element('modes').addEventListener('change', ({ target }) => {
  const mode = MODES.find((each) => each === (target as HTMLInputElement).value)!;
  session.followsServer = false;
  setMode(mode);
  remember('mode', mode, '');
});
encoding.append(...ENCODINGS.map(({ label, name }) => new Option(name, label)));
encoding.addEventListener('change', () => {
  session.encoding = encoding.value;
  remember('encoding', encoding.value, 'utf-8');
});
lineEnd.addEventListener('change', () => (session.lineEnd = LINE_ENDS[lineEnd.value]!));
element('echo').addEventListener('change', ({ target }) => (session.echo = (target as HTMLInputElement).checked));
element('copy').addEventListener('click', copy);
element('paste').hidden = !canReadClipboard();
element('paste').addEventListener('click', () => void paste());
element('clear').addEventListener('click', () => {
  view.clear();
  view.focus();
});
element('tries').addEventListener('click', ({ target }) => {
  const command = target instanceof HTMLElement ? target.dataset['line'] : undefined;
  if (command !== undefined) view.submit(command);
});
element('keys').addEventListener('click', ({ target }) => {
  const key = KEYS[(target as HTMLElement).dataset['key'] ?? ''];
  if (key !== undefined) view.type(key);
  view.focus();
});
element('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  if (session.link.state !== 'open') return;
  view.submit(line.value);
  line.value = '';
});

const asked = new URL(location.href).searchParams;
const mode = MODES.find((each) => each === asked.get('mode'));
session.followsServer = mode === undefined;
setMode(mode ?? 'line');
encoding.value = findEncoding(asked.get('encoding') ?? '')?.label ?? 'utf-8';
session.encoding = encoding.value;
session.echo = element<HTMLInputElement>('echo').checked;
showSize();
// Ten times a second is smooth for the eye, however many messages come.
setInterval(showNumbers, 100);
showLink(session.link.state);
connect();
