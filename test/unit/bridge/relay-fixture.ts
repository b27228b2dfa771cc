import type { EndReason, RelayObserver } from '../../../src/bridge/relay.ts';
import type { BridgeError } from '../../../src/errors.ts';
import { StreamReader } from '../../../src/stream/byte-reader.ts';
import { ByteWriter } from '../../../src/stream/byte-writer.ts';
import { Connection } from '../../../src/websocket/connection.ts';
import { duplexPair, type DuplexPairOptions, type PairEnd } from '../../support/duplex-pair.ts';
import { FrameLog } from '../../support/frames.ts';

/** Remembers in order what a relay tells its session. */
export class Told implements RelayObserver {
  readonly all: string[] = [];
  end: EndReason | null = null;
  onTargetEnd(code?: number, reason?: string): void {
    this.all.push(['target end', code, reason].filter((part) => part !== undefined && part !== '').join(' '));
  }
  onTargetError(error: BridgeError): void {
    this.all.push(error.message);
  }
  onTargetClosed(): void {
    this.all.push('target closed');
  }
  onClientClose(code: number): void {
    this.all.push(`client close ${code}`);
  }
  onClientEnd(): void {
    this.all.push('client end');
  }
  onClientError(error: BridgeError): void {
    this.all.push(error.code);
  }
}

/** The client's side of a relay, in memory. */
export interface ClientSide {
  readonly connection: Connection;
  readonly near: PairEnd;
  readonly client: PairEnd;
  readonly seen: FrameLog;
}

export function clientSide(options: DuplexPairOptions = {}, highWaterMark: number = 64 * 1024): ClientSide {
  const [client, near] = duplexPair(options);
  const connection = new Connection(
    new StreamReader(near),
    new ByteWriter(near, false),
    Buffer.alloc(0),
    highWaterMark,
  );
  return { connection, near, client, seen: new FrameLog(client) };
}

/** Lets everything that is under way happen. */
export async function settle(turns: number = 3): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
