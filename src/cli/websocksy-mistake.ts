import type { ErrorCode } from '../errors.ts';

/** What is wrong, without its place, and what to do. */
export interface Mistake {
  readonly what: string;
  readonly remedy: string;
  /** Where the value came from that is wrong, if it is known. */
  readonly origin?: string;
  /** The row of the error table, where it is not CONFIG_INVALID. */
  readonly code?: ErrorCode;
}
