import type { RelayConfig } from '../config/model.ts';
import type { BridgeError } from '../errors.ts';
import type { Framing } from '../framing/framing.ts';
import type { ClientConnection } from '../websocket/connection.ts';
import type { DataOpcode } from '../websocket/opcode.ts';
import { Gate, type Source } from './gate.ts';
import type { Relay, RelayObserver, Tap } from './relay.ts';

/** What a relay is given besides its target. */
export interface RelayContext {
  /** Names the target in errors. */
  readonly label: string;
  readonly config: RelayConfig;
  readonly observer: RelayObserver;
  readonly tap: Tap | null;
  /** null: payloads pass as they are. */
  readonly framing: Framing | null;
}

/** What the relays share: both gates, the counters, and what is only handed on to the session. */
export abstract class BaseRelay implements Relay {
  bytesIn = 0;
  bytesOut = 0;
  signsOfLife = 0;
  protected readonly label: string;
  protected readonly config: RelayConfig;
  protected readonly observer: RelayObserver;
  protected readonly tap: Tap | null;
  protected readonly framing: Framing | null;
  protected connection: ClientConnection | null = null;
  protected readonly clientGate = new Gate();
  protected readonly targetGate = new Gate();

  constructor({ label, config, observer, tap, framing }: RelayContext) {
    this.label = label;
    this.config = config;
    this.observer = observer;
    this.tap = tap;
    this.framing = framing;
  }

  abstract get queued(): number;

  get clientPaused(): boolean {
    return this.clientGate.shut;
  }

  abstract start(connection: ClientConnection): void;

  hold(): void {
    this.clientGate.hold();
    this.targetGate.hold();
  }

  release(): void {
    this.clientGate.release();
    this.targetGate.release();
  }

  relax(): void {
    this.connection?.relax();
  }

  abstract finishTarget(abrupt: boolean): void;

  abstract destroyTarget(): void;

  abstract onData(buffer: Buffer, start: number, end: number, opcode: DataOpcode, last: boolean): void;

  abstract onChunk(mayKeep: boolean): boolean;

  onPong(): void {}

  onClose(code: number, reason: string): void {
    this.observer.onClientClose(code, reason);
  }

  onError(error: BridgeError): void {
    this.observer.onClientError(error);
  }

  onPeerEnd(): void {
    this.observer.onClientEnd();
  }

  /** Puts the gates in front of both sides. The connection is started by the caller, once its target listens. */
  protected attach(connection: ClientConnection, target: Source): void {
    this.connection = connection;
    this.clientGate.bind(connection);
    this.targetGate.bind(target);
    connection.writer.onDrain = () => {
      this.signsOfLife++;
      connection.onDrain();
      this.targetGate.goOn();
    };
  }
}
