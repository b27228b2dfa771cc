import { describe, expect, test } from 'vitest';
import { describeConfig } from '../../../src/config/describe.ts';
import { jsonSchema } from '../../../src/config/json-schema.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { convertValue, defaultValue } from '../../../src/config/option-value.ts';
import { candidateKeys, GROUPS, metavarOf, optionAt, OPTIONS, optionsAt } from '../../../src/config/options.ts';
import { resolveConfig, tryResolve } from '../../../src/config/resolve.ts';

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly description?: string;
  readonly default?: unknown;
}

/** The node of a dotted key in a JSON Schema; through the object of a union where there is one. */
function nodeOf(schema: SchemaNode, key: string): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  for (const segment of key.split('.')) {
    const mapping: SchemaNode | undefined = node.properties ? node : node.anyOf?.find(({ properties }) => properties);
    node = mapping?.properties?.[segment];
    if (!node) return undefined;
  }
  return node;
}

function keysOf(node: SchemaNode): string[] {
  return Object.keys(node.properties ?? {});
}

/** What a config text is resolved to. */
function read(yaml: string): ReturnType<typeof resolveConfig> {
  const file = parseConfig(yaml, 'bridge.yaml');
  if ('issues' in file) throw new Error(file.issues.map(({ issue, place }) => `${place}: ${issue.what}`).join('\n'));
  const result = tryResolve(file.input);
  if ('issues' in result) throw new Error(JSON.stringify(result.issues));
  return result;
}

describe('the option table', () => {
  test('has each key once in each scope, and each flag once', () => {
    const keys = OPTIONS.map(({ scope, key }) => `${scope} ${key}`);
    expect(new Set(keys).size).toBe(keys.length);
    const flags = OPTIONS.flatMap(({ flag, short, aliases = [] }) => [
      ...[flag, short].filter((name) => name !== undefined),
      ...aliases.flatMap((alias) => [alias.flag, alias.short]),
    ]).filter((name) => name !== undefined);
    expect(new Set(flags).size).toBe(flags.length);
  });

  test.each(OPTIONS.filter(({ default: preset, scope }) => preset !== null && scope !== 'command'))(
    'has a default for $key that its own type accepts',
    (option) => expect(() => defaultValue(option)).not.toThrow(),
  );

  test.each(OPTIONS.filter(({ min, max }) => (min ?? max) !== undefined))(
    'has bounds for $key that its own type accepts',
    (option) => {
      const { min = option.max, max = option.min } = option;
      expect(() => [convertValue(option, min), convertValue(option, max)]).not.toThrow();
    },
  );

  test.each(OPTIONS)('describes $scope $key in a sentence, in a known group', ({ help, group }) => {
    expect(help).toMatch(/^[A-Z][^\n]+\.$/);
    expect(GROUPS).toContain(group);
  });

  test.each(OPTIONS.filter(({ flag, type }) => flag !== undefined && type !== 'boolean'))(
    'has a word for the value of $flag',
    (option) => expect(metavarOf(option)).not.toBe(''),
  );

  test.each(OPTIONS.filter(({ negated }) => negated))('lets $flag switch off what is on', (option) => {
    expect(option.default).toBe(true);
  });

  test('finds the option at a path, and what may stand beside it', () => {
    expect(optionAt(['listeners', 3, 'routes', 0, 'relay', 'linger'])?.flag).toBe('--linger');
    expect(optionAt(['web'])?.key).toBe('web.root');
    expect(optionAt(['relay'])).toBeUndefined();
    expect(candidateKeys(['listeners', 0])).toContain('routes');
    expect(candidateKeys(['listeners', 0])).not.toContain('shutdown');
    expect(candidateKeys(['routes', 0])).toEqual(
      expect.arrayContaining(['path', 'host', 'name', 'target', 'subprotocols', 'relay']),
    );
    expect(candidateKeys(['relay', 'keepalive'])).toEqual(['interval', 'misses']);
  });
});

