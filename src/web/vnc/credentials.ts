/** What a VNC server may ask for, under the names that noVNC gives them. */
export const CREDENTIAL_KINDS = ['username', 'password', 'target'] as const;

export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** What a person gave to log in. Kept in memory only, and forgotten when the server refuses it. */
export type Credentials = { readonly [Kind in CredentialKind]?: string };
