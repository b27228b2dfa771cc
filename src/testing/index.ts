export { type AuthenticatorSetup, describeAuthenticator } from './authenticator-suite.ts';
export { makeHandshake } from './handshake.ts';
export type { RegisterTest } from './register.ts';
export { describeTokenSource, type TokenSourceSetup } from './token-source-suite.ts';
