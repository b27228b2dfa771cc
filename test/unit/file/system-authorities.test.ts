import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemAuthorities } from '../../../src/file/system-authorities.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { atTestEnd } from '../../support/cleanup.ts';
import { suite } from '../../support/packages.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

function bundle(text: string): string {
  const { path, remove } = makeTempDir();
  atTestEnd(remove);
  const file = join(path, 'bundle.pem');
  writeFileSync(file, text);
  return file;
}

suite('the authorities of a system', { needs: ['openssl'] }, () => {
  const { cert } = makeCertificate({ cn: 'authority.test', authority: true });

  test('what the system says itself comes first', () => {
    expect(systemAuthorities([bundle(cert)], (store) => [`-- ${store} 1 --`, '-- 2 --'])).toBe(
      '-- system 1 --\n-- 2 --',
    );
  });

  test('a system that says nothing is read from the first bundle that holds certificates', () => {
    const files = ['/no/such/file', bundle(''), bundle(cert), bundle('-----BEGIN never read')];
    expect(systemAuthorities(files, () => [])).toBe(cert);
    expect(systemAuthorities(files, null)).toBe(cert);
  });
});

test('a system without any has none', () => {
  expect(systemAuthorities(['/no/such/file'], null)).toBeNull();
});
