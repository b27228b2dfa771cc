import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { BridgeError } from '../errors.ts';
import { quoted } from '../address/host-port.ts';
import { readInputFile } from './input-file.ts';
import type { TlsConfig, TlsVersion } from './model.ts';
import { Secret } from './secret.ts';

/** What a config says about one certificate: paths are absolute, or PEM texts. */
export interface TlsSource {
  readonly cert: string;
  /** By default the key is taken from the certificate's file. */
  readonly key?: string;
  readonly keyPassword?: Secret;
  readonly keyPasswordFile?: string;
}

/** Runs a step that may throw a BridgeError, which then counts against this key of the config; undefined after that. */
export type Attempt = <Value>(key: string, step: () => Value) => Value | undefined;

/** A certificate with its key, read and proven to belong together. */
export interface Identity {
  readonly cert: string;
  readonly key: Secret;
  readonly passphrase: Secret | null;
}

const DAY = 86_400_000;
/** A certificate that expires sooner than this gets a warning. */
const RENEW_WITHIN = 14 * DAY;
const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]+?-----END (?:[A-Z]+ )*PRIVATE KEY-----/;

/** Reads and checks the TLS of a listener; undefined when an attempt failed. */
export function loadServerTls(
  source: TlsSource & {
    readonly minVersion: TlsVersion;
    readonly ciphers?: string;
    readonly verifyClient?: boolean;
    readonly clientCa?: string;
  },
  attempt: Attempt,
  now: Date,
  warn: (message: string) => void,
): TlsConfig | undefined {
  const identity = loadIdentity(source, attempt, now, warn);
  const ciphers = source.ciphers ?? null;
  const { minVersion, verifyClient = false, clientCa } = source;
  const ca = clientCa === undefined ? null : attempt('clientCa', () => loadAuthorities(clientCa));
  if (!identity || ca === undefined) return undefined;
  return attempt('ciphers', () => {
    checkContext(identity, minVersion, ciphers);
    return { ...identity, minVersion, ciphers, ...(verifyClient ? { clientCertificates: { ca } } : {}) };
  });
}

/** Reads a certificate and its key and checks both; undefined when an attempt failed. */
export function loadIdentity(
  source: TlsSource,
  attempt: Attempt,
  now: Date,
  warn: (message: string) => void,
): Identity | undefined {
  const cert = attempt('cert', () => {
    const text = readPem(source.cert);
    checkCertificates(text, source.cert, now, warn);
    return text;
  });
  const passphrase = attempt('keyPasswordFile', () => readPassphrase(source));
  if (cert === undefined || passphrase === undefined) return undefined;
  return attempt('key', () => {
    const name = source.key ?? source.cert;
    const key = new Secret(findKey(source.key === undefined ? cert : readPem(source.key), source));
    const parsed = parseKey(key, passphrase, name);
    if (!new X509Certificate(cert.match(CERTIFICATE)![0]).checkPrivateKey(parsed))
      throw new BridgeError('TLS_KEY_MISMATCH', { detail: `${nameOf(name)} with ${nameOf(source.cert)}` });
    return { cert: cert.match(CERTIFICATE)!.join('\n'), key, passphrase };
  });
}

/** Reads a file of certificates to trust. */
export function loadAuthorities(source: string): string {
  const text = readPem(source);
  parseCertificates(text, source);
  return text;
}

function readPem(source: string): string {
  return source.includes('-----BEGIN') ? source : readInputFile(source, 'TLS_FILE_UNREADABLE');
}

function nameOf(source: string): string {
  return source.includes('-----') ? 'the given text' : quoted(source);
}

function parseCertificates(text: string, source: string): X509Certificate[] {
  const fail = (reason: string): never => {
    throw new BridgeError('TLS_CERTIFICATE_INVALID', { detail: `${nameOf(source)}: ${reason}` });
  };
  const blocks = text.match(CERTIFICATE) ?? fail('there is no PEM certificate in it');
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      return fail(`certificate ${index + 1} in it is damaged`);
    }
  });
}

function checkCertificates(text: string, source: string, now: Date, warn: (message: string) => void): void {
  const [leaf, ...chain] = parseCertificates(text, source);
  const from = new Date(leaf!.validFrom);
  const to = new Date(leaf!.validTo);
  const name = nameOf(source);
  if (to < now)
    throw new BridgeError('TLS_CERTIFICATE_EXPIRED', {
      detail: `${name} was valid until ${day(to)}`,
      remedy: 'Renew the certificate.',
    });
  if (from > now)
    throw new BridgeError('TLS_CERTIFICATE_EXPIRED', {
      detail: `${name} is valid from ${day(from)}`,
      remedy: 'Check the clock of this machine, or wait.',
    });
  if (to.getTime() - now.getTime() < RENEW_WITHIN) warn(`${name}: the certificate expires on ${day(to)}; renew it`);
  for (const [index, { validTo }] of chain.entries())
    if (new Date(validTo) < now)
      warn(
        `${name}: certificate ${index + 2} of the chain expired on ${day(new Date(validTo))}; clients may refuse it`,
      );
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function readPassphrase(source: TlsSource): Secret | null {
  if (source.keyPassword) return source.keyPassword;
  if (source.keyPasswordFile === undefined) return null;
  // An editor ends the last line with a newline, which is no part of the passphrase.
  return new Secret(readInputFile(source.keyPasswordFile, 'TLS_FILE_UNREADABLE').replace(/\r?\n$/, ''));
}

function findKey(text: string, source: TlsSource): string {
  const found = PRIVATE_KEY.exec(text)?.[0];
  if (found !== undefined) return found;
  throw new BridgeError('TLS_KEY_INVALID', {
    detail:
      source.key === undefined
        ? `there is no private key in ${nameOf(source.cert)}`
        : `${nameOf(source.key)}: there is no PEM private key in it`,
  });
}

function parseKey(key: Secret, passphrase: Secret | null, source: string): KeyObject {
  const pem = key.reveal();
  try {
    return createPrivateKey({ key: pem, ...(passphrase ? { passphrase: passphrase.reveal() } : {}) });
  } catch {
    // The error of OpenSSL is dropped: it says nothing that a person could use, and differs between versions.
    const encrypted = /ENCRYPTED/.test(pem);
    if (!encrypted)
      throw new BridgeError('TLS_KEY_INVALID', { detail: `${nameOf(source)}: the private key is damaged` });
    throw new BridgeError('TLS_PASSPHRASE_WRONG', {
      detail: `${nameOf(source)} ${passphrase ? 'with the given' : 'without a'} passphrase`,
    });
  }
}

function checkContext(identity: Identity, minVersion: TlsVersion, ciphers: string | null): void {
  try {
    createSecureContext({
      cert: identity.cert,
      key: identity.key.reveal(),
      minVersion,
      ...(identity.passphrase ? { passphrase: identity.passphrase.reveal() } : {}),
      ...(ciphers === null ? {} : { ciphers }),
    });
  } catch (thrown) {
    const { code = '', message } = thrown as NodeJS.ErrnoException;
    if (code.includes('CIPHER'))
      throw new BridgeError('TLS_OPTION_INVALID', {
        detail: `${quoted(ciphers ?? '')} is not a cipher list`,
        remedy: 'Write names that openssl ciphers prints, separated by colons.',
      });
    throw new BridgeError('TLS_OPTION_INVALID', {
      detail: `OpenSSL refuses the certificate: ${message}`,
      cause: thrown,
    });
  }
}
