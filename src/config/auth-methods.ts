import type { AuthConfig } from './model.ts';
import { Secret } from './secret.ts';
import type { ValidAuth } from './valid-input.ts';

/** The methods of a listener, in the order in which they are asked: the cheap ones first. */
export function authMethods(auth: ValidAuth): readonly AuthConfig[] {
  const { origins, certificateNames, users = [], htpasswd = null, plugin, pluginSource } = auth;
  const methods: AuthConfig[] = [];
  if (origins) methods.push({ kind: 'origin', origins });
  if (certificateNames) methods.push({ kind: 'client-certificate', names: certificateNames });
  if (users.length > 0 || htpasswd !== null)
    methods.push({ kind: 'basic', users: users.map((user) => nameAndPassword(user)), htpasswd });
  if (plugin !== undefined) methods.push({ kind: 'plugin', module: plugin, source: pluginSource?.reveal() ?? null });
  return methods;
}

/** A password may hold colons, a name may not (RFC 7617 §2). */
function nameAndPassword(credentials: Secret): { readonly name: string; readonly password: Secret } {
  const text = credentials.reveal();
  const colon = text.indexOf(':');
  return { name: text.slice(0, colon), password: new Secret(text.slice(colon + 1)) };
}
