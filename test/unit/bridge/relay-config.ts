import type { RelayConfig } from '../../../src/config/model.ts';

/** A relay config with short times; what a test is about is given. */
export function relayConfig(given: Partial<RelayConfig> = {}): RelayConfig {
  return {
    connectTimeout: 1000,
    highWaterMark: 64 * 1024,
    maxMessage: 0,
    keepalive: { interval: 0, misses: 2 },
    idleTimeout: 0,
    maxSession: 0,
    closeTimeout: 200,
    linger: 200,
    fastRead: true,
    ...given,
  };
}
