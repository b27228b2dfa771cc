import { isHttpToken } from '../address/http-token.ts';
import { parsePeer, type PeerAddress } from '../address/peer-address.ts';
import { BridgeError } from '../errors.ts';

/** A line of a peer file: who is served by it, and where it leads. */
export interface PeerLine {
  /** Counted from 1. */
  readonly line: number;
  /** The subprotocol that it is for; '*' = the first one that a client offers. */
  readonly subprotocol: string;
  /** Where it leads, or what is wrong with it. */
  readonly peer: PeerAddress | { readonly wrong: string };
  /** How the peer's stream is cut into messages; null = as the route says. */
  readonly framing: { readonly name: string; readonly config: string | null } | null;
}

/**
 * Reads a peer file as websocksy has it: lines `<peer> <subprotocol> [<framing>] [<framing-config>]`, where the last part
 * may hold spaces. Empty lines and lines that begin with '#' say nothing. A wrong line harms only those it would serve:
 * one without a subprotocol is for everybody.
 */
export function parsePeerLines(text: string): readonly PeerLine[] {
  return text.split('\n').flatMap((words, index) => {
    const trimmed = words.trim();
    return trimmed === '' || trimmed.startsWith('#') ? [] : [parseLine(trimmed, index + 1)];
  });
}

/**
 * The line for a client: the first whose subprotocol it offers, '*' for any; the first of all for a client that offers
 * none. null = there is none.
 */
export function choosePeerLine(lines: readonly PeerLine[], offered: readonly string[]): PeerLine | null {
  if (offered.length === 0) return lines[0] ?? null;
  return lines.find(({ subprotocol }) => subprotocol === '*' || offered.includes(subprotocol)) ?? null;
}

function parseLine(text: string, line: number): PeerLine {
  const [, peer = '', subprotocol = '*', name = '', config = ''] =
    /^(\S+)(?:\s+(\S+)(?:\s+(\S+)(?:\s+(.*))?)?)?$/s.exec(text) ?? [];
  const framing = name === '' ? null : { name, config: config === '' ? null : config };
  if (!/\s/.test(text)) return { line, subprotocol, peer: { wrong: 'there is no subprotocol' }, framing };
  if (!isHttpToken(subprotocol)) return { line, subprotocol: '*', peer: { wrong: 'that is no subprotocol' }, framing };
  return { line, subprotocol, peer: readPeer(peer), framing };
}

function readPeer(text: string): PeerLine['peer'] {
  try {
    return parsePeer(text, null);
  } catch (error) {
    if (error instanceof BridgeError) return { wrong: error.detail };
    throw error;
  }
}
