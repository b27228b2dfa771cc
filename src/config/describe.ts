import { stringify } from 'yaml';
import { formatListen } from './address.ts';
import type { ExpandedConfig, ExpandedListener, ExpandedRoute } from './expand.ts';
import { describeFraming } from './framing-config.ts';
import { optionsUnder } from './options.ts';
import { describePeers } from './peers-target.ts';
import type { Option } from './option.ts';
import { formatDuration, formatSize } from './quantity.ts';
import { Secret } from './secret.ts';
import { formatTarget, type TargetAddress } from '../address/target-address.ts';
import { maskUserinfo } from '../address/userinfo.ts';

/** A resolved config as YAML in the words of a config file, so that it can be used as one. Secrets are not shown. */
export function describeConfig(config: ExpandedConfig): string {
  const { limits, shutdown, life, log, listeners } = config;
  const document = {
    limits: group('limits', limits),
    shutdown: group('shutdown', shutdown),
    life: group('life', life),
    log: group('log', log),
    listeners: listeners.map((listener) => describeListener(listener)),
  };
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

function describeListener(listener: ExpandedListener): object {
  const { name, listen, listenFamily, legacyProtocols, plainAnswer, web, auth, tls, limits, routes } = listener;
  return {
    name,
    listen: formatListen(listen),
    ...(listen.kind === 'unix' ? { unixMode: listen.mode.toString(8).padStart(4, '0') } : {}),
    ...(listenFamily === 'any' ? {} : { listenFamily }),
    ...(legacyProtocols ? { legacyProtocols } : {}),
    ...(plainAnswer === 'upgrade-required' ? {} : { plainAnswer }),
    ...(web ? { web: group('web', web) } : {}),
    ...(auth ? { auth: group('auth', auth) } : {}),
    ...(tls ? { tls: group('tls', tls) } : {}),
    limits: group('limits', limits),
    ...(routes.length > 0 ? { routes: routes.map((route) => describeRoute(route)) } : {}),
  };
}

function describeRoute({
  name,
  match,
  target,
  subprotocols,
  strictSubprotocols,
  record,
  framing,
  relay,
}: ExpandedRoute): object {
  return {
    name,
    ...(match.path === null ? {} : { path: match.path }),
    ...(match.host === null ? {} : { host: match.host }),
    ...(target.onSession
      ? { onSession: '[function]' }
      : (describePeers(target) ?? { target: group('target', target) })),
    subprotocols,
    ...(strictSubprotocols ? { strictSubprotocols } : {}),
    ...(record === null ? {} : { record }),
    ...describeFraming(framing),
    relay: group('relay', relay),
  };
}

/** The values of a group of options, written as a person would write them, in the order of the option table. */
function group(name: string, values: object): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const option of optionsUnder(name)) {
    const segments = option.key.split('.').slice(1);
    let value: unknown = values;
    for (const segment of segments) value = (value as Record<string, unknown> | undefined)?.[segment];
    if (value === undefined || value === null) continue;
    let place = result;
    for (const segment of segments.slice(0, -1)) place = (place[segment] ??= {}) as Record<string, unknown>;
    place[segments.at(-1)!] = written(option, value);
  }
  return result;
}

function written(option: Option, value: unknown): unknown {
  switch (option.type) {
    case 'duration':
      return value === 0 ? 0 : formatDuration(value as number);
    case 'bytes':
      return value === 0 ? 0 : formatSize(value as number);
    case 'target':
      return formatTarget(value as TargetAddress);
    case 'function':
      return '[function]';
    case 'pem':
      return String(value).includes('PRIVATE KEY') ? String(new Secret('')) : value;
    case 'secret':
      return String(value);
    case 'url':
      return maskUserinfo(value as string, String(new Secret('')));
    case 'credentials':
      return (value as readonly Secret[]).map(String);
    default:
      return value;
  }
}
