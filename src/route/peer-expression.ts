import { quoted } from '../address/host-port.ts';
import { isHttpToken } from '../address/http-token.ts';
import { BridgeError } from '../errors.ts';
import { LONGEST_NAME } from '../file/directory-entry.ts';
import type { Handshake } from '../handshake.ts';

/** What stands between two percent signs. Values are taken as the client sent them, those of the query decoded. */
const SOURCES = ['cookie', 'header', 'query'] as const;
const FORMS = 'write %endpoint%, %cookie:NAME%, %header:TAG% or %query:NAME%, and %% for a percent sign';

type Variable = { readonly source: 'endpoint' | (typeof SOURCES)[number]; readonly name: string };

/** How the name of a peer file is made of a handshake. */
export interface PeerExpression {
  /** As the operator wrote it. */
  readonly text: string;
  readonly parts: readonly (string | Variable)[];
}

/** The file that an expression names for one client. */
export interface PeerFileName {
  /** The directories that the operator wrote in front of the first variable; '' = none. */
  readonly directory: string;
  /** The rest, of which clients chose a part; null where the operator wrote all of it, which `directory` then holds. */
  readonly chosen: string | null;
  /** For messages: what clients sent in cookies, headers and queries may be a secret, so variables stand for it. */
  readonly label: string;
}

/** Reads an expression such as 'consoles/%cookie:id%'. Throws CONFIG_INVALID. */
export function parseExpression(text: string): PeerExpression {
  const fail = (what: string): never => {
    throw new BridgeError('CONFIG_INVALID', { detail: `${quoted(text)}: ${what}`, remedy: FORMS });
  };
  if (text.trim() === '') fail('the expression is empty');
  if (text.includes('\0')) fail('the expression holds a NUL character');
  const pieces = text.split('%');
  // Every variable has a percent sign on either side, so the pieces between are odd.
  if (pieces.length % 2 === 0) fail('a percent sign has no partner');
  const parts = pieces.map((piece, index) => (index % 2 === 0 ? piece : readVariable(piece, fail)));
  return { text, parts: parts.filter((part) => part !== '') };
}

function readVariable(piece: string, fail: (what: string) => never): string | Variable {
  if (piece === '') return '%';
  if (piece === 'endpoint') return { source: 'endpoint', name: '' };
  const colon = piece.indexOf(':');
  const source = SOURCES.find((known) => known === piece.slice(0, Math.max(colon, 0)));
  const name = piece.slice(colon + 1);
  if (source === undefined) return fail(`there is no variable ${quoted(piece)}`);
  if (name === '' || (source !== 'query' && !isHttpToken(name)))
    return fail(`${quoted(name)} is no name of a ${source}`);
  return { source, name: source === 'header' ? name.toLowerCase() : name };
}

/**
 * The file that an expression names for a client; null when the client did not send what it asks for, or sent what
 * cannot be part of a file name.
 *
 * Slashes in values become underscores. No value makes '.' or '..' of a segment, or begins one with a dot: what clients
 * send can choose a file below `directory` and do nothing else.
 */
export function expandExpression(expression: PeerExpression, handshake: Handshake): PeerFileName | null {
  const segments: Segment[] = [{ text: '', chosen: false }];
  let label = '';
  for (const part of expression.parts) {
    if (typeof part === 'string') {
      appendLiteral(segments, part);
      label += part;
      continue;
    }
    const value = valueOf(part, handshake).replaceAll(/[/\\]/g, '_');
    if (value === '' || value.includes('\0') || !appendChosen(segments.at(-1)!, value)) return null;
    label += part.source === 'endpoint' ? value : `%${part.source}:${part.name}%`;
  }
  if (!segments.every((segment) => isName(segment))) return null;
  const first = segments.findIndex(({ chosen }) => chosen);
  const texts = segments.map(({ text }) => text);
  if (first === -1) return { directory: texts.join('/'), chosen: null, label };
  return { directory: texts.slice(0, first).join('/'), chosen: texts.slice(first).join('/'), label };
}

/** What stands between two slashes. */
interface Segment {
  text: string;
  /** A client chose a part of it. */
  chosen: boolean;
}

function appendLiteral(segments: Segment[], text: string): void {
  const [head = '', ...tail] = text.split('/');
  segments.at(-1)!.text += head;
  for (const each of tail) segments.push({ text: each, chosen: false });
}

/** Adds a value to a segment; false for one that would begin it with a dot. */
function appendChosen(segment: Segment, value: string): boolean {
  if (segment.text === '' && value.startsWith('.')) return false;
  segment.text += value;
  segment.chosen = true;
  return true;
}

/** What the operator wrote is a name, whatever it is. */
function isName({ text, chosen }: Segment): boolean {
  return !chosen || (text !== '.' && text !== '..' && Buffer.byteLength(text) <= LONGEST_NAME);
}

function valueOf({ source, name }: Variable, handshake: Handshake): string {
  switch (source) {
    case 'endpoint':
      // '/test' and '/test/' are the same file, 'test'.
      return handshake.path.replaceAll(/^\/|\/$/g, '');
    case 'cookie':
      return cookieOf(handshake.headers['cookie'] ?? '', name);
    case 'header':
      return handshake.headers[name] ?? '';
    default:
      return handshake.query.get(name) ?? '';
  }
}

/** The value of a cookie as it was sent, where `Handshake.cookies` has it decoded; the first one counts. */
function cookieOf(header: string, name: string): string {
  for (const pair of header.split(';')) {
    const mark = pair.indexOf('=');
    if (mark !== -1 && pair.slice(0, mark).trim() === name) return pair.slice(mark + 1).trim();
  }
  return '';
}
