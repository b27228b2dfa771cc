export { type AuthenticatorSetup, describeAuthenticator } from './authenticator-suite.ts';
export { describeFramer, type FramedStream, type FramerSetup } from './framer-suite.ts';
export { makeHandshake } from './handshake.ts';
export type { RegisterTest } from './register.ts';
export { describeResolver, type ResolverSetup } from './resolver-suite.ts';
export { describeTokenSource, type TokenSourceSetup } from './token-source-suite.ts';
