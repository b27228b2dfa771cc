import type { ChannelEnd } from './reconnect.ts';

/** A message, with the fields of MessageEvent that consumers of channels read. */
export interface ChannelMessageEvent extends Event {
  /** An ArrayBuffer, or a Blob with `binaryType` 'blob'; a string where the peer sent text. */
  readonly data: ArrayBuffer | Blob | string;
}

/** The end of a connection, with the fields of CloseEvent. */
export interface ChannelCloseEvent extends Event, ChannelEnd {
  /** In how many ms the channel connects again; null when this is the end. */
  readonly retryIn: number | null;
}
