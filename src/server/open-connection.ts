import type { Duplex } from 'node:stream';
import type { RelayConfig } from '../config/model.ts';
import type { HixieOpening } from '../http/legacy-hixie.ts';
import { chooseSubprotocol, upgradeResponse } from '../http/upgrade.ts';
import { StreamReader } from '../stream/byte-reader.ts';
import { ByteWriter } from '../stream/byte-writer.ts';
import { isSocket, SocketReader } from '../stream/socket-reader.ts';
import { Connection, type ClientConnection } from '../websocket/connection.ts';

/** A client as its opening handshake left it. */
export interface Opening {
  readonly socket: Duplex;
  /** Subprotocols that the client offers, best first. */
  readonly offered: readonly string[];
  /** Its Sec-WebSocket-Key. */
  readonly key: string;
  /** How a client older than RFC 6455 is answered; null for all others. */
  readonly hixie: HixieOpening | null;
  /** Bytes that came with the request. */
  readonly head: Buffer;
}

/** An upgraded client. */
export interface Opened {
  readonly connection: ClientConnection;
  readonly subprotocol: string;
}

/**
 * Answers a handshake with 101 (RFC 6455 §4.2.2), or as its ancestors did, and puts the client's wire format on its
 * socket. `subprotocols` are those that the target accepts, best first.
 */
export function openConnection(opening: Opening, subprotocols: readonly string[], relay: RelayConfig): Opened {
  const { socket, offered, key, hixie, head } = opening;
  const subprotocol = hixie ? hixie.chooseSubprotocol(subprotocols) : chooseSubprotocol(offered, subprotocols);
  // While a resolver was at work the socket may have read ahead.
  const ahead = socket.read() as Buffer | null;
  const early = ahead ? Buffer.concat([head, ahead]) : head;
  const reader = relay.fastRead && isSocket(socket) ? SocketReader.forAccepted(socket) : new StreamReader(socket);
  const writer = new ByteWriter(socket, isSocket(socket));
  const connection = hixie
    ? hixie.connect(reader, writer, early)
    : new Connection(reader, writer, early, relay.highWaterMark);
  socket.write(hixie ? hixie.response(subprotocol) : upgradeResponse(key, subprotocol), 'latin1');
  return { connection, subprotocol };
}
