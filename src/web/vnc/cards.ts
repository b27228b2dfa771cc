import { element } from '../shell/element.ts';
import { CREDENTIAL_KINDS, type CredentialKind, type Credentials } from './credentials.ts';
import { describeVncEnd } from './ending.ts';
import { fingerprint } from './fingerprint.ts';
import { MAX_RETRIES } from './retry.ts';
import type { VncState } from './session-state.ts';

/** What the cards ask for. */
export interface CardActions {
  login(credentials: Credentials): void;
  approve(): void;
  connect(): void;
  leave(): void;
}

const BUSY: Readonly<Record<string, readonly [title: string, text: string]>> = {
  connecting: ['Connecting …', 'Waiting for the bridge.'],
  greeting: ['Connecting …', 'The bridge is there; waiting for the VNC server.'],
  authenticating: ['Logging in …', 'Waiting for the VNC server.'],
  closing: ['Disconnecting …', ''],
};

/** Stands where the key would. */
const NO_FINGERPRINT = 'It cannot be shown: browsers have the cryptography for that over HTTPS only.';

/** What stands in the place of the screen while there is none: where things stand, a question, or how it ended. */
export class Cards {
  #clock: ReturnType<typeof setInterval> | undefined;

  constructor(actions: CardActions) {
    element('plain-http').hidden = isSecureContext;
    element('card-login').addEventListener('submit', (event) => {
      event.preventDefault();
      actions.login(givenCredentials());
    });
    element('login-cancel').addEventListener('click', () => actions.leave());
    element('identity-yes').addEventListener('click', () => actions.approve());
    element('identity-no').addEventListener('click', () => actions.leave());
    element('again').addEventListener('click', () => actions.connect());
    element('stop').addEventListener('click', () => actions.leave());
  }

  /** Shows the card of a state, or none over a screen. */
  show(state: VncState): void {
    clearInterval(this.#clock);
    const card = cardOf(state);
    for (const name of ['start', 'busy', 'login', 'identity', 'end'])
      if (name !== card) element(`card-${name}`).hidden = true;
    if (card === 'busy') showBusy(state);
    if (state.name === 'login') askCredentials(state.kinds, state.refusal);
    if (state.name === 'identity') void askIdentity(state.key);
    if (state.name === 'ended' || state.name === 'waiting') this.#showEnd(state);
    if (card !== null) element(`card-${card}`).hidden = false;
    if (state.name === 'login') focusLogin(state.kinds, state.refusal !== null);
  }

  #showEnd(state: VncState & { name: 'ended' | 'waiting' }): void {
    const { code, kind, title, text, advice } = describeVncEnd(state.end);
    element('card-end').dataset['kind'] = kind;
    element('end-code').hidden = code === null;
    element('end-code').textContent = `Close code ${code}`;
    element('end-title').textContent = title;
    element('end-text').textContent = text;
    element('end-advice').textContent = advice;
    element('end-waiting').textContent = '';
    const waiting = state.name === 'waiting';
    element('again').textContent = waiting ? 'Try now' : 'Connect again';
    element('stop').hidden = !waiting;
    if (!waiting) return;
    const count = (): void => {
      const seconds = Math.max(0, Math.ceil((state.at - performance.now()) / 1000));
      const wait = `Trying again in ${seconds} s (${state.attempt} of ${MAX_RETRIES})`;
      if (element('end-waiting').textContent !== wait) element('end-waiting').textContent = wait;
    };
    count();
    this.#clock = setInterval(count, 250);
  }
}

/** The card of a state; null where the screen is shown. */
function cardOf(state: VncState): string | null {
  if (state.name === 'idle') return 'start';
  if (state.name === 'connected') return null;
  if (state.name === 'login' || state.name === 'identity') return state.name;
  return state.name === 'ended' || state.name === 'waiting' ? 'end' : 'busy';
}

/** Shows what is waited for. */
function showBusy({ name }: VncState): void {
  const [title, text] = BUSY[name]!;
  element('busy-title').textContent = title;
  element('busy-text').textContent = text;
}

/** Asks for what the server wants to know; after a refusal says so and empties the password. */
function askCredentials(kinds: readonly CredentialKind[], refusal: string | null): void {
  for (const kind of CREDENTIAL_KINDS) {
    element(`field-${kind}`).hidden = !kinds.includes(kind);
    element<HTMLInputElement>(kind).required = kinds.includes(kind) && kind !== 'password';
    element(kind).setAttribute('aria-invalid', String(refusal !== null));
  }
  element<HTMLInputElement>('password').value = '';
  element('login-title').textContent =
    kinds.length === 1 && kinds[0] === 'password' ? 'The server asks for a password' : 'The server asks who you are';
  element('refusal').hidden = refusal === null;
  element('refusal').textContent = `The server refused it${refusal ? `: ${refusal}` : ''}. Please try again.`;
}

/** Puts the cursor into the first field; after a refusal into the password. */
function focusLogin(kinds: readonly CredentialKind[], again: boolean): void {
  const first =
    again && kinds.includes('password') ? 'password' : CREDENTIAL_KINDS.find((kind) => kinds.includes(kind));
  if (first) element(first).focus();
}

/** What was filled in; the password is not left in the page. */
function givenCredentials(): Credentials {
  const shown = CREDENTIAL_KINDS.filter((kind) => !element(`field-${kind}`).hidden);
  const given = Object.fromEntries(shown.map((kind) => [kind, element<HTMLInputElement>(kind).value]));
  element<HTMLInputElement>('password').value = '';
  return given;
}

/** Shows the key that the server has shown, for the visitor to compare. */
async function askIdentity(key: Uint8Array<ArrayBuffer>): Promise<void> {
  const place = element('fingerprint');
  // Never the key of the server before, not even for a moment.
  place.textContent = '';
  place.textContent = (await fingerprint(key)) ?? NO_FINGERPRINT;
}
