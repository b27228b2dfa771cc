/*!
 * Bascule shows VNC screens with noVNC 1.7.0. Copyright (C) The noVNC authors. Licensed under the Mozilla Public License 2.0:
 * https://www.mozilla.org/MPL/2.0/. Source: https://github.com/novnc/noVNC/tree/v1.7.0, or the npm package @novnc/novnc 1.7.0,
 * novnc-licences.txt holds the licences of its parts: pako (MIT; Copyright (C) 2014-2016 Vitaly Puzrin), and DES
 * (Copyright (C) 1999 AT&T Laboratories Cambridge; Copyright (c) 1996 Widget Workshop, Inc.; Copyright (C) 1996 Jef Poskanzer).
 */
// oxlint-disable no-underscore-dangle -- the names are noVNC's
import RFB from '@novnc/novnc';
import type { Credentials } from './credentials.ts';

/** What a screen starts with. */
export interface RemoteScreenOptions {
  readonly credentials: Credentials;
  readonly shared: boolean;
}

/**
 * noVNC's RFB which says why it gave up.
 *
 * RFB keeps that for the console, so this one file reaches behind its public API: `_fail` is where every failure of the
 * protocol goes. It does what the original does, with a callback instead of the message on the console. Where a later
 * version of noVNC has no `_fail`, the page works and knows less; a test would notice.
 */
export class RemoteScreen extends RFB {
  /** Hears what noVNC says of a failure, such as 'Unsupported security types (types: 5)', before 'disconnect'. */
  onfailure: ((details: string) => void) | null = null;

  /** Puts the canvas into `place` and begins to speak RFB as soon as the channel is open. */
  constructor(place: HTMLElement, channel: object, { credentials, shared }: RemoteScreenOptions) {
    super(place, channel, { credentials, shared });
  }

  protected override _fail(details: string): false {
    this._rfbCleanDisconnect = false;
    this.onfailure?.(details);
    if (this._rfbConnectionState === 'disconnected') return false;
    this._updateConnectionState('disconnecting');
    this._updateConnectionState('disconnected');
    return false;
  }
}
