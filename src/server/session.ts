import type { Duplex } from 'node:stream';
import { Abort } from '../abort.ts';
import { createRelay } from '../bridge/create-relay.ts';
import { IdleWatch } from '../bridge/idle.ts';
import { Keepalive } from '../bridge/keepalive.ts';
import { stallTime, type EndReason, type Relay, type RelayObserver, type Tap } from '../bridge/relay.ts';
import type { KeepaliveConfig, RelayConfig } from '../config/model.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { asBridgeError, BridgeError, type ErrorCode, type Side, type Stage } from '../errors.ts';
import type { Framing } from '../framing/framing.ts';
import type { Framings } from '../framing/framings.ts';
import type { ClientAddress, Handshake, Identity } from '../handshake.ts';
import type { HixieOpening } from '../http/legacy-hixie.ts';
import { refuseUpgrade, requireSubprotocol } from '../http/upgrade.ts';
import type { EventHub, SessionEnd, SessionView } from '../observe/events.ts';
import type { Recorder } from '../record/recorder.ts';
import type { Recording } from '../record/recording.ts';
import type { Peer, Resolver } from '../route/resolver.ts';
import { finishStream } from '../stream/finish-stream.ts';
import { isSocket } from '../stream/socket-reader.ts';
import type { TargetConnection } from '../target/target.ts';
import type { ClientConnection } from '../websocket/connection.ts';
import type { Clock, Ticking } from './clock.ts';
import { CloseDeadline } from './close-deadline.ts';
import { within } from './deadline.ts';
import { dial, hangUp } from './dial.ts';
import { Farewell } from './farewell.ts';
import { openConnection } from './open-connection.ts';
import { loadFraming, openFraming } from './session-framing.ts';
import type { SessionRegistry } from './session-registry.ts';
import { checkTransition, isUpgraded } from './session-state.ts';

/** How often a quiet session gives back its read buffers, in ms. */
const RELAX_INTERVAL = 5000;

/** What an unforeseen failure of a look-up counts as. */
const FALLBACK: Partial<Record<Stage, ErrorCode>> = { authenticate: 'AUTH_FAILED', route: 'ROUTE_FAILED' };

/** The way in that a session's listener gives it. */
export interface Entrance {
  /** null lets everybody in. */
  readonly authenticator: Authenticator | null;
  readonly resolver: Resolver;
  /** Deadline for each of the two, in ms. */
  readonly lookupTimeout: number;
}

/** What all sessions of a bridge share. */
export interface SessionHost {
  readonly events: EventHub;
  readonly clock: Clock;
  readonly registry: SessionRegistry;
  readonly recorder: Recorder;
  readonly framings: Framings;
}

/**
 * One WebSocket session: the only place that decides. The stages do their work when told and report here; every
 * failure leaves through `fail`, and the first reason wins.
 */
export class Session implements SessionView, RelayObserver, Ticking {
  readonly id: number;
  readonly listener: string;
  readonly client: ClientAddress;
  readonly path: string;
  readonly secure: boolean;
  readonly startedAt: number = Date.now();
  route = '';
  target = '';
  subprotocol = '';
  user = '';
  #stage: Stage = 'http';
  readonly #host: SessionHost;
  readonly #socket: Duplex;
  readonly #startTime = performance.now();
  #config: RelayConfig | null = null;
  #connection: ClientConnection | null = null;
  /** How a client older than RFC 6455 is answered; null for all others. */
  readonly #hixie: HixieOpening | null;
  #relay: Relay | null = null;
  #recording: Recording | null = null;
  #dial: Abort | null = null;
  #keepalive: Keepalive | null = null;
  #idle: IdleWatch | null = null;
  #relaxedAt = 0;
  #end: EndReason | null = null;
  #closeDeadline: CloseDeadline | null = null;
  #clientFinished = false;
  #clientClosed = false;
  #targetClosed = true;

