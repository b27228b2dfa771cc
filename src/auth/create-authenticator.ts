import type { AuthConfig } from '../config/model.ts';
import type { Authenticator } from './authenticator.ts';
import { BasicAuthenticator } from './basic.ts';
import { AuthenticatorChain } from './chain.ts';
import { ClientCertificateAuthenticator } from './client-certificate.ts';
import { OriginAuthenticator } from './origin.ts';
import { PluginAuthentication } from './plugin-authentication.ts';

/** Makes what decides who may connect; null where everybody may. `warn` tells the operator what ends nothing. */
export function createAuthenticator(
  configs: readonly AuthConfig[],
  warn: (message: string) => void,
): Authenticator | null {
  const [first, ...rest] = configs.map((config) => createOne(config, warn));
  if (!first) return null;
  return rest.length === 0 ? first : new AuthenticatorChain([first, ...rest]);
}

function createOne(config: AuthConfig, warn: (message: string) => void): Authenticator {
  switch (config.kind) {
    case 'basic':
      return new BasicAuthenticator(config, warn);
    case 'origin':
      return new OriginAuthenticator(config.origins);
    case 'client-certificate':
      return new ClientCertificateAuthenticator(config.names);
    default:
      return new PluginAuthentication(config, warn);
  }
}