describe('the JSON Schema', () => {
  const schema = jsonSchema() as SchemaNode;
  const listener = nodeOf(schema, 'listeners')!.items!;
  const places = { top: schema, listener, route: nodeOf(schema, 'routes')!.items! } as const;

  test.each(['top', 'listener', 'route'] as const)('has every option of the place: %s', (level) => {
    const options = optionsAt(level).filter(({ type }) => type !== 'function');
    expect(options.length).toBeGreaterThan(10);
    const nodes = options.map(({ key }) => nodeOf(places[level], key));
    expect(nodes.map((node) => node?.description)).toEqual(options.map(({ help }) => help));
    expect(nodes.map((node) => node?.default ?? null)).toEqual(options.map((option) => option.default));
  });

  test('has no more than the table', () => {
    expect(new Set(keysOf(schema))).toEqual(new Set(candidateKeys([])));
    expect(new Set(keysOf(listener))).toEqual(new Set(candidateKeys(['listeners', 0])));
    expect(new Set(keysOf(places.route))).toEqual(new Set(candidateKeys(['routes', 0])));
  });

  test('has no code in it', () => {
    expect(JSON.stringify(schema)).not.toContain('connect":');
  });
});

describe('a config that is printed', () => {
  const text = [
    'limits: { connections: 100, headerBytes: 8KiB }',
    'log: { level: debug, traffic: true }',
    'listeners:',
    '  - listen: "[::1]:7000"',
    '    web: { root: ., listing: true }',
    '    routes:',
    '      - { path: /a, host: "*.example.com", target: "tls://h:993?verify=no", relay: { linger: 90s } }',
    '      - { target: udp://h:53, subprotocols: [] }',
    '  - listen: unix:/run/a.sock',
    '    unixMode: "0660"',
    '    target: "echo:"',
    '    relay: { keepalive: { interval: 0, misses: 0 }, maxSession: 1.5s }',
    '    legacyProtocols: true',
    '  - listen: example.com:7001',
    '    listenFamily: ipv6',
    '    web: { root: ., auth: true, frameAncestors: [self, "https://a.example"] }',
    '    auth: { htpasswd: users, origins: [https://a.example], plugin: ./auth.mjs }',
    '    record: sessions',
    '    routes:',
    '      - { path: /a, target: { tokens: tokens.conf } }',
    '      - { path: /b, target: { tokens: { redis: cache, from: host, defaultPort: 5900 } } }',
    '      - { path: /c, target: { tokens: { url: "https://a.example/%s", format: json, tls: true }, verify: false } }',
    '      - { path: /d, target: { tokens: { plugin: acme-tokens } } }',
    '      - { path: /e, target: { program: [sh, -c, "exit 3"], port: 2023, mode: respawn } }',
    'life: { once: true, idleTimeout: 5m }',
  ].join('\n');

  test('is a config that means the same', () => {
    const first = read(text);
    const again = read(describeConfig(first.expanded));
    expect(again.config).toEqual(first.config);
    expect(again.log).toEqual(first.log);
  });

  test('is written in the words of people', () => {
    const printed = describeConfig(read(text).expanded);
    expect(printed).toMatch(/^ {6}headerBytes: 8KiB$/m);
    expect(printed).toMatch(/^ {10}linger: 90s$/m);
    expect(printed).toMatch(/^ {10}maxSession: 1500ms$/m);
    expect(printed).toMatch(/^ {4}unixMode: "0660"$/m);
  });

  test('shows no secrets of its authentication and of its tokens', () => {
    const { expanded, config } = resolveConfig({
      auth: { users: ['jane:hidden'], plugin: 'acme', pluginSource: 'hidden' },
      target: { tokens: { redis: { host: 'cache', password: 'hidden' } } },
    });
    expect(describeConfig(expanded)).not.toContain('hidden');
    expect(config.listeners[0]?.auth?.[0]).toMatchObject({ kind: 'basic', users: [{ name: 'jane' }] });
    expect(JSON.stringify(config.listeners[0]?.auth?.[0])).not.toContain('hidden');
  });

  test('shows no secrets', () => {
    const { expanded } = resolveConfig({ listeners: [{ target: 'echo:' }] });
    const [listener] = expanded.listeners;
    const tls = {
      cert: '/c.pem',
      key: '-----BEGIN PRIVATE KEY-----hidden',
      only: false,
      minVersion: 'TLSv1.2' as const,
    };
    const printed = describeConfig({ ...expanded, listeners: [{ ...listener!, tls }] });
    expect(printed).toMatch(/^ {6}cert: \/c\.pem$/m);
    expect(printed).toMatch(/^ {6}key: "\[secret\]"$/m);
    expect(printed).not.toContain('hidden');
  });
});
