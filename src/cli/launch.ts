import { BridgeError } from '../errors.ts';

/** What becomes of the process that runs a bridge. */
export interface Launch {
  /** It goes into the background once it listens. */
  readonly daemon: boolean;
  /** File for the process id; null = none. */
  readonly pidFile: string | null;
  /** Standard input is the socket to serve. */
  readonly inetd: boolean;
}

/** An ordinary process in the foreground. */
export const FOREGROUND: Launch = { daemon: false, pidFile: null, inetd: false };

/** Refuses what cannot go together. Throws USAGE. */
export function checkLaunch({ daemon, inetd }: Launch): void {
  if (daemon && inetd)
    throw new BridgeError('USAGE', {
      detail: '--inetd and --daemon exclude each other',
      remedy: 'Leave out --daemon: inetd looks after the process.',
    });
}
