import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { asBridgeError, BridgeError } from '../errors.ts';
import type { ByteReader } from '../stream/byte-reader.ts';
import type { ByteWriter } from '../stream/byte-writer.ts';
import type { ClientConnection } from '../websocket/connection.ts';
import { HixieConnection, type HixieDraft } from '../websocket/hixie-connection.ts';
import { readBody } from './legacy-body.ts';
import { offeredSubprotocols } from './legacy-headers.ts';
import { challengeAnswer, KEY3_LENGTH, keyNumber } from './legacy-key.ts';
import { responseHead } from './refusal.ts';
import { hasBody } from './request-head.ts';
import { parseRequestTarget } from './request-target.ts';
import { checkUpgradeHead, chooseSubprotocol, parseSubprotocols, type UpgradeRequest } from './upgrade.ts';

/** The subprotocol that says what is spoken here anyway. */
const BASE64 = 'base64';
/** Visible ASCII: what may be put into a response header as it came. */
const VISIBLE = /^[\x21-\x7e]+$/;

export interface HixieHooks {
  /** The handshake is whole. `head` holds bytes that came behind it; the socket has no listeners of ours. */
  readonly accept: (opening: HixieOpening, head: Buffer) => void;
  /** The handshake is wrong or late. Nothing has been answered. */
  readonly refuse: (error: BridgeError) => void;
}

/** Whether an upgrade is asked for as before HyBi: with neither a version nor the key of RFC 6455. */
export function isHixie({ headers }: Pick<UpgradeRequest, 'headers'>): boolean {
  return headers['sec-websocket-version'] === undefined && headers['sec-websocket-key'] === undefined;
}

/** Reads a handshake by draft 75 or 76. The last bytes of the latter may come within `deadline` ms; 0 waits for ever. */
export function readHixie(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  deadline: number,
  { accept, refuse }: HixieHooks,
): void {
  let request: HixieRequest;
  try {
    request = checkHixie(req, 'encrypted' in socket);
  } catch (error) {
    return refuse(asBridgeError(error));
  }
  if (request.keys === null) return accept(new HixieOpening(request, Buffer.alloc(0)), head);
  const { number1, number2 } = request.keys;
  readBody(socket, head, KEY3_LENGTH, deadline, (bytes) => {
    if (bytes === 'gone') socket.destroy();
    else if (bytes === 'timeout') refuse(new BridgeError('HTTP_TIMEOUT', { detail: 'the key behind the head' }));
    else {
      const answer = challengeAnswer(number1, number2, bytes.subarray(0, KEY3_LENGTH));
      accept(new HixieOpening(request, answer), bytes.subarray(KEY3_LENGTH));
    }
  });
}

/** A request for an upgrade by a Hixie draft, as far as its head tells. */
export interface HixieRequest {
  /** Where the page comes from, as it will be sent back. */
  readonly origin: string;
  /** The address that the client asked for, as it will be sent back. */
  readonly location: string;
  readonly offered: readonly string[];
  /** The two numbers of draft 76; null for draft 75, which has none. */
  readonly keys: { readonly number1: number; readonly number2: number } | null;
}

/** Checks the head of a handshake by draft 75 or 76; throws the BridgeError to refuse it with. */
export function checkHixie(req: UpgradeRequest, secure: boolean): HixieRequest {
  const error = checkUpgradeHead(req);
  if (error) throw error;
  const { headers } = req;
  const offered = parseSubprotocols(offeredSubprotocols(headers));
  if (offered === null) throw new BridgeError('WS_SUBPROTOCOL');
  if (hasBody(req)) throw new BridgeError('HTTP_BAD_REQUEST', { detail: 'the handshake announced a body' });
  const key1 = headers['sec-websocket-key1'];
  const key2 = headers['sec-websocket-key2'];
  const isDraft75 = key1 === undefined && key2 === undefined;
  return {
    // Browsers always send one. For a program without, this is the origin of nobody (RFC 6454 §7.3).
    origin: reflected('Origin', headers.origin ?? 'null'),
    location: location(req, secure),
    offered,
    keys: isDraft75
      ? null
      : {
          number1: keyNumber('Sec-WebSocket-Key1', key1?.toString()),
          number2: keyNumber('Sec-WebSocket-Key2', key2?.toString()),
        },
  };
}

/** A whole handshake by a Hixie draft: what answers it, and what is spoken then. */
export class HixieOpening {
  readonly draft: HixieDraft;
  readonly #request: HixieRequest;
  readonly #answer: Buffer;

  constructor(request: HixieRequest, answer: Buffer) {
    this.draft = request.keys ? 76 : 75;
    this.#request = request;
    this.#answer = answer;
  }

  /** What is named in the response. The stream always travels in base64, so 'binary' would say something wrong. */
  chooseSubprotocol(supported: readonly string[]): string {
    const { offered } = this.#request;
    if (offered.includes(BASE64)) return BASE64;
    return chooseSubprotocol(
      offered,
      supported.filter((subprotocol) => subprotocol !== 'binary'),
    );
  }

  /** The response that opens the connection. Frames may follow it at once. */
  response(subprotocol: string): Buffer {
    const { origin, location: address } = this.#request;
    const prefix = this.draft === 76 ? 'Sec-' : '';
    // Clients of draft 75 compare every byte up to the first header of the draft's own.
    const head = responseHead(
      101,
      {
        Upgrade: 'WebSocket',
        Connection: 'Upgrade',
        [`${prefix}WebSocket-Origin`]: origin,
        [`${prefix}WebSocket-Location`]: address,
        ...(subprotocol === '' ? {} : { [`${prefix}WebSocket-Protocol`]: subprotocol }),
      },
      this.draft === 76 ? 'WebSocket Protocol Handshake' : 'Web Socket Protocol Handshake',
    );
    return Buffer.concat([Buffer.from(head, 'latin1'), this.#answer]);
  }

  /** Makes the connection that the drafts' frames go through. */
  connect(reader: ByteReader, writer: ByteWriter, head: Buffer): ClientConnection {
    return new HixieConnection(this.draft, reader, writer, head);
  }
}

/** The address of the connection as the client knows it: ws or wss, host, path and query. */
function location(req: UpgradeRequest, secure: boolean): string {
  const target = parseRequestTarget(req.url ?? '');
  const host = reflected('Host', target?.authority ?? req.headers.host ?? '');
  const query = target?.query ? `?${target.query}` : '';
  return `${secure ? 'wss' : 'ws'}://${host}${reflected('request target', `${target?.path ?? '/'}${query}`)}`;
}

/** Lets a value of the request into the response only if it cannot be anything but a piece of a header line. */
function reflected(name: string, value: string): string {
  if (!VISIBLE.test(value)) {
    throw new BridgeError('HTTP_BAD_REQUEST', {
      detail: `the ${name} has other characters than visible ASCII`,
      remedy: 'Send it percent-encoded.',
    });
  }
  return value;
}
