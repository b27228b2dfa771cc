import { ByteSocket, type SocketLimits } from './byte-socket.ts';
import { deadline } from './deadline.ts';
import { EventTransport } from './event-transport.ts';
import { absoluteUrl, offeredProtocols, webSocketConstructor } from './offer.ts';
import { ConnectError, type ConnectErrorCode } from './socket-error.ts';
import type { Socket } from './socket.ts';
import { StreamTransport, type WebSocketStreamConstructor } from './stream-transport.ts';
import type { Transport } from './transport.ts';
import type { WebSocketConstructor } from './web-socket.ts';

/** How to connect. */
export interface ConnectOptions extends SocketLimits {
  /** Subprotocols to offer, best first; default `['binary', 'base64']`. `[]` offers none. */
  readonly protocols?: string | readonly string[];
  /** Ends the opening with ABORTED; later it closes the connection with 1000. */
  readonly signal?: AbortSignal;
  /** How long the opening may take, in ms; default 15 000, 0 for ever. */
  readonly openTimeout?: number;
  /** Bytes that may wait in the browser before writes wait; default 1 MiB. WebSocketStream has a measure of its own. */
  readonly sendHighWaterMark?: number;
  /** Makes the connection, where the global WebSocket is missing or not wanted. */
  readonly WebSocket?: WebSocketConstructor;
  /**
   * Whether to use WebSocketStream where there is one: it stops the peer while nobody reads. Default true, but in
   * Chromium from 139 on false: it ends the whole tab when the connection breaks while a write is under way.
   */
  readonly stream?: boolean;
}

/** Chromium that ends the tab so: 126 and 138 do not, all that were tried from 140 to 156 do. */
const CRASHES = /Chrome\/(139|1[4-9]|[2-9]..)/;

interface Scope {
  readonly WebSocketStream?: WebSocketStreamConstructor;
  readonly navigator?: { readonly userAgent: string };
}

type MakeSocket = (transport: Transport) => ByteSocket;

/** What constructors throw, by its name; what else goes wrong is REFUSED, about which browsers say nothing. */
const CODES: Readonly<Record<string, ConnectErrorCode>> = { SyntaxError: 'BAD_PROTOCOL', SecurityError: 'BLOCKED' };

/**
 * Connects to a bridge, or any WebSocket server, and resolves once the connection is open.
 *
 * @param url `ws:`, `wss:`, `http:`, `https:`, or relative to the page. A fragment is dropped.
 * @throws ConnectError, as a rejection, with a `code` that tells why; SyntaxError never.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Socket> {
  const { signal, openTimeout = 15_000 } = options;
  const open = opener(absoluteUrl(url), options);
  let socket: Socket | undefined;
  const givenUp = new AbortController();
  const abort = (): void => {
    if (socket) void socket.close();
    else givenUp.abort(new ConnectError('ABORTED', 'Given up', { cause: signal?.reason }));
  };
  const forget = (): void => signal?.removeEventListener('abort', abort);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  const timer = deadline(openTimeout, () => givenUp.abort(new ConnectError('TIMEOUT', 'No connection in time')));
  try {
    givenUp.signal.throwIfAborted();
    // Made while the browser still says 'open': a message may follow in the same breath.
    const opened = await open(givenUp.signal, (transport) => new ByteSocket(transport, options));
    // It may have been given up in the breath in which it opened.
    if (givenUp.signal.aborted) void opened.close();
    givenUp.signal.throwIfAborted();
    socket = opened;
    void opened.closed.then(forget);
    return opened;
  } catch (cause) {
    forget();
    givenUp.signal.throwIfAborted();
    const code = CODES[(cause as Error).name];
    throw new ConnectError(code ?? 'REFUSED', code ? String(cause) : 'No server, or it refused', { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** What opens a connection by the means that there are; throws UNSUPPORTED. */
function opener(
  url: string,
  { WebSocket: given, protocols: offered, sendHighWaterMark = 1024 * 1024, stream }: ConnectOptions,
): (signal: AbortSignal, make: MakeSocket) => Promise<ByteSocket> {
  const protocols = offeredProtocols(offered);
  const { WebSocketStream, navigator } = globalThis as Scope;
  if (WebSocketStream && !given && (stream ?? !navigator?.userAgent.match(CRASHES))) {
    return async (signal, make) => {
      const opening = new WebSocketStream(url, { protocols, signal });
      opening.closed.catch(() => undefined);
      return make(new StreamTransport(opening, await opening.opened));
    };
  }
  const WebSocket = webSocketConstructor(given);
  return (signal, make) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url, protocols);
      socket.binaryType = 'arraybuffer';
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
        socket.close();
      });
      socket.addEventListener('open', () => resolve(make(new EventTransport(socket, sendHighWaterMark))));
      // Browsers send close as well, which tells as little; Node 22 does not.
      socket.addEventListener('error', reject);
    });
}
