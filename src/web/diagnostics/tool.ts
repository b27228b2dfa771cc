import type { Conversation } from './conversation.ts';
import type { TargetKind } from './identify.ts';

/** One of the tools of the page. Its elements have the ids NAME, NAME-start and NAME-status. */
export interface Tool {
  readonly name: string;
  /** What the top bar says while it runs, such as 'Measuring latency'. */
  readonly activity: string;
  /** It lasts until somebody stops it, and makes room for another tool. */
  readonly open?: boolean;
  /** Whether what stands in its fields can be used; shows what is wrong with it. */
  ready?(): boolean;
  /** Why it is of no use with such a target; null where it works. */
  refusal(kind: TargetKind): string | null;
  /**
   * Does its work over a new connection and shows it, until it is done or the signal fires. Gives a sentence on how it
   * went; 'bad' where something was found wrong.
   */
  run(link: Conversation, kind: TargetKind, signal: AbortSignal): Promise<Outcome>;
}

/** How the work of a tool went. */
export interface Outcome {
  readonly text: string;
  readonly kind?: 'bad';
}

/** What a tool says that needs load: or echo:. */
export function needsServers(kind: TargetKind): string | null {
  return kind === 'other' ? 'This needs a load: or echo: target.' : null;
}
