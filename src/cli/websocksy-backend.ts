import { quoted } from '../address/host-port.ts';
import { isHttpToken } from '../address/http-token.ts';
import { nearest } from '../address/nearest.ts';
import { parsePeer } from '../address/peer-address.ts';
import { isPort } from '../address/port.ts';
import { formatTarget } from '../address/target-address.ts';
import { Secret } from '../config/secret.ts';
import { BridgeError } from '../errors.ts';
import { parseExpression } from '../route/peer-expression.ts';
import type { InputBuilder } from './input-builder.ts';
import { FramingChoice } from './websocksy-framing.ts';
import type { Mistake } from './websocksy-mistake.ts';

/** What finds the peer of each connection, as the command line or the config file says it: it gathers its options. */
export interface Backend {
  /** As people name it. */
  readonly label: string;
  /** Takes an option; what is wrong with it, else null. */
  set(option: string, value: string, origin: string): Mistake | null;
  /** Puts everything into the input of a config; what is missing, else null. `give` says how an option is given. */
  build(builder: InputBuilder, give: (option: string) => string): Mistake | null;
  /** What is wrong with its options taken together, once all are given. */
  mistakes(): readonly Mistake[];
}

/** The backend that is there without `-b`: the same peer for everybody. */
export class DefaultBackend implements Backend {
  readonly label: string = 'the default backend';
  readonly #values = new Map<string, Value>();
  readonly #framing = new FramingChoice();

  set(option: string, value: string, origin: string): Mistake | null {
    if (option === PLUGIN) {
      this.#framing.addPlugin(value, origin);
      return null;
    }
    const mistake = knownOption(this.label, option, DEFAULT_OPTIONS) ?? wrongValue(option, value);
    // An empty value is none.
    if (value === '') this.#values.delete(option);
    else if (!mistake) this.#values.set(option, { text: value, origin });
    return mistake;
  }

