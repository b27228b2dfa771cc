import type { PageState } from '../shell/state.ts';
import { describeVncEnd } from './ending.ts';
import type { VncState } from './session-state.ts';

/** A state in the words of the top bar, and which of the lamps of the shell stands for it. */
export interface VncStatus {
  readonly lamp: PageState;
  readonly text: string;
}

/** How a session stands, in two or three words. */
export function statusOf(state: VncState): VncStatus {
  switch (state.name) {
    case 'idle':
      return { lamp: 'idle', text: 'Not connected' };
    case 'login':
    case 'identity':
      return { lamp: 'connecting', text: 'Login' };
    case 'authenticating':
      return { lamp: 'connecting', text: 'Logging in …' };
    case 'connected':
      return { lamp: 'open', text: state.desktop ? `Connected to ${state.desktop}` : 'Connected' };
    case 'closing':
      return { lamp: 'closing', text: 'Disconnecting …' };
    case 'waiting':
      return { lamp: 'connecting', text: 'Connection lost' };
    case 'ended':
      return describeVncEnd(state.end).kind === 'bad'
        ? { lamp: 'failed', text: 'Failed' }
        : { lamp: 'closed', text: 'Disconnected' };
    case 'connecting':
    case 'greeting':
    default:
      return { lamp: 'connecting', text: 'Connecting …' };
  }
}

/** Where keys go, for the line below the screen; '' without a screen. */
export function hintOf(
  state: VncState,
  { viewOnly, focused, touch }: { readonly viewOnly: boolean; readonly focused: boolean; readonly touch: boolean },
): string {
  if (state.name !== 'connected') return '';
  if (viewOnly) return 'View only: keys and pointer stay here.';
  if (touch) return 'For taps with more fingers see Keys.';
  return focused
    ? 'Keys go to the remote screen. Shift-Esc leaves it.'
    : 'Click the screen, or go to it with Tab, to type there.';
}
