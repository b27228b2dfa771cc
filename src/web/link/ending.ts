import type { ConnectError } from '../../browser/socket-error.ts';
import { closeCodeName } from './close-code.ts';

/** How a connection ended, as the browser tells it: the fields of a CloseEvent and of `Closed` in bascule/browser. */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/** How a connection ended, for people. */
export interface Ending {
  readonly code: number;
  /** Ended as it should (1000, 1001) or not. */
  readonly kind: 'plain' | 'bad';
  /** What the code means, in two or three words. */
  readonly title: string;
  /** The reason that the bridge gave, or what is known without one. */
  readonly text: string;
  /** What the visitor can do; '' when there is nothing to do. */
  readonly advice: string;
}

/** What a browser does not tell a page: why the upgrade failed. */
const REFUSED =
  'The bridge did not answer, or it refused this path or this visitor; a browser does not tell pages which. The log of the bridge does.';

const ADVICE: Readonly<Record<number, string>> = {
  1006: 'The network or the bridge went away. Reconnect when it is back.',
  1008: 'Ask who runs the bridge.',
  1009: 'Send less at once.',
  1011: 'Is the server behind the bridge running, and is its address right? Then reconnect.',
  1012: 'Reconnect in a moment.',
  1013: 'Reconnect later.',
  1014: 'Is the server behind the bridge running? Then reconnect.',
};

/** Puts an ending into words. `wasOpen` tells whether the connection had been open before. */
export function describeEnding({ code, reason }: Ended, wasOpen: boolean): Ending {
  if (!wasOpen && code === 1006)
    return { code, kind: 'bad', title: 'No connection', text: reason || REFUSED, advice: '' };
  const kind = code === 1000 || code === 1001 || (code === 1005 && wasOpen) ? 'plain' : 'bad';
  return { code, kind, title: closeCodeName(code), text: reason, advice: ADVICE[code] ?? '' };
}

/** Puts a connection that was never made into words. */
export function describeRefusal(error: ConnectError): Ending {
  return describeEnding({ code: 1006, reason: error.code === 'REFUSED' ? '' : error.message }, false);
}
