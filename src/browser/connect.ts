import { ByteSocket } from './byte-socket.ts';
import { EventTransport } from './event-transport.ts';
import { absoluteUrl, offeredProtocols, webSocketConstructor } from './offer.ts';
import { ConnectError } from './socket-error.ts';
import type { Socket } from './socket.ts';
import { StreamTransport, type WebSocketStreamConstructor, type WebSocketStreamLike } from './stream-transport.ts';
import type { Transport } from './transport.ts';
import type { WebSocketConstructor, WebSocketLike } from './web-socket.ts';

/** How to connect. */
export interface ConnectOptions {
  /** Subprotocols to offer, best first; default `['binary', 'base64']`. `[]` offers none. */
  readonly protocols?: string | readonly string[];
  /** Ends the opening with ABORTED; later it closes the connection with 1000. */
  readonly signal?: AbortSignal;
  /** How long the opening may take, in ms; default 15 000, 0 for ever. */
  readonly openTimeout?: number;
  /** Bytes that may wait in the browser before writes wait; default 1 MiB. WebSocketStream has a measure of its own. */
  readonly sendHighWaterMark?: number;
  /** Bytes that may wait for a slow reader; default 16 MiB. Beyond it: close code 4008 and RECEIVE_LIMIT. */
  readonly receiveLimit?: number;
  /** How long `close()` waits for the peer's Close, in ms; default 5000, 0 for ever. */
  readonly closeTimeout?: number;
  /** Makes the connection, where the global WebSocket is missing or not wanted. */
  readonly WebSocket?: WebSocketConstructor;
  /**
   * Whether to use WebSocketStream where there is one: it stops the peer while nobody reads. Default false, because
   * Chromium (156) ends the whole tab when the connection breaks while a write is under way.
   */
  readonly stream?: boolean;
}

type MakeSocket = (transport: Transport) => ByteSocket;

/**
 * Connects to a bridge, or any WebSocket server, and resolves once the connection is open.
 *
 * @param url `ws:`, `wss:`, `http:`, `https:`, or relative to the page. A fragment is dropped.
 * @throws ConnectError, as a rejection, with a `code` that tells why; SyntaxError never.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Socket> {
  const { signal, openTimeout = 15_000, receiveLimit = 16 * 1024 * 1024, closeTimeout = 5000 } = options;
  const address = absoluteUrl(url);
  let socket: Socket | undefined;
  const givenUp = new AbortController();
  const abort = (): void => {
    if (socket) void socket.close();
    else givenUp.abort(new ConnectError('ABORTED', 'Given up', { cause: signal?.reason }));
  };
  const forget = (): void => signal?.removeEventListener('abort', abort);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  const late = new ConnectError('TIMEOUT', 'No connection in time');
  const timer = openTimeout > 0 ? setTimeout(() => givenUp.abort(late), openTimeout) : undefined;
  try {
    givenUp.signal.throwIfAborted();
    // Made while the browser still says 'open': a message may follow in the same breath.
    const make: MakeSocket = (transport) => new ByteSocket(transport, { receiveLimit, closeTimeout });
    const opened = await open(address, options, givenUp.signal, make);
    socket = opened;
    void opened.closed.then(forget);
    // It may have been given up in the breath in which it opened.
    if (givenUp.signal.aborted) void opened.close();
    givenUp.signal.throwIfAborted();
    return opened;
  } catch (error) {
    forget();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function open(url: string, options: ConnectOptions, signal: AbortSignal, make: MakeSocket): Promise<ByteSocket> {
  const protocols = offeredProtocols(options.protocols);
  const { WebSocketStream } = globalThis as { readonly WebSocketStream?: WebSocketStreamConstructor };
  if (!options.WebSocket && WebSocketStream && options.stream === true)
    return openStream(() => new WebSocketStream(url, { protocols, signal }), signal, make);
  const WebSocket = webSocketConstructor(options.WebSocket);
  const { sendHighWaterMark = 1024 * 1024 } = options;
  return openEvents(
    () => new WebSocket(url, protocols),
    signal,
    (socket) => make(new EventTransport(socket, sendHighWaterMark)),
  );
}

function openEvents(
  construct: () => WebSocketLike,
  signal: AbortSignal,
  make: (socket: WebSocketLike) => ByteSocket,
): Promise<ByteSocket> {
  const socket = allowed(construct);
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
      socket.close();
    });
    socket.addEventListener('open', () => resolve(make(socket)));
    // Browsers send close as well, which tells as little; Node 22 does not.
    socket.addEventListener('error', () => reject(refusal({})));
  });
}

async function openStream(
  construct: () => WebSocketStreamLike,
  signal: AbortSignal,
  make: MakeSocket,
): Promise<ByteSocket> {
  const stream = allowed(construct);
  stream.closed.catch(() => undefined);
  try {
    return make(new StreamTransport(stream, await stream.opened));
  } catch (cause) {
    signal.throwIfAborted();
    throw refusal({ cause });
  }
}

function allowed<Made>(construct: () => Made): Made {
  try {
    return construct();
  } catch (cause) {
    // The address is a good one already, so that bad syntax is that of a subprotocol.
    const code = (cause as Error).name === 'SyntaxError' ? 'BAD_PROTOCOL' : 'BLOCKED';
    throw new ConnectError(code, String(cause), { cause });
  }
}

function refusal(details: { readonly cause?: unknown }): ConnectError {
  return new ConnectError('REFUSED', 'No server, or it refused', details);
}
