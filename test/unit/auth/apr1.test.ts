import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { apr1 } from '../../../src/auth/apr1.ts';
import { suite } from '../../support/packages.ts';

describe('APR1', () => {
  it('gives what Apache documents', () => {
    expect(apr1(Buffer.from('myPassword'), 'qHDFfhPC')).toBe('$apr1$qHDFfhPC$nITSVHgYbDAK1Y0acGRnY0');
  });

  suite('and openssl', { needs: ['openssl'] }, () => {
    it('give the same for passwords of every length around its blocks', () => {
      const passwords = [
        'x',
        'secret',
        'y'.repeat(15),
        'z'.repeat(16),
        'a'.repeat(17),
        'b'.repeat(33),
        'Füße & ☃',
        'p w:d',
      ];
      const salts = ['a', 'saltsalt', './09AZaz'];
      for (const salt of salts) {
        const args = ['passwd', '-apr1', '-salt', salt, '-stdin'];
        const expected = execFileSync('openssl', args, { input: passwords.join('\n'), encoding: 'utf8' })
          .trim()
          .split('\n');
        expect(passwords.map((password) => apr1(Buffer.from(password), salt))).toEqual(expected);
      }
    });
  });
});
