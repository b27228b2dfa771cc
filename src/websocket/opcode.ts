/** Frame opcodes (RFC 6455 §5.2). Those from 8 up are control frames. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The opcode of a whole data message: text or binary. */
export type DataOpcode = 1 | 2;
