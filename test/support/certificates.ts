import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from './temp-dir.ts';

/** A certificate with its key, as PEM and as files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateOptions {
  /** Also a subject alternative name, with 127.0.0.1 and ::1. */
  readonly cn?: string;
  /** More names for it. */
  readonly names?: readonly string[];
  /** Days of validity from now; negative for one that has expired. */
  readonly days?: number;
  /** Encrypts the key. */
  readonly passphrase?: string;
  /** The authority that signs; without one the certificate is self-signed. */
  readonly ca?: Certificate;
  /** May sign others. */
  readonly authority?: boolean;
  /** What it may be used for, such as 'clientAuth'; absent = anything. */
  readonly usage?: 'clientAuth' | 'serverAuth';
}

const made = new Map<string, Certificate>();
let directory: string | null = null;

/** Makes a certificate with openssl, once per process for the same options; the files go when the process ends. */
export function makeCertificate(options: CertificateOptions = {}): Certificate {
  const id = JSON.stringify({ ...options, ca: options.ca?.certFile });
  const before = made.get(id);
  if (before) return before;
  const certificate = create(join(workDirectory(), String(made.size)), options);
  made.set(id, certificate);
  return certificate;
}

function create(base: string, options: CertificateOptions): Certificate {
  const { cn = 'localhost', names = [], days = 30, passphrase, ca, authority = false, usage } = options;
  const [certFile, keyFile, requestFile, extFile] = ['.crt', '.key', '.csr', '.ext'].map((end) => base + end) as [
    string,
    string,
    string,
    string,
  ];
  const secret = passphrase === undefined ? [] : ['-passin', `pass:${passphrase}`];
  const cipher = passphrase === undefined ? [] : ['-aes256', '-pass', `pass:${passphrase}`];
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', ...cipher, '-out', keyFile);
  openssl('req', '-new', '-key', keyFile, ...secret, '-subj', `/CN=${cn}`, '-out', requestFile);
  const extensions = [
    `subjectAltName=${[cn, ...names].map((name) => `DNS:${name}`).join()},IP:127.0.0.1,IP:::1`,
    ...(authority ? ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'] : []),
    ...(usage ? [`extendedKeyUsage=${usage}`] : []),
  ];
  writeFileSync(extFile, extensions.join('\n'));
  const signer = ca ? ['-CA', ca.certFile, '-CAkey', ca.keyFile, '-CAcreateserial'] : ['-signkey', keyFile, ...secret];
  openssl('x509', '-req', '-in', requestFile, ...signer, '-days', String(days), '-extfile', extFile, '-out', certFile);
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile };
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

function workDirectory(): string {
  if (directory === null) {
    const { path, remove } = makeTempDir();
    process.once('exit', remove);
    directory = path;
  }
  return directory;
}
