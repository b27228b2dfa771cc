import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PeerCertificate } from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthenticator } from '../../src/auth/create-authenticator.ts';
import type { AuthConfig } from '../../src/config/model.ts';
import { Secret } from '../../src/config/secret.ts';
import type { Handshake } from '../../src/handshake.ts';
import { type AuthenticatorSetup, describeAuthenticator } from '../../src/testing/authenticator-suite.ts';
import { makeHandshake } from '../../src/testing/handshake.ts';
import { tempDir } from '../support/temp-dir.ts';

type Subject = Awaited<ReturnType<AuthenticatorSetup['create']>>;

/** An authenticator of the bridge, called as plugins are. */
function make(...configs: AuthConfig[]): Subject {
  const authenticator = createAuthenticator(configs, () => {});
  if (!authenticator) throw new Error('there is nobody to ask');
  return {
    start: async () => authenticator.start?.(),
    authenticate: (handshake, signal) =>
      authenticator.authenticate(handshake, { signal, throwIfAborted: () => signal.throwIfAborted() }),
    dispose: () => authenticator.dispose?.(),
  };
}

const withHeaders = (headers: Record<string, string>): Handshake => makeHandshake({ headers });
const basic = (pair: string): Handshake =>
  withHeaders({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
const certified = (...names: string[]): Handshake => {
  const subject = { CN: names.length === 1 ? names[0] : names };
  return makeHandshake({ peerCertificate: { subject } as unknown as PeerCertificate });
};

const users = [
  { name: 'ada', password: new Secret('countess of lovelace') },
  { name: 'josé', password: new Secret('contraseña: larga') },
];

describeAuthenticator('basic with users', {
  test,
  create: () => make({ kind: 'basic', users, htpasswd: null }),
  accepted: [
    { handshake: basic('ada:countess of lovelace'), name: 'ada' },
    { handshake: basic('josé:contraseña: larga'), name: 'josé' },
  ],
  refused: [makeHandshake(), basic('ada:wrong-password'), basic('ada:'), basic('nobody:countess of lovelace')],
  secrets: ['wrong-password', 'countess'],
});

// Made with openssl; the password of both is 'correct horse'.
const HTPASSWD = `# users
apache:$apr1$zY1kXq3d$vtNUAexWuDV79ePwkmzWj.
sha:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=
`;

describeAuthenticator('basic with an htpasswd file', {
  test,
  create: () => {
    const htpasswd = join(tempDir(), 'htpasswd');
    writeFileSync(htpasswd, HTPASSWD);
    return make({ kind: 'basic', users: [], htpasswd });
  },
  accepted: [
    { handshake: basic('apache:correct horse'), name: 'apache' },
    { handshake: basic('sha:correct horse'), name: 'sha' },
  ],
  refused: [makeHandshake(), basic('apache:wrong-password'), basic('sha:'), basic('nobody:correct horse')],
  secrets: ['wrong-password', 'correct horse'],
});

describeAuthenticator('origin', {
  test,
  create: () => make({ kind: 'origin', origins: ['https://accepted.example.com', 'HTTPS://Other.example.com:443/'] }),
  accepted: [
    { handshake: withHeaders({ origin: 'https://accepted.example.com' }), name: '' },
    { handshake: withHeaders({ origin: 'https://other.example.com' }), name: '' },
  ],
  refused: [
    makeHandshake(),
    ...[
      'http://accepted.example.com',
      'https://accepted.example.com:8443',
      'https://accepted.example.com, https://evil.example',
      'https://evil.example',
      'null',
      '',
    ].map((origin) => withHeaders({ origin })),
  ],
  secrets: [],
});

describeAuthenticator('client certificate', {
  test,
  create: () => make({ kind: 'client-certificate', names: ['ada', 'grace'] }),
  accepted: [
    { handshake: certified('ada'), name: 'ada' },
    { handshake: certified('grace'), name: 'grace' },
  ],
  refused: [
    makeHandshake({ secure: false }),
    makeHandshake({ peerCertificate: {} as PeerCertificate }),
    certified('eve'),
    certified('ada', 'eve'),
    withHeaders({ ssl_client_s_dn_cn: 'ada' }),
  ],
  secrets: [],
});

describeAuthenticator('a chain', {
  test,
  create: () => make({ kind: 'basic', users, htpasswd: null }, { kind: 'origin', origins: ['https://a.example.com'] }),
  accepted: [
    {
      handshake: withHeaders({
        ...basic('ada:countess of lovelace').headers,
        origin: 'https://a.example.com',
      }),
      name: 'ada',
    },
  ],
  refused: [basic('ada:countess of lovelace'), withHeaders({ origin: 'https://a.example.com' })],
  secrets: ['countess'],
});

/** The template with a secret in its file. */
function headerAuth(secret: string): Subject {
  const source = join(tempDir(), 'secret');
  writeFileSync(source, secret);
  const module = resolve(import.meta.dirname, '../../examples/plugins/header-auth.mjs');
  return make({ kind: 'plugin', module, source });
}

describeAuthenticator('the template header-auth.mjs', {
  test,
  create: () => headerAuth('between us\n'),
  accepted: [{ handshake: withHeaders({ 'x-proxy-secret': 'between us', 'x-forwarded-user': 'ada' }), name: 'ada' }],
  refused: [
    makeHandshake(),
    withHeaders({ 'x-forwarded-user': 'ada' }),
    withHeaders({ 'x-proxy-secret': 'a guess', 'x-forwarded-user': 'ada' }),
    withHeaders({ 'x-proxy-secret': 'between us' }),
  ],
  secrets: ['between us', 'a guess'],
});

test.each(['', ' \n'])('the template header-auth.mjs takes no empty secret (%j)', async (secret) => {
  const authenticator = headerAuth(secret);
  await expect(authenticator.start?.()).rejects.toThrow('the secret is empty');
});
