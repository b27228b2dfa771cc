/** The commands of TELNET (RFC 854, "TELNET COMMAND STRUCTURE"). */
export const COMMAND = {
  SE: 240,
  SB: 250,
  WILL: 251,
  WONT: 252,
  DO: 253,
  DONT: 254,
  IAC: 255,
} as const;

/** The options that are spoken here: ECHO (RFC 857), SGA (RFC 858), TTYPE (RFC 1091), NAWS (RFC 1073). */
export const OPTION = {
  ECHO: 1,
  SGA: 3,
  TTYPE: 24,
  NAWS: 31,
} as const;

/** The four words of a negotiation. */
export type Verb = 'WILL' | 'WONT' | 'DO' | 'DONT';

/** An option that a side asks for, agrees to or refuses, as three bytes. */
export function negotiation(verb: Verb, option: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(COMMAND.IAC, COMMAND[verb], option);
}

/** Parameters of an option (RFC 855), with each IAC among them doubled. */
export function subnegotiation(option: number, parameters: Iterable<number>): Uint8Array<ArrayBuffer> {
  const { IAC, SB, SE } = COMMAND;
  const escaped = [...parameters].flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte]));
  return Uint8Array.of(IAC, SB, option, ...escaped, IAC, SE);
}
