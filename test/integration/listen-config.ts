import type { ListenerConfig } from '../../src/config/model.ts';

/** A listener's config with short deadlines. */
export function listenerConfig(
  changes: Partial<ListenerConfig> = {},
  limits: Partial<ListenerConfig['limits']> = {},
): ListenerConfig {
  return {
    name: 'test',
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    nextFreePort: false,
    tls: null,
    tlsOnly: false,
    web: null,
    routes: [],
    limits: {
      sniffTimeout: 5000,
      headerTimeout: 5000,
      headerBytes: 16_384,
      headerCount: 100,
      connections: 0,
      ...limits,
    },
    ...changes,
  };
}
