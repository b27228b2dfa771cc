import { TextCodec } from '../encoding/text-codec.ts';
import { BridgeLink, type LinkState } from '../link/bridge-link.ts';
import { GreetingGate } from '../link/greeting-gate.ts';
import type { ServerKind } from '../link/greeting.ts';
import { TelnetClient } from '../telnet/telnet-client.ts';
import type { TerminalView } from './terminal-view.ts';

/**
 * How the terminal and the server understand each other.
 *
 * - 'line': a line is edited here and sent whole.
 * - 'raw': every key goes to the server as it is.
 * - 'telnet': by TELNET (RFC 854); the server decides about keys or lines, and about the echo.
 */
export type SessionMode = 'line' | 'raw' | 'telnet';

/** What Enter sends: CR LF, LF or CR. */
export type LineEnd = '\r\n' | '\n' | '\r';

/** What a session needs of the terminal. */
type SessionView = Pick<TerminalView, 'active' | 'columns' | 'rows' | 'style' | 'write'>;

/** What a page gets to hear. */
export interface SessionHandlers {
  onState(state: LinkState): void;
  /** The mode, or what TELNET has agreed on, is another now. */
  onMode(): void;
  /** The server has said who it is. */
  onServer(kind: ServerKind): void;
  /** Something did not go through: a sentence for the visitor. */
  onTrouble(text: string): void;
}

/** Names for TTYPE, as xterm calls itself; each server takes the first one that it knows. */
const TERMINAL_TYPES = ['XTERM-256COLOR', 'XTERM', 'VT100'] as const;

/** What lies between a connection and the terminal: encoding, line ends, TELNET. */
export class TerminalSession {
  readonly link: BridgeLink;
  readonly #view: SessionView;
  readonly #handlers: SessionHandlers;
  #mode: SessionMode = 'line';
  #telnet: TelnetClient | null = null;
  #codec = new TextCodec('utf-8');
  #lineEnd: LineEnd = '\r\n';
  #echo = false;
  #gate = this.#newGate();
  /** When the terminal takes more of what the present bytes have become. */
  #shown: Promise<void> = Promise.resolve();
  /** A server that begins with TELNET is spoken to in TELNET, unless the visitor has chosen otherwise. */
  followsServer = true;

  constructor(view: SessionView, handlers: SessionHandlers) {
    this.#view = view;
    this.#handlers = handlers;
    this.link = new BridgeLink({
      onState: (state) => this.#enter(state),
      onBytes: (bytes) => this.#receive(bytes),
    });
  }

  get mode(): SessionMode {
    return this.#mode;
  }

  set mode(mode: SessionMode) {
    this.#mode = mode;
    this.#telnet = mode === 'telnet' ? this.#newTelnet() : null;
    this.#apply();
  }

  /** The label of the encoding, one of ENCODINGS. */
  set encoding(label: string) {
    this.#codec = new TextCodec(label);
  }

  /** What Enter sends in line and raw mode; TELNET has its own. */
  set lineEnd(lineEnd: LineEnd) {
    this.#lineEnd = lineEnd;
  }

  /** Whether raw mode shows here what is typed. */
  set echo(echo: boolean) {
    this.#echo = echo;
    this.#apply();
  }

  /** What TELNET has agreed on, in words; '' in the other modes. */
  get agreement(): string {
    if (!this.#telnet) return '';
    const { byKey, remoteEcho } = this.#telnet;
    const keys = byKey ? 'Every key goes to the server' : 'Enter sends the line';
    return `${keys} · ${remoteEcho ? (byKey ? 'the server echoes' : 'what you type is hidden') : 'echo is local'}`;
  }

  /** Connects and stays until the end. */
  async connect(address: URL): Promise<void> {
    this.#gate = this.#newGate();
    this.encoding = this.#codec.label;
    // TELNET that the last server brought was that server's: the next one says for itself what it speaks.
    this.mode = this.followsServer ? 'line' : this.#mode;
    await this.link.connect(address);
  }

  /** Sends what was typed. CR stands for Enter. */
  input(text: string): void {
    const { bytes, lost } = this.#codec.encode(this.#telnet ? text : text.replaceAll('\r', this.#lineEnd));
    if (lost > 0) this.#handlers.onTrouble('This encoding does not have every character; “?” was sent instead.');
    this.sendBytes(bytes);
  }

  /** Sends bytes, with no encoding on the way. */
  sendBytes(bytes: Uint8Array): void {
    if (this.#telnet) this.#telnet.send(bytes);
    else this.#send(bytes);
  }

  /** The terminal has another size. */
  resize(columns: number, rows: number): void {
    this.#telnet?.resize(columns, rows);
  }

  /** Answers a command of the server. Who asks on and on and reads nothing is not waited for. */
  #answer(bytes: Uint8Array): void {
    if (this.link.state !== 'open' || this.link.send(bytes, 'answer')) return;
    this.#handlers.onTrouble('The server asks on and on by TELNET and reads no answer; the connection was ended.');
    this.link.close();
  }

  #send(bytes: Uint8Array): void {
    if (this.link.state === 'open' && !this.link.send(bytes))
      this.#handlers.onTrouble('The server takes nothing at the moment; what you typed last was not sent.');
  }

  #receive(bytes: Uint8Array): Promise<void> {
    this.#shown = Promise.resolve();
    if (!this.#gate.take(bytes)) this.#pass(bytes);
    return this.#shown;
  }

  #newGate(): GreetingGate {
    return new GreetingGate((kind, first) => {
      if (kind === 'telnet' && this.#mode === 'line' && this.followsServer) this.mode = 'telnet';
      if (kind) this.#handlers.onServer(kind);
      this.#pass(first);
    });
  }

  #pass(bytes: Uint8Array): void {
    if (this.#telnet) this.#telnet.receive(bytes);
    else this.#show(bytes);
  }

  #show(bytes: Uint8Array): void {
    this.#shown = this.#view.write(this.#codec.decode(bytes));
  }

  #newTelnet(): TelnetClient {
    return new TelnetClient({
      terminalTypes: TERMINAL_TYPES,
      columns: this.#view.columns,
      rows: this.#view.rows,
      onSend: (bytes) => this.#send(bytes),
      onAnswer: (bytes) => this.#answer(bytes),
      onData: (bytes) => this.#show(bytes),
      onMode: () => this.#apply(),
    });
  }

  #enter(state: LinkState): void {
    // What has come is shown, also when it is only the beginning of a greeting.
    if (state === 'closed') this.#gate.open();
    this.#view.active = state === 'open';
    this.#handlers.onState(state);
  }

  #apply(): void {
    const edit = this.#telnet ? !this.#telnet.byKey : this.#mode === 'line';
    const echo = this.#telnet ? !this.#telnet.remoteEcho : this.#mode === 'line' || this.#echo;
    this.#view.style = { edit, echo, newlines: this.#mode === 'line' };
    this.#handlers.onMode();
  }
}
