import { COMMAND, type Verb } from './telnet-code.ts';

/** Parameters of an option that are kept; TTYPE and NAWS need a few bytes. What is longer is left out whole. */
const MOST_PARAMETERS = 1024;
const CR = 13;

/** What a parser finds. */
export interface TelnetHandlers {
  /** Text of the server, without commands; a carriage return alone comes as CR, a line end as CR LF. */
  onData(bytes: Uint8Array<ArrayBuffer>): void;
  onNegotiation(verb: Verb, option: number): void;
  onSubnegotiation(option: number, parameters: Uint8Array<ArrayBuffer>): void;
}

const VERBS: Readonly<Record<number, Verb>> = {
  [COMMAND.WILL]: 'WILL',
  [COMMAND.WONT]: 'WONT',
  [COMMAND.DO]: 'DO',
  [COMMAND.DONT]: 'DONT',
};

/**
 * Where the parser stands between two bytes.
 *
 * - text → cr (after CR) → text; text or cr → command (after IAC)
 * - command → text | verb (after WILL, WONT, DO, DONT) → text | option (after SB) → parameters
 * - parameters → parameters-iac (after IAC) → parameters (IAC doubled) | text (SE)
 */
type State = 'text' | 'cr' | 'command' | 'verb' | 'option' | 'parameters' | 'parameters-iac';

/** Takes the bytes of a TELNET server apart (RFC 854, RFC 855), wherever they are split. */
export class TelnetParser {
  readonly #handlers: TelnetHandlers;
  #state: State = 'text';
  #verb: Verb = 'WILL';
  #option = 0;
  #parameters: number[] = [];
  #tooMany = false;

  constructor(handlers: TelnetHandlers) {
    this.#handlers = handlers;
  }

  /** Takes the next bytes. What was found before a command is handed out before it. */
  push(chunk: Uint8Array): void {
    const text = new Uint8Array(chunk.length);
    let length = 0;
    const flush = (): void => {
      if (length > 0) this.#handlers.onData(text.slice(0, length));
      length = 0;
    };
    for (const byte of chunk) {
      switch (this.#state) {
        case 'text':
        case 'cr':
          if (byte === COMMAND.IAC) this.#state = 'command';
          else if (this.#isPadding(byte)) this.#state = 'text';
          else {
            text[length++] = byte;
            this.#state = byte === CR ? 'cr' : 'text';
          }
          break;
        case 'command':
          if (byte === COMMAND.IAC) {
            text[length++] = byte;
            this.#state = 'text';
          } else this.#command(byte);
          break;
        case 'verb':
          flush();
          this.#state = 'text';
          this.#handlers.onNegotiation(this.#verb, byte);
          break;
        case 'option':
          this.#option = byte;
          this.#parameters = [];
          this.#tooMany = false;
          this.#state = 'parameters';
          break;
        case 'parameters':
          if (byte === COMMAND.IAC) this.#state = 'parameters-iac';
          else this.#parameter(byte);
          break;
        case 'parameters-iac':
          if (byte === COMMAND.IAC) {
            this.#parameter(byte);
            this.#state = 'parameters';
          } else {
            flush();
            this.#endParameters(byte);
          }
          break;
      }
    }
    flush();
  }

  /** NUL after CR: the carriage return stood for itself (RFC 854, "THE NVT PRINTER AND KEYBOARD"). */
  #isPadding(byte: number): boolean {
    return this.#state === 'cr' && byte === 0;
  }

  /** Commands without an option (NOP, DM, GA and the like) ask nothing of a terminal that shows what comes at once. */
  #command(byte: number): void {
    const verb = VERBS[byte];
    if (verb) this.#verb = verb;
    this.#state = verb ? 'verb' : byte === COMMAND.SB ? 'option' : 'text';
  }

  #parameter(byte: number): void {
    if (this.#parameters.length < MOST_PARAMETERS) this.#parameters.push(byte);
    else this.#tooMany = true;
  }

  /** IAC and something else than SE ends parameters as well: a server that forgot SE must not swallow what follows. */
  #endParameters(byte: number): void {
    this.#state = 'text';
    if (byte !== COMMAND.SE) this.#command(byte);
    else if (!this.#tooMany) this.#handlers.onSubnegotiation(this.#option, Uint8Array.from(this.#parameters));
  }
}
