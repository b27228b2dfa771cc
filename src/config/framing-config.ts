import { quoted } from '../address/host-port.ts';
import { BridgeError } from '../errors.ts';
import { checkFraming, type FramingOptions } from '../framing/create-framing.ts';
import { BadFramingConfig } from '../framing/framing-text.ts';
import { isPluginCalled, PLUGIN_PREFIX } from '../framing/plugin-name.ts';
import { type ConfigIssue, issue, issueOf, type IssuePath } from './issue.ts';
import type { FramerConfig, FramingConfig, PluginConfig, RouteConfig, TargetConfig } from './model.ts';
import type { ValidFramer, ValidFramings } from './valid-input.ts';

/** Finds the absolute path of a module that is given by its path, or leaves the name of a package as it is. */
type ModulePath = (module: string) => string;

const KEYS = ['framing', 'clientFraming'] as const;
type FramingKey = (typeof KEYS)[number];

/** What a route says about framing, with everything that it inherits. */
export interface ExpandedFraming {
  /** null = both directions pass as they come. */
  readonly config: FramingConfig | null;
  /** Plugins that peers may name. */
  readonly plugins: readonly PluginConfig[];
  /** The directions whose config stands in a key of its own. */
  readonly apart: readonly FramingKey[];
}

/** What a route says about framing, else what is said above it. */
export function expandFraming(
  layers: readonly (ValidFramings | undefined)[],
  at: IssuePath,
  modulePath: ModulePath,
  issues: ConfigIssue[],
): ExpandedFraming {
  const texts = layers.find((layer) => layer?.framingPlugins !== undefined)?.framingPlugins ?? [];
  const plugins = texts.map((text) => pluginOf(withoutPrefix(text), null, modulePath));
  for (const [index, { module }] of plugins.entries())
    if (plugins.slice(0, index).some((other) => other.module === module))
      issues.push(
        issue('CONFIG_INVALID', [...at, 'framingPlugins'], `${quoted(module)} is there twice`, 'give it once'),
      );
  const given = KEYS.map((key) => layers.find((layer) => layer?.[key] !== undefined)?.[key]);
  const [framer = null, unframer = null] = given.map((each, index) =>
    each ? framerConfig(each, plugins, [...at, KEYS[index]!], modulePath, issues) : null,
  );
  return {
    config: framer || unframer ? { framer, unframer } : null,
    plugins,
    apart: KEYS.filter((_key, index) => given[index]?.config !== undefined),
  };
}

function framerConfig(
  { name, config: given, plugin }: ValidFramer,
  plugins: readonly PluginConfig[],
  at: IssuePath,
  modulePath: ModulePath,
  issues: ConfigIssue[],
): FramerConfig | null {
  const config = given ?? null;
  const report = (what: string, remedy: string): null => {
    issues.push(issue('CONFIG_INVALID', at, what, remedy));
    return null;
  };
  if (plugin !== undefined)
    return name === undefined
      ? byPlugin({ kind: 'plugin', module: modulePath(plugin), source: config })
      : report('there is a name and a plugin', 'give one of them');
  if (name === undefined) return report('there is no name', 'write it like newline, or give a plugin');
  if (name === PLUGIN_PREFIX) return report(`${quoted(name)} names no plugin`, 'write plugin:NAME');
  if (name.startsWith(PLUGIN_PREFIX)) return byPlugin(pluginOf(withoutPrefix(name), config, modulePath));
  const [word, rest] = config === null ? parted(name) : [name, config];
  const known = plugins.find(({ module }) => isPluginCalled(module, word));
  if (known) return byPlugin({ ...known, source: rest ?? known.source });
  if (isModule(word)) return byPlugin({ kind: 'plugin', module: modulePath(word), source: rest });
  return { name: word, config: rest };
}

/** The built-in framings have plain names. */
function isModule(name: string): boolean {
  return /[./@]/.test(name);
}

function withoutPrefix(text: string): string {
  return text.startsWith(PLUGIN_PREFIX) ? text.slice(PLUGIN_PREFIX.length) : text;
}

/** A plugin that is written MODULE or, where its config does not stand apart, MODULE:CONFIG. */
function pluginOf(text: string, config: string | null, modulePath: ModulePath): PluginConfig {
  const [module, source] = config === null ? parted(text) : [text, config];
  return { kind: 'plugin', module: modulePath(module), source };
}

/** What stands in front of the first colon, and behind it. */
function parted(text: string): readonly [string, string | null] {
  const colon = text.indexOf(':');
  return colon === -1 ? [text, null] : [text.slice(0, colon), text.slice(colon + 1)];
}

function byPlugin(plugin: PluginConfig): FramerConfig {
  return { name: 'plugin', config: plugin.source, plugin };
}

/** What the model of a route says about framing. */
export function routeFraming({ config, plugins }: ExpandedFraming): Pick<RouteConfig, 'framing' | 'framingPlugins'> {
  return { ...(config ? { framing: config } : {}), ...(plugins.length > 0 ? { framingPlugins: plugins } : {}) };
}

/** What is wrong with the framing of a route, and does not suit its target as far as that is known; at the key at fault. */
export function framingIssues(
  { config, apart }: ExpandedFraming,
  target: Pick<TargetConfig, 'kind'>,
  limit: number,
  at: IssuePath,
): ConfigIssue[] {
  if (!config) return [];
  const { framer, unframer } = config;
  const options: FramingOptions = { limit, target: shapeOf(target) };
  const each = { framing: { framer, unframer: null }, clientFraming: { framer: null, unframer } };
  return KEYS.flatMap((key) => {
    try {
      checkFraming(each[key], options);
      return [];
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      const isOfConfig = error instanceof BadFramingConfig && apart.includes(key);
      return [issueOf(error, [...at, key, ...(isOfConfig ? ['config'] : [])])];
    }
  });
}

function shapeOf({ kind }: Pick<TargetConfig, 'kind'>): FramingOptions['target'] {
  if (kind === 'udp' || kind === 'unix-dgram') return 'datagram';
  return kind === 'handler' ? 'message' : 'stream';
}

/** A framing in the words of the config file. */
export function describeFraming({ config, plugins }: ExpandedFraming): Record<string, unknown> {
  const { framer = null, unframer = null } = config ?? {};
  return {
    ...(framer ? { framing: describeFramer(framer) } : {}),
    ...(unframer ? { clientFraming: describeFramer(unframer) } : {}),
    ...(plugins.length > 0
      ? { framingPlugins: plugins.map(({ module, source }) => (source === null ? module : `${module}:${source}`)) }
      : {}),
  };
}

function describeFramer({ name, config, plugin }: FramerConfig): object {
  return { ...(plugin ? { plugin: plugin.module } : { name }), ...(config === null ? {} : { config }) };
}
