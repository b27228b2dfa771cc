import { describeEnding } from '../link/ending.ts';
import { securityTypeName } from './security-type.ts';
import type { VncEnd, VncStage } from './session-state.ts';

/** The end of a session for people. */
export interface VncEnding {
  readonly kind: 'plain' | 'bad';
  /** The close code of the WebSocket; null where the end did not come from it. */
  readonly code: number | null;
  readonly title: string;
  /** What happened, where there is a word for it: the bridge's, the server's. */
  readonly text: string;
  /** What it means for the visitor and what they can do; '' for nothing. */
  readonly advice: string;
}

/**
 * What the reasons of a Close 1011 mean for somebody who wants to see a screen. The keys are sentences of the error table
 * of the bridge; a test holds the two together.
 */
export const REASONS: ReadonlyMap<string, string> = new Map([
  [
    'The target refused the connection.',
    'Nothing listens where the bridge looks for the VNC server. Start the server, or correct the target of the bridge.',
  ],
  [
    'The target cannot be reached over the network.',
    'No way leads from the bridge to the machine of the VNC server: it is off, or a firewall is between them.',
  ],
  [
    'The name of the target cannot be resolved.',
    'The bridge knows no machine of the name that it was given as its target.',
  ],
  [
    'The target did not answer before the deadline.',
    'The machine of the VNC server is off or very busy, or a firewall drops what the bridge sends.',
  ],
  ['The TLS handshake with the target failed.', 'The bridge does not trust the certificate of the VNC server.'],
  ['The bridge may not connect to the target.', 'The bridge lacks the permission for the socket of the VNC server.'],
  ['The Unix socket of the target does not exist.', 'The VNC server is not running, or its socket has another path.'],
  ['The target broke the connection.', 'The VNC server crashed, or was stopped. Connect again when it runs.'],
  ['The bridge failed.', 'This is a fault of the bridge. Its log tells more.'],
]);

const CUT_SHORT: Readonly<Record<VncStage, string>> = {
  opening: 'The connection ended before it began',
  greeting: 'The target ended the connection without a greeting',
  login: 'The VNC server ended the connection during the login',
  screen: 'The VNC server ended the session',
};

const SILENT = 'Nothing came for 15 seconds.';

const SILENCE: Readonly<Record<VncStage, VncEnding>> = {
  opening: bad('The bridge does not answer', SILENT, 'Is it still running, and is the network there?'),
  greeting: bad(
    'No greeting from a VNC server',
    SILENT,
    'What answers behind the bridge may be something else than a VNC server.',
  ),
  login: bad('The VNC server fell silent during the login', SILENT, ''),
  screen: bad('The VNC server fell silent', SILENT, ''),
};

/** Puts the end of a session into words. */
export function describeVncEnd(end: VncEnd): VncEnding {
  switch (end.by) {
    case 'user':
      return { kind: 'plain', code: null, title: 'Disconnected', text: '', advice: '' };
    case 'close':
      return describeClose(end);
    case 'login':
      return bad(
        'The VNC server refused the login',
        end.reason,
        'Wait a while before the next try: servers count them.',
      );
    case 'protocol':
      return describeFailure(end.details, end.stage);
    case 'deadline':
      return SILENCE[end.stage];
    case 'browser':
    default:
      return bad('The browser did not connect', end.details, '');
  }
}

/** An end that the bridge, the VNC server or the network made. */
function describeClose({ code, reason, stage }: VncEnd & { readonly by: 'close' }): VncEnding {
  if (code === 1000 || code === 1005) {
    const advice = stage === 'screen' ? '' : 'It may let in known addresses only, or one visitor at a time.';
    return { kind: stage === 'screen' ? 'plain' : 'bad', code, title: CUT_SHORT[stage], text: reason, advice };
  }
  if (code === 1011) {
    const title = stage === 'screen' ? 'The connection to the VNC server is lost' : 'The VNC server cannot be reached';
    const advice = REASONS.get(reason) ?? 'Is the VNC server running, and is the target of the bridge right?';
    return { kind: 'bad', code, title, text: reason, advice };
  }
  return describeEnding({ code, reason }, stage !== 'opening');
}

/** A failure in noVNC's words. */
function describeFailure(details: string, stage: VncStage): VncEnding {
  if (details.startsWith('Invalid server version'))
    return bad(
      'This is not a VNC server',
      'What answers behind the bridge does not speak the protocol of VNC (RFB).',
      'Try the terminal page, or correct the target of the bridge.',
    );
  const types = /^Unsupported security types \(types: ([\d,]+)\)/.exec(details)?.[1];
  if (types !== undefined)
    return bad(
      'No login in common',
      `The VNC server offers only: ${types.split(',').map(securityTypeName).join(', ')}.`,
      'Let it offer a password (VncAuth) or a login (Plain) as well, and encrypt the way to the bridge with TLS.',
    );
  const title = stage === 'screen' ? 'The VNC server sent what noVNC cannot show' : 'The VNC handshake failed';
  return bad(title, `${details}.`, '');
}

/** An end that should not have been, and that did not come with a close code. */
function bad(title: string, text: string, advice: string): VncEnding {
  return { kind: 'bad', code: null, title, text, advice };
}
