import { Channel } from '../../../browser/channel.ts';
import { AddressField } from '../../shell/address-field.ts';
import { element } from '../../shell/element.ts';
import { showState } from '../../shell/state.ts';
import { PIXEL_REQUEST } from '../../vnc/alive.ts';
import { ring } from '../../vnc/bell.ts';
import { Cards } from '../../vnc/cards.ts';
import { ClipboardPanel } from '../../vnc/clipboard-panel.ts';
import { Drawers } from '../../vnc/drawers.ts';
import { FullScreen } from '../../vnc/fullscreen.ts';
import { KeyGuard } from '../../vnc/key-guard.ts';
import { KeyPanel } from '../../vnc/key-panel.ts';
import { keysymsOf } from '../../vnc/keysym.ts';
import { RemoteScreen } from '../../vnc/remote-screen.ts';
import type { VncState } from '../../vnc/session-state.ts';
import { VncSession } from '../../vnc/session.ts';
import { SettingsPanel } from '../../vnc/settings-panel.ts';
import { keptSettings, readLink, readSettings, type VncSettings } from '../../vnc/settings.ts';
import { hintOf, statusOf } from '../../vnc/status.ts';
import { TouchKeyboard } from '../../vnc/touch-keyboard.ts';

const KEEP = 'bascule.vnc';
const TITLE = document.title;
const link = new URL(location.href).searchParams;
const { autoconnect, shared } = readLink(link);
const coarse = matchMedia('(pointer: coarse)');

const place = element('screen');
const stage = element('stage');
const toggle = element<HTMLButtonElement>('toggle');
const pan = element<HTMLButtonElement>('pan');
const openKeyboard = element<HTMLButtonElement>('open-keyboard');

const session: VncSession<RemoteScreen, Channel> = new VncSession({
  openChannel: (address) =>
    new Channel(address, {
      // The session has a deadline of its own, and connects again by itself: noVNC has to begin anew as well.
      openTimeout: 0,
      keepalive: { probe: () => (session.state.name === 'connected' ? PIXEL_REQUEST : null) },
    }),
  openScreen: (channel, credentials) => new RemoteScreen(place, channel, { credentials, shared }),
  onState: show,
  onScreen: prepare,
});

const address = new AddressField();
const panel = new SettingsPanel(readSettings(kept(), link), (settings) => {
  keep(settings);
  if (session.screen) apply(session.screen, settings);
  session.reconnect = settings.reconnect;
  showControls(session.state);
});
const cards = new Cards({
  login: (credentials) => session.login(credentials),
  approve: () => session.approve(),
  connect: () => (session.state.name === 'waiting' ? session.retryNow() : connect()),
  leave: () => session.disconnect(),
});
const clipboard = new ClipboardPanel({
  send: (text) => session.screen?.clipboardPasteFrom(text),
  type: (text) => {
    for (const keysym of keysymsOf(text)) session.screen?.sendKey(keysym, null);
  },
});
const keys = new KeyPanel(() => session.screen);
const guard = new KeyGuard(place, () => {
  fullScreen.showTools(true);
  element('open-keys').focus();
});
const drawers = new Drawers(['keys', 'clipboard', 'settings'], (name) => {
  if (name === 'clipboard') void clipboard.refresh();
});
const fullScreen = new FullScreen();
const touch = new TouchKeyboard(
  element<HTMLTextAreaElement>('typing'),
  (keysym, code) => session.screen?.sendKey(keysym, code),
  (open) => {
    openKeyboard.ariaPressed = String(open);
    // A tap on the picture must not take the focus from the keyboard.
    if (session.screen) session.screen.focusOnClick = !open;
  },
);

/** Begins a visit to the address of the field. */
function connect(): void {
  if (address.address) session.connect(address.address);
}

/** Makes a new screen ready before anything is on it. */
function prepare(screen: RemoteScreen): void {
  apply(screen, panel.settings);
  screen.background = 'transparent';
  screen.addEventListener('bell', () => ring(stage, panel.settings.bell));
  screen.addEventListener('clipboard', (event) =>
    clipboard.receive((event as CustomEvent<{ text: string }>).detail.text),
  );
  screen.addEventListener('clippingviewport', () => showControls(session.state));
  const canvas = place.querySelector('canvas')!;
  canvas.tabIndex = 0;
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-label', 'Remote screen');
  canvas.setAttribute('aria-describedby', 'hint');
  for (const type of ['focus', 'blur']) canvas.addEventListener(type, () => showHint(session.state));
  canvas.addEventListener('focus', () => void clipboard.refresh());
  canvas.addEventListener('pointerdown', () => {
    drawers.close();
    fullScreen.showTools(false);
  });
  // noVNC changes these when the remote side changes its size.
  new MutationObserver(() => showSize(canvas)).observe(canvas, { attributeFilter: ['width', 'height', 'style'] });
}

