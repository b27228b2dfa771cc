export {
  API_VERSION,
  type AuthenticationAnswer,
  type PluginAuthenticator,
  type FramingLimits,
  type PluginContext,
  type PluginFramer,
  type PluginFraming,
  type PluginLog,
  type PluginMessage,
  type PluginModule,
  type PluginPeer,
  type PluginRefusal,
  type PluginResolver,
  type PluginTokenSource,
  type PluginUnframer,
  type TokenAddress,
} from './api.ts';
export type { ClientAddress, Handshake, Identity } from '../handshake.ts';
