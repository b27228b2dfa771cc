export {
  API_VERSION,
  type AuthenticationAnswer,
  type PluginAuthenticator,
  type PluginContext,
  type PluginLog,
  type PluginModule,
  type PluginTokenSource,
  type TokenAddress,
} from './api.ts';
export type { ClientAddress, Handshake } from '../handshake.ts';
