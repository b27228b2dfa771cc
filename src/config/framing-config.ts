import { checkFraming, type FramingOptions } from '../framing/create-framing.ts';
import { type ConfigIssue, issue, type IssuePath } from './issue.ts';
import type { FramerConfig, FramingConfig, TargetConfig } from './model.ts';
import type { Attempt } from './tls-material.ts';
import type { ValidFramer, ValidFramings } from './valid-input.ts';

/** Finds the absolute path of a module that is given by its path, or leaves the name of a package as it is. */
type ModulePath = (module: string) => string;

/** What a route says about framing, else what is said above it; null for nothing. */
export function expandFraming(
  layers: readonly (ValidFramings | undefined)[],
  at: IssuePath,
  modulePath: ModulePath,
  issues: ConfigIssue[],
): FramingConfig | null {
  const [framer, unframer] = (['framing', 'clientFraming'] as const).map((key) => {
    const given = layers.find((layer) => layer?.[key] !== undefined)?.[key];
    return given ? framerConfig(given, [...at, key], modulePath, issues) : null;
  });
  return framer || unframer ? { framer: framer ?? null, unframer: unframer ?? null } : null;
}

function framerConfig(
  { name, config: given, plugin }: ValidFramer,
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
      ? ofPlugin(modulePath(plugin), config)
      : report('there is a name and a plugin', 'give one of them');
  if (name === undefined) return report('there is no name', 'write it like newline, or give a plugin');
  const colon = config === null ? name.indexOf(':') : -1;
  const [word, rest] = colon === -1 ? [name, config] : [name.slice(0, colon), name.slice(colon + 1)];
  return isModule(word) ? ofPlugin(modulePath(word), rest) : { name: word, config: rest };
}

/** The built-in framings have plain names. */
function isModule(name: string): boolean {
  return /[./@]/.test(name);
}

function ofPlugin(module: string, source: string | null): FramerConfig {
  return { name: 'plugin', config: source, plugin: { kind: 'plugin', module, source } };
}

/** Checks that a framing can be made, and that it suits its target as far as that is known. */
export function checkRouteFraming(
  { framer, unframer }: FramingConfig,
  target: TargetConfig,
  limit: number,
  attempt: Attempt,
): void {
  const options: FramingOptions = { limit, target: shapeOf(target) };
  attempt('framing', () => checkFraming({ framer, unframer: null }, options));
  attempt('clientFraming', () => checkFraming({ framer: null, unframer }, options));
}

function shapeOf({ kind }: TargetConfig): FramingOptions['target'] {
  if (kind === 'udp' || kind === 'unix-dgram') return 'datagram';
  return kind === 'handler' ? 'message' : 'stream';
}

/** A framing in the words of the config file. */
export function describeFraming(framing: FramingConfig | null): Record<string, unknown> {
  const { framer = null, unframer = null } = framing ?? {};
  return {
    ...(framer ? { framing: describeFramer(framer) } : {}),
    ...(unframer ? { clientFraming: describeFramer(unframer) } : {}),
  };
}

function describeFramer({ name, config, plugin }: FramerConfig): object {
  return { ...(plugin ? { plugin: plugin.module } : { name }), ...(config === null ? {} : { config }) };
}