  build(builder: InputBuilder, give: (option: string) => string): Mistake | null {
    const [host, port] = [this.#values.get('host'), this.#values.get('port')];
    if (!host) return { what: `${this.label} has no host`, remedy: give('host=HOST') };
    try {
      const peer = parsePeer(host.text, port ? Number(port.text) : null);
      builder.set('target.url', formatTarget(peer), host.origin);
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      const lacksPort = error.detail.endsWith('the port is missing');
      return { what: error.detail, remedy: lacksPort ? give('port=PORT') : error.remedy, origin: host.origin };
    }
    const protocol = this.#values.get('protocol');
    builder.set('subprotocols', protocol ? [protocol.text] : [], protocol?.origin ?? 'protocol');
    this.#framing.build(builder, this.#values.get('framing'), this.#values.get('framing-config'));
    return null;
  }

  mistakes(): readonly Mistake[] {
    const [, kind = ''] = /^(udp|unix-dgram):/i.exec(this.#values.get('host')?.text.trim() ?? '') ?? [];
    const [framing, config] = [this.#values.get('framing'), this.#values.get('framing-config')];
    return this.#framing.mistakes(kind === '' ? 'tcp' : 'udp', framing, config);
  }
}

/** The backend `file`: the peer stands in a file whose name is made of what a client sends. */
export class FileBackend implements Backend {
  readonly label: string = 'the backend file';
  #path: Value | null = null;
  readonly #expressions: Value[] = [];
  readonly #framing = new FramingChoice();

  set(option: string, value: string, origin: string): Mistake | null {
    if (option === PLUGIN) {
      this.#framing.addPlugin(value, origin);
      return null;
    }
    const mistake = knownOption(this.label, option, FILE_OPTIONS);
    if (mistake) return mistake;
    if (option === 'path') {
      this.#path = { text: value, origin };
      return value === '' ? { what: 'the path is empty', remedy: 'give the directory of the files' } : null;
    }
    try {
      parseExpression(value);
      this.#expressions.push({ text: value, origin });
      return null;
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      return { what: error.detail, remedy: error.remedy };
    }
  }

  build(builder: InputBuilder, give: (option: string) => string): Mistake | null {
    const [first] = this.#expressions;
    if (!this.#path) return { what: `${this.label} has no path`, remedy: give('path=DIRECTORY') };
    if (!first) return { what: `${this.label} has no expression`, remedy: give('expression=%endpoint%') };
    builder.set('peerFiles.path', this.#path.text, this.#path.origin);
    builder.set(
      'peerFiles.expressions',
      this.#expressions.map(({ text }) => text),
      first.origin,
    );
    this.#framing.build(builder);
    return null;
  }

  mistakes(): readonly Mistake[] {
    return this.#framing.mistakes('tcp');
  }
}

/** Any other backend: a plugin, which knows its options itself. */
export class PluginBackend implements Backend {
  readonly label: string;
  readonly #module: Value;
  readonly #options: Secret[] = [];
  readonly #framing = new FramingChoice();
  #origin = '';

  constructor(module: string, origin: string) {
    this.label = `the backend ${quoted(module)}`;
    this.#module = { text: module, origin };
  }

  set(option: string, value: string, origin: string): Mistake | null {
    if (option === PLUGIN) {
      this.#framing.addPlugin(value, origin);
      return null;
    }
    this.#options.push(new Secret(`${option}=${value}`));
    this.#origin ||= origin;
    return null;
  }

  build(builder: InputBuilder): Mistake | null {
    builder.set('resolver', this.#module.text, this.#module.origin);
    if (this.#options.length > 0) builder.set('resolverOptions', this.#options, this.#origin);
    builder.set('subprotocols', ['*'], 'protocol');
    this.#framing.build(builder);
    return null;
  }

  mistakes(): readonly Mistake[] {
    return this.#framing.mistakes('tcp');
  }
}

/** The backend of a name; what is wrong with the name where it can be none. */
export function createBackend(name: string, origin: string): Backend | Mistake {
  if (name === '') return { what: 'the name of the backend is empty', remedy: 'write file, or the path of a module' };
  return name === 'file' ? new FileBackend() : new PluginBackend(name, origin);
}

/** The options of the default backend, and what each means. */
export const DEFAULT_OPTIONS: Readonly<Record<string, string>> = {
  host: 'The peer: tcp://HOST[:PORT], udp://HOST[:PORT], unix://FILE, unix-dgram://FILE, or a bare host.',
  port: 'Its port; it wins over one in the host.',
  framing: 'How its stream is cut into messages. [auto]',
  'framing-config': 'What to tell the framing, such as the separator.',
  protocol: 'The subprotocol to agree on; * for the first one offered. Unset, clients that offer any are refused.',
};

/** The same of the backend file. */
export const FILE_OPTIONS: Readonly<Record<string, string>> = {
  path: "The directory of the files with lines 'PEER SUBPROTOCOL [FRAMING [CONFIG]]'.",
  expression:
    'The name of a file, with %endpoint%, %cookie:NAME%, %header:TAG% or %query:NAME% in it. Of several the first whose file has a line for the client is taken.',
};

/** The option that every backend has, because plugins for framings are nothing that a backend knows. */
const PLUGIN = 'framing-plugin';

/** It, and what it means. */
export const COMMON_OPTIONS: Readonly<Record<string, string>> = {
  [PLUGIN]:
    'The path or package of a JavaScript module that cuts streams into messages, which peers may name as their framing by the name of its file. May be given again and again.',
};

interface Value {
  readonly text: string;
  /** The flag, or the line of the file. */
  readonly origin: string;
}

function knownOption(label: string, option: string, options: Readonly<Record<string, string>>): Mistake | null {
  if (Object.hasOwn(options, option)) return null;
  const names = [...Object.keys(options), ...Object.keys(COMMON_OPTIONS)];
  const guess = nearest(option, names);
  return {
    what: `${label} has no option ${quoted(option)}`,
    remedy: guess ? `did you mean ${guess}?` : `its options are ${names.join(', ')}`,
  };
}

function wrongValue(option: string, value: string): Mistake | null {
  if (value === '') return null;
  if (option === 'port' && !isPort(value, 1))
    return { what: `${quoted(value)} is no port`, remedy: 'give a number from 1 to 65535' };
  if (option === 'protocol' && !isHttpToken(value))
    return { what: `${quoted(value)} is no subprotocol`, remedy: 'use letters, digits and -._ only' };
  return null;
}
