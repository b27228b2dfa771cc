import { OptionState } from './option-state.ts';
import { COMMAND, negotiation, OPTION, subnegotiation, type Verb } from './telnet-code.ts';
import { TelnetParser } from './telnet-parser.ts';

/** The words of TTYPE (RFC 1091 §2). */
const TTYPE_IS = 0;
const TTYPE_SEND = 1;
const [LF, CR] = [10, 13];
/** Options asked about that are kept, allowed or not: there are only as many. */
const OPTIONS = 256;

/** What a client needs of its surroundings. */
export interface TelnetClientOptions {
  /** Names of the terminal for TTYPE, best first; the last one is the most general (RFC 1091). */
  readonly terminalTypes: readonly [string, ...string[]];
  /** The terminal in cells. */
  readonly columns: number;
  readonly rows: number;
  /** What was typed, for the server, complete with its escapes. */
  onSend(bytes: Uint8Array<ArrayBuffer>): void;
  /** A command for the server. Nearly all of them are answers: their number is up to the server. */
  onAnswer(bytes: Uint8Array<ArrayBuffer>): void;
  /** Text of the server. */
  onData(bytes: Uint8Array<ArrayBuffer>): void;
  /** The server echoes now or no longer, or takes keys one by one or no longer. */
  onMode(): void;
}

/**
 * The user's side of TELNET (RFC 854): takes ECHO and SGA of the server, gives SGA, NAWS and TTYPE, refuses every
 * other option.
 *
 * It waits for the server to begin, so that a server that speaks no TELNET never sees a command. No network, no screen.
 */
export class TelnetClient {
  readonly #options: TelnetClientOptions;
  readonly #parser: TelnetParser;
  /** Options of the server (WILL, WONT) and of this side (DO, DONT). */
  readonly #remote = optionStates([OPTION.ECHO, OPTION.SGA]);
  readonly #local = optionStates([OPTION.SGA, OPTION.TTYPE, OPTION.NAWS]);
  #columns: number;
  #rows: number;
  #begun = false;
  /** The name that TTYPE gives next. */
  #type = 0;

  constructor(options: TelnetClientOptions) {
    this.#options = options;
    this.#columns = options.columns;
    this.#rows = options.rows;
    this.#parser = new TelnetParser({
      onData: (bytes) => options.onData(bytes),
      onNegotiation: (verb, option) => this.#negotiate(verb, option),
      onSubnegotiation: (option, parameters) => this.#subnegotiate(option, parameters),
    });
  }

  /** The server shows what is typed, or means to hide it: a password. */
  get remoteEcho(): boolean {
    return this.#remote[OPTION.ECHO]!.on;
  }

  /** The server takes keys one by one instead of lines (SGA, as RFC 858 and every server since use it). */
  get byKey(): boolean {
    return this.#remote[OPTION.SGA]!.on;
  }

  /** Takes bytes of the server. */
  receive(bytes: Uint8Array): void {
    this.#parser.push(bytes);
  }

  /** Sends typed bytes: each IAC doubled, and CR as a line end (CR LF), unless a LF follows it already. */
  send(bytes: Uint8Array): void {
    const escaped: number[] = [];
    for (const [place, byte] of bytes.entries()) {
      escaped.push(byte);
      if (byte === COMMAND.IAC) escaped.push(byte);
      if (byte === CR && bytes[place + 1] !== LF) escaped.push(LF);
    }
    this.#options.onSend(Uint8Array.from(escaped));
  }

  /** The terminal has another size now; the server hears of it if it has asked (RFC 1073). */
  resize(columns: number, rows: number): void {
    if (columns === this.#columns && rows === this.#rows) return;
    this.#columns = columns;
    this.#rows = rows;
    if (this.#local[OPTION.NAWS]!.on) this.#sendSize();
  }

  #negotiate(verb: Verb, option: number): void {
    const remote = verb === 'WILL' || verb === 'WONT';
    const state = (remote ? this.#remote : this.#local)[option]!;
    const { reply, changed } = verb === 'WILL' || verb === 'DO' ? state.onYes() : state.onNo();
    if (reply === 'agree') this.#options.onAnswer(negotiation(remote ? 'DO' : 'WILL', option));
    if (reply === 'refuse') this.#options.onAnswer(negotiation(remote ? 'DONT' : 'WONT', option));
    if (changed && !remote && option === OPTION.NAWS && state.on) this.#sendSize();
    if (changed && !remote && option === OPTION.TTYPE) this.#type = 0;
    if (changed && remote) this.#options.onMode();
    if (this.#begun) return;
    this.#begun = true;
    // Many servers take the size and do not ask for it.
    if (this.#local[OPTION.NAWS]!.request()) this.#options.onAnswer(negotiation('WILL', OPTION.NAWS));
  }

  #subnegotiate(option: number, parameters: Uint8Array): void {
    if (option !== OPTION.TTYPE || !this.#local[OPTION.TTYPE]!.on || parameters[0] !== TTYPE_SEND) return;
    const { terminalTypes } = this.#options;
    // The last name comes twice: so the server sees that the list is over (RFC 1091). Then it begins anew.
    const name = terminalTypes[Math.min(this.#type, terminalTypes.length - 1)]!;
    this.#type = this.#type >= terminalTypes.length ? 0 : this.#type + 1;
    this.#options.onAnswer(subnegotiation(OPTION.TTYPE, [TTYPE_IS, ...new TextEncoder().encode(name)]));
  }

  #sendSize(): void {
    const size = [this.#columns, this.#rows].flatMap((cells) => [cells >> 8, cells & 0xff]);
    this.#options.onAnswer(subnegotiation(OPTION.NAWS, size));
  }
}

/** The states of all options of one side, by their numbers. */
function optionStates(allowed: readonly number[]): readonly OptionState[] {
  return Array.from({ length: OPTIONS }, (_none, option) => new OptionState(allowed.includes(option)));
}
