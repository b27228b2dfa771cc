/** What the VNC page uses of @novnc/novnc, which has no types of its own. */
declare module '@novnc/novnc' {
  import type { Credentials } from './credentials.ts';

  export default class RFB extends EventTarget {
    constructor(
      target: HTMLElement,
      channel: string | object,
      options?: { readonly shared?: boolean; readonly credentials?: Credentials },
    );
    viewOnly: boolean;
    scaleViewport: boolean;
    resizeSession: boolean;
    clipViewport: boolean;
    dragViewport: boolean;
    focusOnClick: boolean;
    qualityLevel: number;
    compressionLevel: number;
    background: string;
    readonly clippingViewport: boolean;
    disconnect(): void;
    approveServer(): void;
    sendCredentials(credentials: Credentials): void;
    sendKey(keysym: number, code: string | null, down?: boolean): void;
    sendCtrlAltDel(): void;
    focus(options?: FocusOptions): void;
    clipboardPasteFrom(text: string): void;
    /** Not public: see remote-screen.ts, the one file that uses these three. */
    protected _rfbCleanDisconnect: boolean;
    protected _rfbConnectionState: string;
    protected _updateConnectionState(state: string): void;
    protected _fail(details: string): false;
  }
}