/** Puts the settings into effect. */
function apply(screen: RemoteScreen, { scale, viewOnly, quality, compression }: VncSettings): void {
  if (viewOnly) {
    guard.release();
    keys.release();
  }
  screen.viewOnly = viewOnly;
  screen.scaleViewport = scale === 'fit';
  screen.resizeSession = scale === 'remote';
  // A finger cannot use scroll bars, since it is the pointer of the remote side.
  screen.clipViewport = scale !== 'fit' && coarse.matches;
  if (scale === 'fit') screen.dragViewport = false;
  screen.qualityLevel = quality;
  screen.compressionLevel = compression;
}

/** Shows a new state of the session everywhere on the page. */
function show(state: VncState): void {
  const { lamp, text } = statusOf(state);
  showState(lamp, text);
  document.title = state.name === 'connected' && state.desktop ? `${state.desktop} · ${TITLE}` : TITLE;
  if (state.name !== 'connected') {
    drawers.close();
    keys.release();
    touch.close();
    showSize(null);
  }
  if (state.name === 'connecting' || state.name === 'ended') clipboard.reset();
  if (state.name === 'ended') fullScreen.leave();
  cards.show(state);
  showControls(state);
  showHint(state);
  // The focus went with the screen.
  if ((state.name === 'ended' || state.name === 'waiting') && document.activeElement === document.body)
    element('again').focus();
  if (state.name === 'connected') {
    place.querySelector('canvas')?.setAttribute('aria-label', `Remote screen of ${state.desktop}`);
    // A phone would open its keyboard, or scroll.
    if (!coarse.matches && !panel.settings.viewOnly) session.screen?.focus({ preventScroll: true });
  }
}

/** Shows the controls that fit a state. */
function showControls({ name }: VncState): void {
  const resting = name === 'idle' || name === 'ended';
  const connected = name === 'connected';
  element('address').hidden = connected;
  address.locked = !resting;
  element('tools').hidden = !connected;
  element('notice').hidden = connected;
  toggle.textContent = connected ? 'Disconnect' : resting ? 'Connect' : 'Cancel';
  toggle.classList.toggle('button-main', name === 'idle');
  toggle.disabled = name === 'closing' || (resting && address.address === null);
  element<HTMLButtonElement>('again').disabled = resting && address.address === null;
  const { viewOnly } = panel.settings;
  openKeyboard.disabled = viewOnly;
  keys.disabled = viewOnly;
  clipboard.viewOnly = viewOnly;
  pan.hidden = !session.screen?.clippingViewport;
  pan.ariaPressed = String(session.screen?.dragViewport === true);
}

/** Says where keys go. */
function showHint(state: VncState): void {
  const { viewOnly } = panel.settings;
  const focused = place.contains(document.activeElement);
  element('hint').textContent = hintOf(state, { viewOnly, focused, touch: coarse.matches });
}

/** Shows the size of the remote screen, and how much of it is shown. */
function showSize(canvas: HTMLCanvasElement | null): void {
  const shown = canvas && canvas.width > 0 ? Math.round((canvas.clientWidth / canvas.width) * 100) : 100;
  element('size').textContent =
    canvas && canvas.width > 0 ? `${canvas.width} × ${canvas.height}${shown === 100 ? '' : ` at ${shown} %`}` : '';
}

/** The settings of the last visit. */
function kept(): string | null {
  try {
    return localStorage.getItem(KEEP);
  } catch {
    return null; // the browser keeps nothing for this page
  }
}

/** Keeps the settings for the next visit. */
function keep(settings: VncSettings): void {
  try {
    localStorage.setItem(KEEP, keptSettings(settings));
  } catch {
    // as above
  }
}

element('path').addEventListener('input', () => showControls(session.state));
element('connection').addEventListener('submit', (event) => {
  event.preventDefault();
  if (session.state.name === 'idle' || session.state.name === 'ended') connect();
  else session.disconnect();
});
pan.addEventListener('click', () => {
  const { screen } = session;
  if (screen) screen.dragViewport = !screen.dragViewport;
  showControls(session.state);
});
// Pressing a button would take the focus from the field that keeps the keyboard of a phone open.
element('tools').addEventListener('mousedown', (event) => {
  if (openKeyboard.ariaPressed === 'true') event.preventDefault();
});
openKeyboard.addEventListener('click', () => (openKeyboard.ariaPressed === 'true' ? touch.close() : touch.open()));
addEventListener('online', () => session.retryNow());
addEventListener('focus', () => {
  if (place.contains(document.activeElement)) void clipboard.refresh();
});
addEventListener('pagehide', () => session.disconnect());

session.reconnect = panel.settings.reconnect;
show(session.state);
if (autoconnect) connect();
