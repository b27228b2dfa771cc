import type { Abort } from '../abort.ts';
import type { Duplex } from 'node:stream';
import type { MessageConnection } from '../bridge/message-connection.ts';
import type { Handshake } from '../handshake.ts';
import type { SessionView } from '../observe/events.ts';
import type { ByteReader } from '../stream/byte-reader.ts';
import type { DatagramConnection } from '../stream/datagram.ts';

export type { DatagramConnection, DatagramHandlers } from '../stream/datagram.ts';

/** A connected byte stream. Its stream emits 'error' and 'close' as usual and allows half-open. */
export interface StreamConnection {
  readonly kind: 'stream';
  readonly duplex: Duplex;
  /** A faster way to read `duplex` than its 'data' events, when the target has one. Nothing has been read yet. */
  readonly reader?: ByteReader;
  /**
   * Silence after which the kernel is to ask whether the target still lives, in ms, where `duplex` is a socket. It is
   * told so once the session has lasted a while: that takes four system calls, which short sessions are spared.
   */
  readonly keepAlive?: number;
}

export type TargetConnection = StreamConnection | DatagramConnection | MessageConnection;

export interface DialContext {
  readonly session: SessionView;
  /** What the client asked for. */
  readonly handshake: Handshake;
  /** Ends the dial: by the connect deadline or because the client has gone. */
  readonly abort: Abort;
  /** Whether sockets may be read through shared buffers (SocketReader) or only through 'data' events. */
  readonly fastRead: boolean;
}

/** Something a session can be connected to. One object serves every session of its route. */
export interface Target {
  /** For logs, such as 'tcp://localhost:5900'. Holds no secret. */
  readonly label: string;
  /**
   * Connects. Rejects with a BridgeError of stage 'dial' (TARGET_REFUSED, …), or with the reason of the abort after one;
   * then nothing is left open.
   */
  connect(context: DialContext): Promise<TargetConnection>;
  /** Makes the target ready before the listeners open, for targets that have something to start. */
  start?(host: TargetHost): Promise<void>;
  /** Ends what `start` began; resolves when nothing of it is left. */
  stop?(): Promise<void>;
}

/** What a target that runs something itself may tell its bridge. */
export interface TargetHost {
  /** Shown in the log as it is: one line of a program's output. */
  output(line: string): void;
  warn(message: string): void;
  /** The target has ended for good, and the bridge with it. `status` is the exit status to report. */
  exit(status: number): void;
}
