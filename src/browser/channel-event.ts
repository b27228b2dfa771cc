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

/** An event with facts of its own: MessageEvent and CloseEvent are not everywhere, and have no room for more. */
export function makeEvent<Facts extends object>(type: string, facts: Facts): Event & Facts {
  return Object.assign(new Event(type), facts);
}