  constructor(host: SessionHost, handshake: Handshake, socket: Duplex, hixie: HixieOpening | null = null) {
    this.#host = host;
    this.#socket = socket;
    this.#hixie = hixie;
    this.id = host.registry.nextId();
    this.listener = handshake.listener;
    this.client = handshake.client;
    this.path = handshake.path;
    this.secure = handshake.secure;
    socket.on('error', (error) => this.#onSocketError(error));
    socket.on('close', () => this.#onSocketClosed());
    host.registry.add(this);
  }

  get stage(): Stage {
    return this.#stage;
  }

  get bytesIn(): number {
    return this.#relay?.bytesIn ?? 0;
  }

  get bytesOut(): number {
    return this.#relay?.bytesOut ?? 0;
  }

  get end(): EndReason | null {
    return this.#end;
  }

  /**
   * Takes the connection from its checked handshake to the relay. `head` came with the request and is relayed. `key` is
   * the Sec-WebSocket-Key, for which the handshake would have to parse all headers.
   */
  async run(
    { authenticator, resolver, lookupTimeout }: Entrance,
    handshake: Handshake,
    head: Buffer,
    key: string = handshake.headers['sec-websocket-key'] ?? '',
  ): Promise<void> {
    try {
      const abort = (this.#dial = new Abort());
      let identity: Identity | null = null;
      if (authenticator) {
        this.#enter('authenticate');
        const known = authenticator.authenticate(handshake, abort);
        identity = known instanceof Promise ? await within(known, lookupTimeout, abort, 'AUTH_TIMEOUT') : known;
        if (this.#end) return;
        this.user = identity.name;
      }
      this.#enter('route');
      const found = resolver.resolve(handshake, identity, abort);
      const peer = found instanceof Promise ? await within(found, lookupTimeout, abort, 'ROUTE_TIMEOUT') : found;
      if (this.#end) return;
      const loading = loadFraming(this.#host.framings, peer.framing);
      if (loading) await within(loading, lookupTimeout, abort, 'ROUTE_TIMEOUT');
      if (this.#end) return;
      this.#upgrade(peer, handshake, head, key);
      // A subscriber that was told of a stage may have ended the session.
      const connection = this.#end ? null : await this.#connect(peer, handshake, abort);
      if (connection) this.#startRelay(connection, peer, this.#framing(connection, peer));
    } catch (error) {
      this.fail(asBridgeError(error, FALLBACK[this.#stage] ?? 'INTERNAL'));
    }
  }

  /** The one exit for failures: an HTTP status before the upgrade, a Close frame after it. The first reason wins. */
  fail(error: BridgeError): void {
    if (this.#end) return;
    const { close, side, sentence } = error.row;
    // 1006 is no code to send (RFC 6455 §7.4.1): a handler may throw it that lost the client of another session.
    const code = close === null || close === 1006 ? 1011 : close;
    const end = { code, reason: sentence, by: whoEnded(side), error };
    if (isUpgraded(this.#stage)) this.#finish(end);
    else this.#refuse(end);
  }

  /** Ends the session now, without any handshake. */
  destroy(): void {
    this.fail(new BridgeError('SHUTDOWN'));
    this.#socket.destroy();
    this.#relay?.destroyTarget();
  }

  tick(now: number): void {
    const relay = this.#relay;
    const config = this.#config;
    if (this.#stage !== 'relay' || !relay || !config) return;
    if (config.maxSession > 0 && now - this.#startTime >= config.maxSession)
      this.fail(new BridgeError('SESSION_LIMIT'));
    if (this.#idle?.tick(now, relay.bytesIn + relay.bytesOut)) this.fail(new BridgeError('IDLE_TIMEOUT'));
    const step = this.#keepalive?.tick(now, relay.signsOfLife, relay.clientPaused);
    if (step === 'ping') this.#connection?.ping();
    else if (step === 'drop') this.fail(new BridgeError('CLIENT_SILENT'));
    if (relay.clientPaused) this.#connection?.probe(this.#keepalive !== null);
    if (now - this.#relaxedAt < RELAX_INTERVAL) return;
    this.#relaxedAt = now;
    relay.relax();
  }

  // Stages

  #enter(stage: Stage): void {
    checkTransition(this.#stage, stage);
    this.#stage = stage;
    if (this.#host.events.has('session:stage')) this.#host.events.publish('session:stage', { session: this, stage });
  }

  /** Upgrades the connection and begins to watch the client. */
  #upgrade(peer: Peer, handshake: Handshake, head: Buffer, key: string): void {
    // What came before RFC 6455 has rules of its own.
    if (peer.strictSubprotocols && !this.#hixie) requireSubprotocol(handshake.subprotocols, peer.subprotocols);
    this.#enter('upgrade');
    if (this.#end) return;
    this.#config = peer.relay;
    this.route = peer.route;
    this.target = peer.target.label;
    const opening = { socket: this.#socket, offered: handshake.subprotocols, key, hixie: this.#hixie, head };
    const { connection, subprotocol } = openConnection(opening, peer.subprotocols, peer.relay);
    this.#connection = connection;
    this.subprotocol = subprotocol;
    this.#enter('dial');
    // The head may hold a Close frame already: the watch may end the session, and a subscriber may have.
    if (!this.#end) connection.watch(new Farewell(this));
  }

  /** Dials the target. Gives null when the session has ended meanwhile. */
  async #connect(peer: Peer, handshake: Handshake, abort: Abort): Promise<TargetConnection | null> {
    try {
      const connection = await dial(peer, this, handshake, abort);
      if (!this.#end) return connection;
      hangUp(connection);
      return null;
    } catch (error) {
      if (this.#end) return null;
      throw error;
    } finally {
      this.#dial = null;
    }
  }

  #startRelay(target: TargetConnection, peer: Peer, framing: Framing | null): void {
    const { events, clock } = this.#host;
    const now = performance.now();
    this.#enter('relay');
    // A subscriber that was told of the stage may have ended the session.
    if (this.#end) {
      framing?.dispose();
      return hangUp(target);
    }
    this.#relay = createRelay(target, this.target, peer.relay, this, this.#tap(peer), framing);
    this.#targetClosed = false;
    this.#keepAlive(peer.relay.keepalive, now);
    this.#idle = peer.relay.idleTimeout > 0 ? new IdleWatch(peer.relay.idleTimeout, now) : null;
    this.#relaxedAt = now;
    clock.add(this);
    events.publish('session:open', { session: this });
    if (this.#connection) this.#relay.start(this.#connection);
  }

  /** Begins to look for a dead client: by pings, or where there are none by those of TCP. */
  #keepAlive(config: KeepaliveConfig, now: number): void {
    if (config.interval === 0) return;
    if (this.#connection?.pings) this.#keepalive = new Keepalive(config, now);
    else if (isSocket(this.#socket)) this.#socket.setKeepAlive(true, config.interval);
  }

  /** Whoever watches the payload; null when nobody does. */
  #tap({ record }: Peer): Tap | null {
    const { events, recorder } = this.#host;
    const publish: Tap | null = events.has('session:data')
      ? (from, data) => events.publish('session:data', { session: this, from, data })
      : null;
    if (!record) return publish;
    const recording = (this.#recording = recorder.start(record, this, {
      hold: () => this.#relay?.hold(),
      release: () => this.#relay?.release(),
    }));
    return (from, data) => {
      publish?.(from, data);
      recording.write(from, data);
    };
  }

  /** How payload is put into messages. Before RFC 6455 there was only text. */
  #framing(target: TargetConnection, peer: Peer): Framing | null {
    try {
      return openFraming(this.#host.framings, peer, target, this.#hixie !== null || this.subprotocol === 'base64');
    } catch (error) {
      hangUp(target);
      throw error;
    }
  }

  // What the relay reports

  onTargetEnd(code: number = 1000, reason: string = ''): void {
    this.#finish({ code, reason, by: 'target', error: null });
  }

  onTargetError(error: BridgeError): void {
    this.fail(error);
    this.#relay?.destroyTarget();
  }

  onTargetClosed(): void {
    this.#targetClosed = true;
    this.#settle();
  }

  onClientClose(code: number, reason: string): void {
    this.#connection?.sendClose(code, '');
    this.#finish({ code, reason, by: 'client', error: null });
    this.#finishClient();
  }

  onClientEnd(): void {
    // Behind its Close frame that is the ordinary end.
    if (!this.#end) this.#finish({ code: 1006, reason: '', by: 'client', error: new BridgeError('CLIENT_GONE') });
    this.#finishClient();
  }

  onClientError(error: BridgeError): void {
    this.fail(error);
    this.#finishClient();
  }

  // The end

  /** Records why the session ends, tells the client and starts closing both sides. */
  #finish(end: EndReason): void {
    if (this.#end) return;
    this.#end = end;
    this.#enter('closing');
    this.#host.clock.remove(this);
    this.#dial?.abort(end.error ?? new BridgeError('CLIENT_GONE'));
    const connection = this.#connection;
    const config = this.#config;
    if (!connection || !config) return;
    if (end.code !== 1006) connection.sendClose(end.code, end.reason);
    if (end.error?.code === 'CLIENT_SILENT') this.#socket.destroy();
    // A target that ended goes on taking what the client still sends, until the client has answered the Close frame.
    if (end.by !== 'target') this.#relay?.finishTarget(false);
    // A client that has gone answers nothing; one that closed has answered.
    if (end.code === 1006 || this.#socket.destroyed) return;
    const cut = (): void => void this.#socket.destroy();
    if (end.by !== 'client' || end.error)
      this.#closeDeadline = new CloseDeadline(connection.writer, config.closeTimeout, stallTime(config), cut);
    if (!this.#relay) connection.start(new Farewell(this), 0);
  }

  /** Closes the client's side after its last word: everything queued for it is sent first. */
  #finishClient(): void {
    const config = this.#config;
    if (!config || this.#clientFinished) return;
    this.#clientFinished = true;
    this.#closeDeadline?.cancel();
    this.#relay?.finishTarget(false);
    if (this.#socket.destroyed) return;
    this.#connection?.resume();
    finishStream(this.#socket, { stall: stallTime(config), linger: config.closeTimeout });
  }

  #onSocketError(error: Error & { code?: string }): void {
    const gone = new BridgeError('CLIENT_GONE', { detail: error.code ?? error.message });
    if (isUpgraded(this.#stage)) this.#finish({ code: 1006, reason: '', by: 'client', error: gone });
    else this.fail(gone);
    // After its Close frame a client has ended as it should, however roughly its connection ends then.
    this.#relay?.finishTarget(!this.#connection?.closeReceived);
  }

  #onSocketClosed(): void {
    this.#clientClosed = true;
    this.#closeDeadline?.cancel();
    if (!isUpgraded(this.#stage)) this.fail(new BridgeError('CLIENT_GONE'));
    else if (!this.#end) this.onClientEnd();
    else this.#relay?.finishTarget(false);
    this.#settle();
  }

  /** Answers a handshake that is not accepted, with the status of the error. */
  #refuse(end: EndReason): void {
    this.#end = end;
    this.#dial?.abort(end.error);
    this.#enter('closed');
    this.#host.registry.remove(this);
    if (!end.error) return;
    const { challenge } = end.error;
    refuseUpgrade(this.#socket, end.error, challenge === null ? {} : { 'WWW-Authenticate': challenge });
    this.#host.events.publish('session:refused', { session: this, error: end.error });
  }

  /** Publishes the end once both sides are closed. */
  #settle(): void {
    if (!this.#clientClosed || !this.#targetClosed || this.#stage !== 'closing' || !this.#end) return;
    this.#enter('closed');
    this.#recording?.end();
    this.#host.registry.remove(this);
    const duration = performance.now() - this.#startTime;
    const { code, reason, by, error } = this.#end;
    this.#host.events.publish('session:close', { session: this, end: { code, reason, by, error, duration } });
  }
}

/** Puts the side at fault into the words of a session's end. */
function whoEnded(side: Side): SessionEnd['by'] {
  return side === 'operator' ? 'bridge' : side;
}
