import { formatHostPort, quoted } from '../address/host-port.ts';
import { BUILTIN_PAGES } from '../config/builtin-pages.ts';
import { Secret } from '../config/secret.ts';
import type { AncestorArguments } from './ancestor-option.ts';
import { isClass, setAuthPlugin, setTokenPlugin } from './ancestor-plugins.ts';
import { type Environment, type RunInvocation, usageError } from './dialect.ts';
import { InputBuilder } from './input-builder.ts';
import { checkLaunch } from './launch.ts';

/** What sets one ancestor apart from another. */
export interface AncestorDialect {
  readonly program: string;
  /** What a wrapped program's end means when nobody says so. */
  readonly wrapMode: 'exit' | 'ignore';
  readonly legacyProtocols: boolean;
  /** The target of every client, where the command line names none. A bare port is then for this machine alone. */
  readonly target?: 'echo:' | 'load:';
}

/** How the ancestors give what remedies speak of. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ['target.ca', '--ssl-target-ca'],
  ['target.verify', '--ssl-target-no-verify'],
  ['target.portEnv', '--wrap-port-env'],
  ['tls.verifyClient', '--verify-client'],
  ['tls.cert', '--cert'],
  ['tls.keyPasswordFile', '--key-password'],
]);

const SSL_VERSIONS: Readonly<Record<string, string>> = {
  tlsv1_1: 'TLSv1.1',
  tlsv1_2: 'TLSv1.2',
  tlsv1_3: 'TLSv1.3',
};

/** Turns the command line of an ancestor into the input of a config. Throws USAGE for what cannot go together. */
export function ancestorInvocation(
  dialect: AncestorDialect,
  args: AncestorArguments,
  env: Environment,
  exists: (file: string) => boolean,
): RunInvocation {
  const reading = new Reading(dialect, args, exists);
  reading.read(env);
  const { builder, notes } = reading;
  const launch = {
    daemon: args.values.has('--daemon'),
    pidFile: reading.text('--pid-file') ?? null,
    inetd: args.values.has('--inetd'),
  };
  checkLaunch(launch);
  return {
    command: 'run',
    ...builder.result,
    notes,
    launch,
    strict: true,
    flagOf: (key) => FLAGS.get(key),
    // Who measures wants the page to measure with.
    ...(dialect.target === undefined ? {} : { pages: true }),
    withListen: (listen) => `${dialect.program} ${listen} …`,
  };
}

/** One reading of a command line, in the order in which the ancestor finds its mistakes. */
class Reading {
  readonly builder: InputBuilder = new InputBuilder();
  readonly notes: string[] = [];
  readonly #dialect: AncestorDialect;
  readonly #args: AncestorArguments;
  readonly #exists: (file: string) => boolean;

  constructor(dialect: AncestorDialect, args: AncestorArguments, exists: (file: string) => boolean) {
    this.#dialect = dialect;
    this.#args = args;
    this.#exists = exists;
  }

  read(env: Environment): void {
    this.#checkCompany();
    this.#log(env);
    this.#tls(env);
    this.#endpoints();
    this.#access();
    this.#rest();
  }

  /** The value of an option that takes a text; undefined when it was not given, or was given empty. */
  text(flag: string): string | undefined {
    const value = this.#args.values.get(flag);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  #has(flag: string): boolean {
    return this.#args.values.has(flag) && this.#args.values.get(flag) !== '';
  }

  /** Options that mean nothing without another. */
  #checkCompany(): void {
    const needs = [
      ['--token-source', '--token-plugin'],
      ['--host-token', '--token-plugin'],
      ['--auth-source', '--auth-plugin'],
      ['--web-auth', '--auth-plugin'],
      ['--web-auth', '--web'],
      ['--legacy-syslog', '--syslog'],
    ] as const;
    for (const [flag, other] of needs)
      if (this.#has(flag) && !this.#has(other)) throw usageError(`${flag} needs ${other}`, `Give ${other}, too.`);
  }

