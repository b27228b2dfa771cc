import { describe, expect, test } from 'vitest';
import { describeConfig } from '../../../src/config/describe.ts';
import { type ExpandedConfig, expand } from '../../../src/config/expand.ts';
import type { ConfigIssue } from '../../../src/config/issue.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { Option } from '../../../src/config/option.ts';
import { OPTIONS } from '../../../src/config/options.ts';
import { validate } from '../../../src/config/schema.ts';

type Mapping = Readonly<Record<string, unknown>>;

const relay = {
  connectTimeout: '1s',
  highWaterMark: '1KiB',
  maxMessage: '1MiB',
  keepalive: { interval: '7s', misses: 5 },
  idleTimeout: '3s',
  maxSession: '4s',
  closeTimeout: '6s',
  linger: '8s',
  fastRead: false,
};
const files = { cert: 'c.pem', key: 'k.pem', keyPasswordFile: 'p', keyPassword: 'hidden' };
const framing = { name: 'separator', config: '0a' };

const targets: readonly Mapping[] = [
  { tokens: { file: 'a', watch: false, from: 'host', tls: true, defaultPort: 5900 } },
  { tokens: { directory: 'a' } },
  { tokens: { sockets: 'a' } },
  { tokens: { url: 'https://a.example/%s', format: 'json' } },
  { tokens: { jwtKey: 'a.pem' } },
  { tokens: { redis: { host: 'cache', port: 1, database: 2, namespace: 'n', password: 'hidden' } } },
  { tokens: { redis: { host: 'cache', passwordFile: 'a' } } },
  { tokens: { plugin: 'acme', pluginSource: 'hidden' } },
  { program: ['sh', '-c', 'exit 3'], port: 2023, mode: 'respawn', portEnv: 'PORT' },
];

const routes: readonly Mapping[] = [
  {
    name: 'r',
    path: '/a',
    host: 'a.example',
    target: { url: 'tls://h:1', ca: 'a.pem', servername: 's', verify: false, minVersion: 'TLSv1.3', ...files },
    subprotocols: ['x'],
    strictSubprotocols: true,
    record: 'records',
    relay,
    framing,
    clientFraming: { ...framing, config: '0d' },
  },
  {
    path: '/b',
    target: 'h:1',
    framing: { plugin: './f.mjs', config: 'c' },
    clientFraming: { plugin: 'acme' },
    framingPlugins: ['acme', './f.mjs:x'],
  },
  { path: '/c', peerFiles: { path: 'p', expressions: ['%cookie:a%'] } },
  { path: '/d', resolver: 'acme', resolverOptions: ['password=hidden'] },
  ...targets.map((target, index) => ({ path: `/t${index}`, target })),
];

/** A config in which every option of the table has another value than it has by itself. */
const everything = {
  limits: { connections: 9 },
  shutdown: { grace: '3s' },
  life: { once: true, timeout: '1h', idleTimeout: '5m' },
  log: {
    level: 'debug',
    format: 'json',
    file: 'a.log',
    syslog: 'h:514',
    syslogFormat: 'rfc3164',
    syslogFacility: 'local0',
    syslogName: 'b',
    stderr: true,
    traffic: true,
  },
  listeners: [
    {
      name: 'first',
      listen: 'unix:/run/a.sock',
      unixMode: '0660',
      listenFamily: 'ipv4',
      legacyProtocols: true,
      plainAnswer: 'method-not-allowed',
      web: { root: '.', listing: true, auth: true, frameAncestors: ['self'] },
      auth: {
        htpasswd: 'users',
        users: ['jane:hidden'],
        origins: ['https://a.example'],
        certificateNames: ['jane'],
        plugin: 'acme',
        pluginSource: 'hidden',
      },
      tls: { only: true, minVersion: 'TLSv1.3', ciphers: 'A', verifyClient: true, clientCa: 'a.pem', ...files },
      limits: {
        sniffTimeout: '1s',
        headerTimeout: '2s',
        headerBytes: '8KiB',
        headerCount: 7,
        lookupTimeout: '3s',
        connections: 4,
      },
      routes,
    },
  ],
};

function expanded(input: unknown): ExpandedConfig {
  const valid = validate(input);
  const issues: ConfigIssue[] = 'issues' in valid ? valid.issues : [];
  if ('issues' in valid) throw new Error(JSON.stringify(issues));
  const config = expand(valid.value, '/etc/bascule', issues);
  expect(issues).toEqual([]);
  return config;
}

/** The input that a printed config is. */
function readBack(printed: string): Mapping {
  const file = parseConfig(printed, 'bridge.yaml');
  if ('issues' in file) throw new Error(JSON.stringify(file.issues));
  return file.input as Mapping;
}

/** What an input says of an option, wherever it may stand. */
function valuesOf(input: Mapping, { key, scope }: Option): unknown[] {
  const listeners = input['listeners'] as Mapping[];
  const places = { process: [input], listener: listeners, command: [] };
  const all = listeners.flatMap((listener) => listener['routes'] as Mapping[]);
  return (scope === 'route' || scope === 'match' ? all : places[scope])
    .map((place) => {
      const short =
        key === 'target.url' && typeof place['target'] === 'string' ? { target: { url: place['target'] } } : {};
      return key.split('.').reduce<unknown>((at, name) => (at as Mapping | undefined)?.[name], { ...place, ...short });
    })
    .filter((value) => value !== undefined);
}

const options = OPTIONS.filter(({ scope, type }) => scope !== 'command' && type !== 'function');

describe('a printed config', () => {
  const first = expanded(everything);
  const printed = describeConfig(first);
  const again = readBack(printed);

  test.each(options.map((option) => [option.key, option] as const))('says what %s is', (_key, option) => {
    const given = valuesOf(everything, option);
    expect(given.length).toBeGreaterThan(0);
    expect(given).not.toContainEqual(option.default);
    expect(valuesOf(again, option).length).toBeGreaterThanOrEqual(given.length);
  });

  test('is a config that means the same, all but its secrets', () => {
    expect(printed).not.toContain('hidden');
    // Of a user not even the name is shown, and an entry without one is none.
    const named = printed.replace(/(users:\n +- )"\[secret\]"/, '$1a:b');
    expect(expanded(readBack(named))).toEqual(first);
  });

  test.each([
    ['https://ada:hidden@a.example/%s', 'https://[secret]@a.example/%s'],
    ['http:ada:hidden@a.example/%s', 'http:[secret]@a.example/%s'],
    ['https://a.example/%s?at=b@c', 'https://a.example/%s?at=b@c'],
  ])('shows no password of the address %s', (url, shown) => {
    const text = describeConfig(expanded({ target: { tokens: { url } } }));
    expect(text).toContain(`url: ${shown}\n`);
    expect(text).not.toContain('hidden');
  });
});
