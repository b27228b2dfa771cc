import { appendFileSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BridgeInput, TlsInput } from '../../../src/config/input.ts';
import { keyOf } from '../../../src/config/issue.ts';
import { tryResolve, type ResolvedConfig } from '../../../src/config/resolve.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { suite } from '../../support/packages.ts';
import { tempDir } from '../../support/temp-dir.ts';

const DAY = 86_400_000;

function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY);
}

function resolved(input: BridgeInput, now?: Date): ResolvedConfig {
  const result = tryResolve(input, now ? { now } : {});
  if ('issues' in result) throw new Error(result.issues.map(({ what }) => what).join('\n'));
  return result;
}

/** The only thing that is wrong, as 'CODE key: what'. */
function issueOf(input: BridgeInput, now?: Date): string {
  const result = tryResolve(input, now ? { now } : {});
  if (!('issues' in result)) throw new Error('nothing is wrong');
  expect(result.issues).toHaveLength(1);
  const [{ code, path, what }] = result.issues as [(typeof result.issues)[0]];
  return `${code} ${keyOf(path)}: ${what}`;
}

const withTls = (tls: TlsInput): BridgeInput => ({ target: 'echo:', tls });

suite('the certificate of a listener', { needs: ['openssl'] }, () => {
  const pair = makeCertificate({ cn: 'one.example' });
  const files = { cert: pair.certFile, key: pair.keyFile };

  test('is read with its key', () => {
    const { tls, tlsOnly } = resolved(withTls({ ...files, only: true })).config.listeners[0]!;
    expect(tls!.cert.trim()).toBe(pair.cert.trim());
    expect(tls!.key.reveal()).toBe(pair.key.trim());
    expect(tls).toMatchObject({ passphrase: null, minVersion: 'TLSv1.2', ciphers: null });
    expect(tlsOnly).toBe(true);
  });

  test('may be given as text', () => {
    expect(resolved(withTls({ cert: pair.cert, key: pair.key })).config.listeners[0]!.tls!.key.reveal()).toBe(
      pair.key.trim(),
    );
  });

  test('may stand in one file with its key and its chain', () => {
    const file = join(tempDir(), 'self.pem');
    writeFileSync(file, `some words\n${pair.key}${pair.cert}`);
    appendFileSync(file, makeCertificate({ cn: 'authority.example' }).cert);
    const { tls } = resolved(withTls({ cert: file })).config.listeners[0]!;
    expect(tls!.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(tls!.cert).not.toContain('PRIVATE KEY');
    expect(tls!.key.reveal()).toBe(pair.key.trim());
  });

  test('never shows its key', () => {
    const { config, expanded } = resolved(withTls({ cert: pair.cert, key: pair.key, keyPassword: 'hidden' }));
    expect(JSON.stringify(config)).not.toMatch(/PRIVATE KEY|hidden/);
    expect(JSON.stringify(expanded.listeners[0]!.tls!.keyPassword)).toBe('"[secret]"');
  });

  test('that is missing is refused', () => {
    expect(issueOf(withTls({ ...files, cert: '/none.pem' }))).toMatch(
      /^TLS_FILE_UNREADABLE tls\.cert: '\/none\.pem': no such file/,
    );
  });

  test('that is none is refused', () => {
    const file = join(tempDir(), 'x.pem');
    writeFileSync(file, 'hello');
    expect(issueOf(withTls({ ...files, cert: file }))).toMatch(
      /^TLS_CERTIFICATE_INVALID tls\.cert: .*no PEM certificate/,
    );
    writeFileSync(file, pair.cert.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'));
    expect(issueOf(withTls({ ...files, cert: file }))).toMatch(/^TLS_CERTIFICATE_INVALID tls\.cert: .*damaged/);
  });

  test('that has expired is refused', () => {
    expect(issueOf(withTls(files), inDays(40))).toMatch(/^TLS_CERTIFICATE_EXPIRED tls\.cert: .*was valid until \d{4}-/);
  });

  test('that is not valid yet is refused', () => {
    expect(issueOf(withTls(files), inDays(-3))).toMatch(/^TLS_CERTIFICATE_EXPIRED tls\.cert: .*is valid from \d{4}-/);
  });

  test('that expires within two weeks gets a warning', () => {
    expect(resolved(withTls(files), inDays(15)).warnings).toEqual([]);
    expect(resolved(withTls(files), inDays(20)).warnings).toEqual([
      expect.stringMatching(/^tls: .*expires on .*renew it/),
    ]);
  });

  test('whose key is that of another is refused', () => {
    const other = makeCertificate({ cn: 'two.example' });
    expect(issueOf(withTls({ ...files, key: other.keyFile }))).toMatch(/^TLS_KEY_MISMATCH tls\.key: .*does not belong/);
  });

  test('without a key is refused', () => {
    expect(issueOf(withTls({ cert: pair.certFile }))).toMatch(/^TLS_KEY_INVALID tls\.key: there is no private key in/);
    expect(issueOf(withTls({ ...files, key: pair.certFile }))).toMatch(
      /^TLS_KEY_INVALID tls\.key: .*no PEM private key/,
    );
    expect(issueOf(withTls({ ...files, key: '/none.key' }))).toMatch(/^TLS_FILE_UNREADABLE tls\.key: '\/none\.key'/);
  });

  test('whose key is damaged is refused', () => {
    const damaged = pair.key.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
    expect(issueOf(withTls({ ...files, key: damaged }))).toMatch(
      /^TLS_KEY_INVALID tls\.key: the given text: .*damaged/,
    );
  });

  test('with a cipher list that is none is refused', () => {
    expect(issueOf(withTls({ ...files, ciphers: 'NOPE' }))).toMatch(/^TLS_OPTION_INVALID tls\.ciphers: 'NOPE' is not/);
    expect(
      resolved(withTls({ ...files, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).config.listeners[0]!.tls!.ciphers,
    ).toBe('ECDHE-ECDSA-AES128-GCM-SHA256');
  });
});

suite('an encrypted key', { needs: ['openssl'] }, () => {
  const pair = makeCertificate({ passphrase: 'right' });
  const files = { cert: pair.certFile, key: pair.keyFile };

  test('is taken with its passphrase', () => {
    expect(resolved(withTls({ ...files, keyPassword: 'right' })).config.listeners[0]!.tls!.passphrase!.reveal()).toBe(
      'right',
    );
  });

  test('is taken with its passphrase from a file, whose last newline does not count', () => {
    const file = join(tempDir(), 'pass');
    for (const text of ['right', 'right\n', 'right\r\n']) {
      writeFileSync(file, text);
      expect(resolved(withTls({ ...files, keyPasswordFile: file })).config.listeners[0]!.tls).not.toBeNull();
    }
  });

  test('is refused without its passphrase', () => {
    expect(issueOf(withTls(files))).toMatch(/^TLS_PASSPHRASE_WRONG tls\.key: .*without a passphrase/);
  });

  test('is refused with a wrong one, which is not shown', () => {
    const issue = issueOf(withTls({ ...files, keyPassword: 'wr0ng' }));
    expect(issue).toMatch(/^TLS_PASSPHRASE_WRONG tls\.key: .*with the given passphrase/);
    expect(issue).not.toContain('wr0ng');
  });

  test('is refused when the file of its passphrase is missing', () => {
    expect(issueOf(withTls({ ...files, keyPasswordFile: '/none' }))).toMatch(
      /^TLS_FILE_UNREADABLE tls\.keyPasswordFile: '\/none'/,
    );
  });
});

suite('the TLS of a target', { needs: ['openssl'] }, () => {
  const pair = makeCertificate({ cn: 'client.example' });

  test('is read: authorities, client certificate, key', () => {
    const directory = tempDir();
    copyFileSync(pair.certFile, join(directory, 'ca.pem'));
    const result = tryResolve(
      { target: { url: 'tls://h:1?ca=ca.pem&servername=x', cert: pair.certFile, key: pair.keyFile } },
      { directory },
    );
    if ('issues' in result) throw new Error('it has issues');
    const { target } = result.config.listeners[0]!.routes[0]!;
    expect(target).toMatchObject({ kind: 'tls', host: 'h', port: 1, servername: 'x', verify: true, ca: pair.cert });
    expect(target.kind === 'tls' && target.key!.reveal()).toBe(pair.key.trim());
  });

  test('is refused when a file is wrong', () => {
    expect(issueOf({ target: { url: 'tls://h:1', ca: '/none' } })).toMatch(/^TLS_FILE_UNREADABLE target\.ca: '\/none'/);
    expect(issueOf({ target: { url: 'tls://h:1', ca: pair.keyFile } })).toMatch(/^TLS_CERTIFICATE_INVALID target\.ca:/);
    expect(issueOf({ target: { url: 'tls://h:1', cert: pair.certFile } })).toMatch(/^TLS_KEY_INVALID target\.key:/);
  });
});
