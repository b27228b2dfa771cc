import type { DataOpcode } from './opcode.ts';

/** One message: its kind and its payload (RFC 6455 §5.6). */
export interface Message {
  readonly opcode: DataOpcode;
  readonly data: Buffer;
}
