import { badAddress, formatHostPort, type HostPort, parseHostPort, quoted } from './host-port.ts';
import { nearest } from './nearest.ts';
import { parseSocketPath } from './socket-path.ts';

/** TLS options that a tls:// address carries in its query. Files are named, not read. */
export interface TargetAddressOptions {
  readonly ca?: string;
  readonly servername?: string;
  readonly verify?: boolean;
  readonly cert?: string;
  readonly key?: string;
}

/** A target as an address says it. */
export type TargetAddress =
  | { readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'tls'; readonly host: string; readonly port: number; readonly options: TargetAddressOptions }
  | { readonly kind: 'unix' | 'unix-dgram'; readonly path: string }
  | { readonly kind: Builtin };

/** Targets that the bridge brings along. */
type Builtin = 'echo' | 'demo' | 'load';

const SCHEMES = ['tcp', 'tls', 'udp', 'unix', 'unix-dgram', 'echo', 'demo', 'load'];
const FORMS = 'write HOST:PORT, tcp://, tls:// or udp://HOST:PORT, unix:PATH, unix-dgram:PATH, echo:, demo: or load:';
/** Schemes of other programs, with ours for them. */
const FOREIGN: Readonly<Record<string, string>> = {
  ssl: 'tls',
  tcps: 'tls',
  https: 'tls',
  wss: 'tls',
  http: 'tcp',
  ws: 'tcp',
  vnc: 'tcp',
  ssh: 'tcp',
  telnet: 'tcp',
  unixgram: 'unix-dgram',
};
const QUERY_OPTIONS = ['ca', 'servername', 'verify', 'cert', 'key'] as const;

/** Reads a target: 'host:port', 'tls://host:port?ca=file', 'unix:/path', 'echo:' and so on. Throws CONFIG_INVALID. */
export function parseTarget(text: string): TargetAddress {
  const trimmed = text.trim();
  if (trimmed === '') throw badAddress(text, 'the target is empty', FORMS);
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*):(.*)$/is.exec(trimmed) ?? [];
  switch (scheme.toLowerCase()) {
    case 'unix':
    case 'unix-dgram':
      return { kind: scheme.toLowerCase() as 'unix' | 'unix-dgram', path: parseSocketPath(rest, text) };
    case 'echo':
    case 'demo':
    case 'load':
      return parseBuiltin(scheme.toLowerCase() as Builtin, rest, text);
    case 'tcp':
    case 'tls':
    case 'udp':
      // A host may bear the name of a scheme: 'tls:443' is port 443 of the host 'tls'.
      if (rest.startsWith('//'))
        return parseNetwork(scheme.toLowerCase() as 'tcp' | 'tls' | 'udp', rest.slice(2), text);
      if (!/^\d+$/.test(rest)) throw badAddress(text, 'two slashes are missing', `write ${scheme}://${rest}`);
  }
  if (rest.startsWith('//')) throw unknownScheme(scheme, text);
  if (trimmed === 'echo' || trimmed === 'demo' || trimmed === 'load') return { kind: trimmed };
  return parseBare(trimmed, text);
}

/** Writes a target as parseTarget reads it. */
export function formatTarget(target: TargetAddress): string {
  switch (target.kind) {
    case 'tcp':
    case 'udp':
      return `${target.kind}://${formatHostPort(target)}`;
    case 'tls': {
      const query = new URLSearchParams();
      for (const name of QUERY_OPTIONS) {
        const value = target.options[name];
        if (value !== undefined) query.set(name, typeof value === 'boolean' ? (value ? 'yes' : 'no') : value);
      }
      return `tls://${formatHostPort(target)}${query.size > 0 ? `?${query.toString()}` : ''}`;
    }
    case 'unix':
    case 'unix-dgram':
      return `${target.kind}:${target.path}`;
    default:
      return `${target.kind}:`;
  }
}

function parseBare(trimmed: string, text: string): TargetAddress {
  if (/^\d+$/.test(trimmed)) throw badAddress(text, 'a target needs a host', `write localhost:${trimmed}`);
  if (/^\.{0,2}\//.test(trimmed)) throw badAddress(text, 'a path needs a scheme', `write unix:${trimmed}`);
  return { kind: 'tcp', ...parseHostPort(trimmed, text, 1) };
}

function parseBuiltin(kind: Builtin, rest: string, text: string): TargetAddress {
  if (rest === '' || rest === '//') return { kind };
  const remedy = /^\d+$/.test(rest)
    ? `write ${kind}:, or tcp://${kind}:${rest} for a host of that name`
    : `write ${kind}:`;
  throw badAddress(text, `${kind}: takes nothing after the colon`, remedy);
}

function parseNetwork(kind: 'tcp' | 'tls' | 'udp', rest: string, text: string): TargetAddress {
  const mark = rest.indexOf('?');
  const authority = mark === -1 ? rest : rest.slice(0, mark);
  const address = parseAuthority(authority.replace(/\/$/, ''), text);
  if (kind === 'tls') return { kind, ...address, options: parseQuery(mark === -1 ? '' : rest.slice(mark + 1), text) };
  if (mark !== -1) throw badAddress(text, `${kind}:// takes no options after '?'`, `write ${kind}://HOST:PORT`);
  return { kind, ...address };
}

function parseAuthority(authority: string, text: string): HostPort {
  if (authority.includes('@')) throw badAddress(text, 'a target has no user name', 'leave out everything up to the @');
  if (/[/#]/.test(authority)) throw badAddress(text, 'a target has no path', 'write HOST:PORT after the two slashes');
  return parseHostPort(authority, text, 1);
}

function parseQuery(query: string, text: string): TargetAddressOptions {
  const options: { -readonly [Name in keyof TargetAddressOptions]: string | boolean } = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const known = QUERY_OPTIONS.find((option) => option === name);
    if (known === undefined) {
      const guess = nearest(name, QUERY_OPTIONS);
      throw badAddress(
        text,
        `there is no option ${quoted(name)}`,
        guess ? `did you mean ${guess}?` : `the options are ${QUERY_OPTIONS.join(', ')}`,
      );
    }
    if (known in options) throw badAddress(text, `the option ${known} is given twice`, 'give it once');
    if (value === '') throw badAddress(text, `the option ${known} is empty`, 'give it a value or leave it out');
    options[known] = known === 'verify' ? parseSwitch(value, text) : value;
  }
  return options as TargetAddressOptions;
}

function parseSwitch(value: string, text: string): boolean {
  if (/^(yes|true|1|on)$/i.test(value)) return true;
  if (/^(no|false|0|off)$/i.test(value)) return false;
  throw badAddress(text, `verify is yes or no, not ${quoted(value)}`, 'write verify=yes or verify=no');
}

function unknownScheme(scheme: string, text: string): Error {
  if (scheme === '') return badAddress(text, 'the scheme is missing', FORMS);
  const guess = FOREIGN[scheme.toLowerCase()] ?? nearest(scheme, SCHEMES);
  return badAddress(
    text,
    `there is no scheme '${scheme}'`,
    guess ? `did you mean ${guess}:?` : `the schemes are ${SCHEMES.join(', ')}`,
  );
}
