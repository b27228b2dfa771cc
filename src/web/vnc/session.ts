import type { CredentialKind, Credentials } from './credentials.ts';
import { MAX_RETRIES, retryDelay } from './retry.ts';
import type { VncEnd, VncStage, VncState } from './session-state.ts';

/** How long the bridge has to answer, in ms. */
export const OPEN_DEADLINE = 15_000;
/** How long the VNC server has for its greeting and for each step to the screen, in ms; a visitor has all the time. */
export const STEP_DEADLINE = 15_000;

/** A screen that was shown for so long, in ms, was a success: the tries are counted anew. */
export const LASTING = 5000;

const OPEN = 1;
/** The bridge ends what is against its rules, such as its time limit: whoever wants to go on has to say so. */
const AGAINST_RULE = 1008;

/** What a session needs of its WebSocket. */
export interface SessionChannel {
  readonly readyState: number;
  /** 'open', and 'close' with the fields of a CloseEvent. */
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

/** What a session needs of noVNC's RFB. */
export interface SessionScreen {
  onfailure: ((details: string) => void) | null;
  addEventListener(type: string, listener: (event: Event) => void): void;
  disconnect(): void;
  approveServer(): void;
  sendCredentials(credentials: Credentials): void;
}

/** What a session is made of and whom it tells. */
export interface SessionParts<Screen extends SessionScreen, Channel extends SessionChannel> {
  openChannel(address: URL): Channel;
  openScreen(channel: Channel, credentials: Credentials): Screen;
  /** Hears every change of state. */
  onState(state: VncState): void;
  /** Hears of a new screen before anything is on it. */
  onScreen(screen: Screen): void;
}

/** A visit to a VNC server: one connection after another, with what the visitor must be asked in between. */
export class VncSession<Screen extends SessionScreen, Channel extends SessionChannel = SessionChannel> {
  readonly #parts: SessionParts<Screen, Channel>;
  #state: VncState = { name: 'idle' };
  #address: URL | null = null;
  #connection: Connection<Screen> | null = null;
  #credentials: Credentials = {};
  /** What the server asked for last, to be asked again. */
  #kinds: readonly CredentialKind[] = ['password'];
  /** The server key that the visitor approved during this visit. */
  #approved: Uint8Array<ArrayBuffer> | null = null;
  #reconnect = false;
  #attempt = 0;
  /** Whether this visit has seen the screen: only what worked once is tried again. */
  #worked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: SessionParts<Screen, Channel>) {
    this.#parts = parts;
  }

  get state(): VncState {
    return this.#state;
  }

  /** The screen while there is one. */
  get screen(): Screen | null {
    return this.#connection?.screen ?? null;
  }