  #log(env: Environment): void {
    const { builder } = this;
    const file = this.text('--log-file');
    const syslog = this.text('--syslog');
    if (this.#has('--verbose')) builder.set('log.level', 'debug', '--verbose');
    if (this.#has('--traffic')) builder.set('log.traffic', true, '--traffic');
    // People read the log of the ancestors, wherever it goes.
    const format = env['BASCULE_LOG_FORMAT'];
    builder.set('log.format', format || 'text', format ? 'BASCULE_LOG_FORMAT' : this.#dialect.program);
    if (file !== undefined) builder.set('log.file', file, '--log-file');
    if (syslog !== undefined) {
      const port = /:([^:]*)$/.exec(syslog)?.[1];
      if (port !== undefined) readPort(port, 1, `--syslog: ${quoted(syslog)}`);
      // Without a port it is a path, however it looks.
      builder.set('log.syslog', port === undefined ? `unix:${syslog}` : syslog, '--syslog');
      builder.set('log.syslogName', this.#dialect.program, '--syslog');
      builder.set('log.syslogFacility', this.#has('--daemon') ? 'daemon' : 'user', '--syslog');
      if (this.#has('--legacy-syslog')) builder.set('log.syslogFormat', 'rfc3164', '--legacy-syslog');
    }
    // The ancestors go on writing to the terminal.
    if (file !== undefined || syslog !== undefined) builder.set('log.stderr', true, this.#dialect.program);
  }

  /** Without its file a certificate counts for nothing: that is how a bridge is run without TLS. */
  #tls(env: Environment): void {
    const { builder } = this;
    const given = this.text('--cert');
    const cert = given ?? 'self.pem';
    if (!this.#exists(cert)) {
      if (this.#has('--ssl-only'))
        throw usageError(`--ssl-only needs a certificate, and ${quoted(cert)} is not there`, 'Give it with --cert.');
      if (given !== undefined) this.notes.push(`${quoted(cert)} is not there, so there is no TLS`);
      if (this.#has('--verify-client')) this.notes.push('without a certificate --verify-client has no effect');
      return;
    }
    builder.set('tls.cert', cert, given === undefined ? 'self.pem' : '--cert');
    const key = this.text('--key');
    if (key !== undefined) builder.set('tls.key', key, '--key');
    const password = this.text('--key-password') ?? env['BASCULE_KEY_PASSWORD'];
    if (password) builder.set('tls.keyPassword', new Secret(password), '--key-password');
    if (this.#has('--ssl-only')) builder.set('tls.only', true, '--ssl-only');
    const version = SSL_VERSIONS[this.text('--ssl-version') ?? ''];
    if (version !== undefined) builder.set('tls.minVersion', version, '--ssl-version');
    const ciphers = this.text('--ssl-ciphers');
    if (ciphers !== undefined) builder.set('tls.ciphers', ciphers, '--ssl-ciphers');
    const ca = this.text('--cafile');
    if (this.#has('--verify-client')) {
      builder.set('tls.verifyClient', true, '--verify-client');
      if (ca !== undefined) builder.set('tls.clientCa', ca, '--cafile');
    } else if (ca !== undefined) {
      this.notes.push('without --verify-client --cafile has no effect');
    }
  }

  /** LISTEN and TARGET: from the operands, or from the options that stand for one of them. */
  #endpoints(): void {
    const { operands, rest } = this.#args;
    if (this.#dialect.target !== undefined)
      return this.#ownServer(this.#dialect.target, [...operands, ...(rest ?? [])]);
    if (rest && operands.length > 1)
      throw usageError('there is a target and a program to wrap', 'Leave out the target, or the -- and the program.');
    const words = [...operands, ...(rest ?? [])];
    const elsewhere = ['--inetd', '--unix-listen'].find((flag) => this.#has(flag));
    if (elsewhere === undefined) this.#listen(words.shift());
    else if (rest)
      throw usageError(`with ${elsewhere} there is no port that a wrapped program could listen on`, 'Give a port.');
    if (elsewhere === '--inetd') this.builder.set('listen', 'fd:0', '--inetd');
    else if (elsewhere === '--unix-listen') this.#listenUnix(this.text('--unix-listen') ?? '');
    if (this.#has('--unix-listen-mode') && elsewhere !== '--unix-listen')
      this.notes.push('without --unix-listen --unix-listen-mode has no effect');
    if (rest && words.length > 0) this.#wrap(words.splice(0));
    else this.#target(words);
    const [extra] = words;
    if (extra !== undefined) throw tooMany(extra);
  }

  /** A port, and nothing to connect to: the server is in the bridge. */
  #ownServer(target: string, [word, extra]: readonly string[]): void {
    this.#listen(word);
    if (extra !== undefined) throw tooMany(extra);
    this.builder.set('target.url', target, this.#dialect.program);
  }

  #listen(word: string | undefined): void {
    if (word === undefined) throw usageError('the port to listen on is missing', this.#seeHelp);
    const { host, port } = splitAddress(word);
    const ipv6 = this.#has('--prefer-ipv6');
    const number = readPort(port, 0, quoted(word));
    if (host === '' && this.#dialect.target !== undefined) {
      this.builder.set('listen', String(number), 'source_port');
      return;
    }
    const address = host === '' || host === '*' ? (ipv6 ? '::' : '0.0.0.0') : host;
    this.builder.set('listen', formatHostPort({ host: address, port: number }), 'source_port');
    this.builder.set('listenFamily', ipv6 ? 'ipv6' : 'ipv4', '--prefer-ipv6');
  }

  #listenUnix(file: string): void {
    this.builder.set('listen', `unix:${file}`, '--unix-listen');
    const mode = this.text('--unix-listen-mode');
    if (mode === undefined) return;
    const digits = /^(?:0o)?([0-7]{1,4})$/i.exec(mode)?.[1];
    if (digits === undefined)
      throw usageError(`--unix-listen-mode: ${quoted(mode)} is no file mode`, 'Write octal digits, such as 0660.');
    this.builder.set('unixMode', digits.padStart(3, '0'), '--unix-listen-mode');
  }

  #wrap(command: readonly string[]): void {
    const { builder } = this;
    for (const flag of ['--unix-target', '--ssl-target', ...TOKEN_FLAGS])
      if (this.#has(flag)) throw usageError(`${flag} and a program to wrap exclude each other`, `Leave out ${flag}.`);
    const isTold = this.#has('--wrap-port-env') || command.slice(1).some((word) => word.includes('{port}'));
    if (String(builder.result.input.listen).endsWith(':0') && !isTold)
      throw usageError('with port 0 nobody knows which port the program listens on', 'Give that port.');
    builder.set('target.program', command, '--');
    builder.set('target.mode', this.text('--wrap-mode') ?? this.#dialect.wrapMode, '--wrap-mode');
    const variable = this.#args.values.get('--wrap-port-env');
    if (variable !== undefined) builder.set('target.portEnv', variable, '--wrap-port-env');
  }

  /** Takes the target from the operands that are left, unless an option stands for it. */
  #target(words: string[]): void {
    if (this.#has('--wrap-port-env'))
      throw usageError('--wrap-port-env needs a program to wrap', 'Write its command line after --.');
    const socket = this.text('--unix-target');
    const hasTokens = TOKEN_FLAGS.some((flag) => this.#has(flag));
    if (socket !== undefined && hasTokens)
      throw usageError('--unix-target and tokens exclude each other', 'Leave out one of them.');
    if (hasTokens) {
      this.#tokens();
    } else if (socket !== undefined) {
      this.builder.set('target.url', `unix:${socket}`, '--unix-target');
      if (this.#has('--ssl-target')) this.notes.push('with --unix-target --ssl-target has no effect');
    } else {
      const word = words.shift();
      if (word === undefined) throw usageError('the target is missing', this.#seeHelp);
      if (!word.includes(':')) throw usageError(`${quoted(word)} is no target`, 'Write it like localhost:5900.');
      const { host, port } = splitAddress(word);
      const name = host === '' ? '127.0.0.1' : host;
      const number = readPort(port, 1, quoted(word));
      const scheme = this.#has('--ssl-target') ? 'tls' : 'tcp';
      this.builder.set('target.url', `${scheme}://${formatHostPort({ host: name, port: number })}`, 'target_addr');
    }
    if (this.#has('--ssl-target') && socket === undefined) this.#targetTls();
  }

  #targetTls(): void {
    const ca = this.text('--ssl-target-ca');
    if (ca !== undefined) this.builder.set('target.ca', ca, '--ssl-target-ca');
    if (this.#has('--ssl-target-no-verify')) this.builder.set('target.verify', false, '--ssl-target-no-verify');
  }

  #tokens(): void {
    const file = this.text('--target-config');
    const plugin = this.text('--token-plugin');
    if (file !== undefined && plugin !== undefined)
      this.notes.push('--target-config takes the place of --token-plugin and --token-source');
    if (file === undefined) setTokenPlugin(this.builder, plugin ?? '', this.text('--token-source'));
    else this.builder.set('target.tokens.file', file, '--target-config');
    if (this.#has('--host-token')) this.builder.set('target.tokens.from', 'host', '--host-token');
    if (this.#has('--ssl-target')) this.builder.set('target.tokens.tls', true, '--ssl-target');
  }

  #access(): void {
    const plugin = this.text('--auth-plugin');
    if (plugin === undefined) return;
    if (isClass(plugin, 'ClientCertCNAuth') && this.builder.originOf('tls.verifyClient') === undefined)
      throw usageError(`${plugin} needs clients with certificates`, 'Give --verify-client, and --cert with a file.');
    setAuthPlugin(this.builder, plugin, this.text('--auth-source'));
  }

  #rest(): void {
    const { builder } = this;
    const { values } = this.#args;
    const web = this.text('--web');
    if (web !== undefined) {
      // To these programs it is a directory like any other.
      builder.set('web.root', web === BUILTIN_PAGES ? `./${web}` : web, '--web');
      builder.set('web.listing', !this.#has('--file-only'), '--file-only');
      if (this.#has('--web-auth')) builder.set('web.auth', true, '--web-auth');
    }
    if (web === undefined && this.#dialect.target === undefined)
      builder.set('plainAnswer', 'method-not-allowed', this.#dialect.program);
    builder.set('subprotocols', ['binary', 'base64'], this.#dialect.program);
    if (this.#dialect.target === undefined)
      builder.set('relay.keepalive.interval', values.get('--heartbeat') ?? 0, '--heartbeat');
    const record = this.text('--record');
    if (record !== undefined) builder.set('record', record, '--record');
    if (this.#has('--run-once')) builder.set('life.once', true, '--run-once');
    for (const [flag, key] of LIFE) {
      const seconds = values.get(flag);
      if (seconds !== undefined) builder.set(key, seconds, flag);
    }
    if (this.#dialect.legacyProtocols || this.#has('--legacy-protocols'))
      builder.set('legacyProtocols', true, '--legacy-protocols');
    if (this.#has('--libserver')) this.notes.push('--libserver has no effect: there is one engine');
  }

  get #seeHelp(): string {
    return `See ${this.#dialect.program} --help.`;
  }
}

const TOKEN_FLAGS = ['--token-plugin', '--target-config'] as const;
const LIFE = [
  ['--timeout', 'life.timeout'],
  ['--idle-timeout', 'life.idleTimeout'],
] as const;

/** Parts an address at its last colon, as the ancestor does; an IPv6 address may have brackets or not. */
function splitAddress(text: string): { readonly host: string; readonly port: string } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, Math.max(colon, 0)).replaceAll(/^[[\]]+|[[\]]+$/g, ''), port: text.slice(colon + 1) };
}

function readPort(text: string, least: 0 | 1, where: string): number {
  const port = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= least && port <= 65_535) return port;
  throw usageError(`${where}: ${quoted(text)} is no port`, `Give a number from ${least} to 65535.`);
}

function tooMany(word: string): Error {
  return usageError(`${quoted(word)} is one argument too many`, 'Leave it out.');
}
