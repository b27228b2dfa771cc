import type { Abort } from '../../../src/abort.ts';
import type { RelayConfig } from '../../../src/config/model.ts';
import type { Handshake, Identity } from '../../../src/handshake.ts';
import { Framings } from '../../../src/framing/framings.ts';
import { EventHub, type BridgeEvents, type SessionEnd } from '../../../src/observe/events.ts';
import { Recorder, type RecorderOptions } from '../../../src/record/recorder.ts';
import type { Peer, Resolver } from '../../../src/route/resolver.ts';
import { Clock } from '../../../src/server/clock.ts';
import { SessionRegistry } from '../../../src/server/session-registry.ts';
import { Session, type Entrance } from '../../../src/server/session.ts';
import type { DialContext, Target, TargetConnection } from '../../../src/target/target.ts';
import { duplexPair, type DuplexPairOptions, type PairEnd } from '../../support/duplex-pair.ts';
import { FrameLog } from '../../support/frames.ts';
import { until } from '../../support/wait.ts';
import { relayConfig } from '../bridge/relay-config.ts';

/** The handshake of RFC 6455 §1.3, with what a test is about changed. */
export function handshake(given: Partial<Handshake> = {}): Handshake {
  return {
    method: 'GET',
    path: '/chat',
    query: new URLSearchParams(),
    headers: { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    cookies: new Map(),
    host: 'server.example.com',
    client: { family: 'ipv4', address: '192.0.2.1', port: 4711 },
    secure: false,
    subprotocols: ['binary'],
    listener: 'front',
    ...given,
  };
}

/** A session between a client and a target in memory, and everything that was told about it. */
export interface Scene {
  readonly session: Session;
  readonly events: EventHub;
  readonly clock: CountingClock;
  readonly registry: SessionRegistry;
  readonly framings: Framings;
  readonly recorder: Recorder;
  /** The browser's end of the connection, and what came out of it. */
  readonly client: PairEnd;
  readonly seen: FrameLog;
  /** The server's end of the connection to the target, and what came out of it. */
  readonly target: PairEnd;
  readonly received: () => string;
  /** The bridge's end of both. */
  readonly clientSide: PairEnd;
  readonly targetSide: PairEnd;
  readonly stages: string[];
  readonly ends: SessionEnd[];
  readonly refused: BridgeEvents['session:refused'][];
  /** What dials were given to be ended by. */
  readonly aborts: Abort[];
  readonly ran: Promise<void>;
}

export interface SceneOptions extends DuplexPairOptions {
  readonly relay?: Partial<RelayConfig>;
  readonly head?: Buffer;
  readonly handshake?: Partial<Handshake>;
  /** How the target is dialled, when not at once. */
  readonly connect?: (context: DialContext, targetSide: PairEnd) => Promise<TargetConnection>;
  readonly resolve?: (peer: Peer, identity: Identity | null) => Promise<Peer> | Peer;
  /** Who the client is; without it nobody asks. */
  readonly authenticate?: (signal: AbortSignal) => Promise<Identity> | Identity;
  readonly lookupTimeout?: number;
  readonly subprotocols?: readonly string[];
  /** Records the session, with these options. */
  readonly recorder?: RecorderOptions;
  /** Called before the session runs. */
  readonly before?: (scene: Omit<Scene, 'ran'>) => void;
}

/** A clock that tells how many take part. */
export class CountingClock extends Clock {
  members = 0;

  override add(member: Parameters<Clock['add']>[0]): void {
    this.members++;
    super.add(member);
  }

  override remove(member: Parameters<Clock['remove']>[0]): void {
    if (this.members > 0) this.members--;
    super.remove(member);
  }
}

/** Runs a session. */
export function play(options: SceneOptions = {}): Scene {
  const [client, clientSide] = duplexPair(options);
  const [target, targetSide] = duplexPair(options);
  const events = new EventHub();
  const recorder = new Recorder(events, options.recorder);
  const framings = new Framings(() => {});
  const host = { events, clock: new CountingClock(10), registry: new SessionRegistry(), recorder, framings };
  const aborts: Abort[] = [];
  const stages: string[] = [];
  const ends: SessionEnd[] = [];
  const refused: BridgeEvents['session:refused'][] = [];
  const received: Buffer[] = [];
  events.on('session:stage', ({ stage }) => stages.push(stage));
  events.on('session:close', ({ end }) => ends.push(end));
  events.on('session:refused', (event) => refused.push(event));
  for (const end of [client, target]) end.on('error', () => {});
  target.on('data', (chunk: Buffer) => received.push(chunk));
  const dialled: Target = {
    label: 'tcp://target:1',
    connect: async (context) => {
      aborts.push(context.abort);
      return options.connect ? options.connect(context, targetSide) : { kind: 'stream', duplex: targetSide };
    },
  };
  const peer: Peer = {
    route: 'vnc',
    target: dialled,
    subprotocols: options.subprotocols ?? ['binary'],
    relay: relayConfig(options.relay),
    record: options.recorder ? { path: '/recordings/session' } : undefined,
  };
  const resolver: Resolver = {
    resolve: (_handshake, identity) => (options.resolve ? options.resolve(peer, identity) : peer),
  };
  const { authenticate } = options;
  const entrance: Entrance = {
    authenticator: authenticate ? { authenticate: (_handshake, { signal }) => authenticate(signal) } : null,
    resolver,
    lookupTimeout: options.lookupTimeout ?? 1000,
  };
  const asked = handshake(options.handshake);
  const session = new Session(host, asked, clientSide);
  const scene = {
    session,
    ...host,
    client,
    seen: new FrameLog(client, { head: true }),
    target,
    received: () => Buffer.concat(received).toString('latin1'),
    clientSide,
    targetSide,
    stages,
    ends,
    refused,
    aborts,
  };
  options.before?.(scene);
  return { ...scene, ran: session.run(entrance, asked, options.head ?? Buffer.alloc(0)) };
}

/** Waits until the session has ended on both sides, and checks that nothing of it is left. */
export async function ended(scene: Scene): Promise<SessionEnd> {
  await until('the session has ended', () => scene.ends.length > 0);
  await scene.ran;
  const left = {
    stage: scene.session.stage,
    sessions: scene.registry.size,
    clock: scene.clock.members,
    client: scene.clientSide.destroyed,
  };
  const none = { stage: 'closed', sessions: 0, clock: 0, client: true };
  if (JSON.stringify(left) !== JSON.stringify(none)) throw new Error(`left behind: ${JSON.stringify(left)}`);
  if (scene.ends.length > 1) throw new Error('the session ended twice');
  return scene.ends[0]!;
}