  /** Whether a lost connection is made again by itself. Turning it off ends a wait. */
  set reconnect(reconnect: boolean) {
    this.#reconnect = reconnect;
    if (!reconnect && this.#state.name === 'waiting') this.#enter({ name: 'ended', end: this.#state.end });
  }

  /** Begins a visit; nothing happens while there is one. */
  connect(address: URL): void {
    if (this.#state.name !== 'idle' && this.#state.name !== 'ended') return;
    this.#address = address;
    this.#credentials = {};
    this.#approved = null;
    this.#attempt = 0;
    this.#worked = false;
    this.#dial();
  }

  /** Connects at once instead of at the end of a wait. */
  retryNow(): void {
    if (this.#state.name === 'waiting') this.#dial();
  }

  /** Answers the question for credentials. */
  login(credentials: Credentials): void {
    if (this.#state.name !== 'login') return;
    this.#credentials = credentials;
    const connection = this.#connection;
    // After a refusal the server has hung up, and the answer needs a connection of its own.
    if (!connection) return this.#dial();
    connection.stage = 'login';
    this.#enter({ name: 'authenticating' });
    this.#allow(STEP_DEADLINE, connection);
    connection.screen.sendCredentials({ ...credentials });
  }

  /** Answers the question for the identity of the server: it is the right one. */
  approve(): void {
    const connection = this.#connection;
    if (this.#state.name !== 'identity' || !connection) return;
    this.#approved = this.#state.key;
    this.#enter({ name: 'authenticating' });
    this.#allow(STEP_DEADLINE, connection);
    connection.screen.approveServer();
  }

  /** Ends the visit. */
  disconnect(): void {
    const connection = this.#connection;
    if (!connection) {
      if (this.#state.name === 'waiting' || this.#state.name === 'login')
        this.#enter({ name: 'ended', end: { by: 'user' } });
      return;
    }
    if (this.#state.name === 'closing') return;
    connection.end ??= { by: 'user' };
    this.#enter({ name: 'closing' });
    connection.screen.disconnect();
  }

  #dial(): void {
    this.#enter({ name: 'connecting' });
    let connection: Connection<Screen>;
    try {
      const channel = this.#parts.openChannel(this.#address!);
      const screen = this.#parts.openScreen(channel, { ...this.#credentials });
      connection = { screen, channel, stage: 'opening', shownAt: Infinity, closed: null, end: null, desktop: '' };
    } catch (error) {
      const details = error instanceof Error ? error.message : String(error);
      return this.#over({ by: 'browser', details });
    }
    this.#connection = connection;
    this.#allow(OPEN_DEADLINE, connection);
    this.#follow(connection);
    this.#parts.onScreen(connection.screen);
  }

  /** Listens to a connection until it is over. */
  #follow(connection: Connection<Screen>): void {
    const { channel, screen } = connection;
    const mine = (): boolean => this.#connection === connection && connection.end === null;
    channel.addEventListener('open', () => {
      if (!mine()) return;
      connection.stage = 'greeting';
      this.#enter({ name: 'greeting' });
      this.#allow(STEP_DEADLINE, connection);
    });
    channel.addEventListener('close', (event) => {
      const { code, reason } = event as Event & ClosedChannel;
      connection.closed = { code, reason };
    });

    const on = (type: string, listener: (detail: never) => void): void =>
      screen.addEventListener(type, (event) => listener((event as CustomEvent<never>).detail));
    on('credentialsrequired', ({ types }: { types: readonly CredentialKind[] }) => {
      if (!mine()) return;
      connection.stage = 'login';
      this.#kinds = types;
      clearTimeout(this.#timer);
      this.#enter({ name: 'login', kinds: types, refusal: null });
    });
    on('serververification', ({ publickey }: { publickey: Uint8Array<ArrayBuffer> }) => {
      if (!mine()) return;
      connection.stage = 'login';
      // A reconnect does not ask again, unless another server answers.
      if (this.#approved && String(this.#approved) === String(publickey)) return screen.approveServer();
      clearTimeout(this.#timer);
      this.#enter({ name: 'identity', key: publickey });
    });
    on(
      'securityfailure',
      ({ reason }: { reason?: string }) => (connection.end ??= { by: 'login', reason: reason ?? '' }),
    );
    on('desktopname', ({ name }: { name: string }) => {
      connection.desktop = name;
      if (mine() && this.#state.name === 'connected') this.#enter({ name: 'connected', desktop: name });
    });
    on('connect', () => {
      if (!mine()) return;
      clearTimeout(this.#timer);
      connection.stage = 'screen';
      connection.shownAt = performance.now();
      this.#worked = true;
      this.#enter({ name: 'connected', desktop: connection.desktop });
    });
    screen.onfailure = (details) => {
      // A failure after the end of the channel is only noVNC's word for that end.
      if (channel.readyState === OPEN) connection.end ??= { by: 'protocol', details, stage: connection.stage };
    };
    on('disconnect', () => {
      if (connection.end || connection.closed) this.#leave(connection);
      // noVNC may hear of the end before this session does.
      else setTimeout(() => this.#leave(connection));
    });
  }

  /** Gives a connection so long for its next step, in ms. */
  #allow(time: number, connection: Connection<Screen>): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      connection.end ??= { by: 'deadline', stage: connection.stage };
      connection.screen.disconnect();
    }, time);
  }

  /** Lets go of a connection that is over. */
  #leave(connection: Connection<Screen>): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    clearTimeout(this.#timer);
    if (performance.now() - connection.shownAt >= LASTING) this.#attempt = 0;
    const { code, reason } = connection.closed ?? { code: 1006, reason: '' };
    if (connection.channel.readyState <= OPEN) connection.channel.close();
    this.#over(connection.end ?? { by: 'close', code, reason, stage: connection.stage });
  }

  /** Decides what follows the end of a connection: the question for another password, a new try, or nothing. */
  #over(end: VncEnd): void {
    if (end.by === 'login' && Object.keys(this.#credentials).length > 0) {
      this.#credentials = {};
      return this.#enter({ name: 'login', kinds: this.#kinds, refusal: end.reason });
    }
    const transient = end.by === 'deadline' || (end.by === 'close' && end.code !== AGAINST_RULE);
    if (!transient || !this.#reconnect || !this.#worked || this.#attempt >= MAX_RETRIES)
      return this.#enter({ name: 'ended', end });
    this.#attempt += 1;
    const delay = retryDelay(this.#attempt);
    this.#enter({ name: 'waiting', end, attempt: this.#attempt, at: performance.now() + delay });
    this.#timer = setTimeout(() => this.#dial(), delay);
  }

  /** The one place where the state changes. */
  #enter(state: VncState): void {
    if (state.name === 'ended' || state.name === 'connecting') clearTimeout(this.#timer);
    if (state.name === 'ended') this.#credentials = {};
    this.#state = state;
    this.#parts.onState(state);
  }
}

/** One connection of a visit. */
interface Connection<Screen> {
  readonly screen: Screen;
  readonly channel: SessionChannel;
  stage: VncStage;
  /** When the screen was there, in ms (performance.now); Infinity before. */
  shownAt: number;
  /** What the channel said when it closed. */
  closed: ClosedChannel | null;
  /** Why it is over, when something else than the channel ended it. */
  end: VncEnd | null;
  desktop: string;
}

interface ClosedChannel {
  readonly code: number;
  readonly reason: string;
}
