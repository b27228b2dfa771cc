import { connect } from '../../browser/connect.ts';
import { ConnectError } from '../../browser/socket-error.ts';
import { describeEnding, describeRefusal, type Ending } from './ending.ts';
import { isUndecided, recogniseServer, type ServerKind } from './greeting.ts';

/** What came of a look at an address. */
export type CheckResult =
  /** There was no connection, or it ended at once. */
  | { readonly kind: 'failed'; readonly ending: Ending }
  /** The server was there: it spoke, was silent until the time was up, or ended in good order. */
  | {
      readonly kind: 'answered';
      /** How long the bridge took to open the WebSocket, in ms. */
      readonly ms: number;
      readonly server: ServerKind | null;
      /** The first line that the server said, printable and cut; '' when it said none. */
      readonly says: string;
    };

/** How long a server may take to greet, or to be missed, in ms. */
const PATIENCE = 1500;
const LONGEST_LINE = 80;

/** Connects for a moment to see who answers. Sends nothing. */
export async function checkBridge(address: URL): Promise<CheckResult> {
  const started = performance.now();
  let socket;
  try {
    socket = await connect(address, { openTimeout: 8000 });
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { kind: 'failed', ending: describeRefusal(error) };
  }
  const ms = performance.now() - started;
  const first = await readGreeting(socket.readable.getReader());
  if (first === null) {
    const ending = describeEnding(await socket.closed, true);
    if (ending.kind === 'bad') return { kind: 'failed', ending };
  }
  void socket.close();
  return { kind: 'answered', ms, server: first && recogniseServer(first), says: firstLine(first ?? new Uint8Array()) };
}

/** The first bytes of a server until they tell who it is, or time is up; null when it ends without a byte. */
async function readGreeting(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | null> {
  const timeUp = new Promise<'late'>((resolve) => setTimeout(resolve, PATIENCE, 'late'));
  let first = new Uint8Array();
  for (;;) {
    const next = await Promise.race([
      reader.read().then(
        ({ value }) => value ?? null,
        () => null,
      ),
      timeUp,
    ]);
    if (next === 'late') return first;
    if (next === null) return first.length > 0 ? first : null;
    const both = new Uint8Array(first.length + next.length);
    both.set(first);
    both.set(next, first.length);
    first = both;
    if (!isUndecided(first)) return first;
  }
}

/** The first line of what a server sent, as far as it is text. */
function firstLine(bytes: Uint8Array): string {
  const [line = ''] = new TextDecoder().decode(bytes.subarray(0, 4 * LONGEST_LINE)).split(/[\r\n]/, 1);
  return /^[^\p{Cc}\ufffd]+$/u.test(line) ? line.slice(0, LONGEST_LINE) : '';
}
