import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandExpression, parseExpression } from '../../src/route/peer-expression.ts';
import { makeHandshake } from '../../src/testing/handshake.ts';

/** What clients send, with a liking for what leads elsewhere. */
const value = fc.oneof(
  fc
    .array(fc.constantFrom('.', '..', '/', '\\', '\0', '%2e', '%', 'a', ' ', '~'), { maxLength: 8 })
    .map((parts) => parts.join('')),
  fc.string({ maxLength: 300 }),
);

/** What operators write around it: names that lead nowhere by themselves. */
const literal = fc.constantFrom('', 'a', '.', '-', 'a/', '/', 'b/c', '.txt');

const variable = fc.constantFrom('%endpoint%', '%cookie:id%', '%header:x-a%', '%query:q%');

describe('an expression', () => {
  test('never lets a value lead out of the directory in front of it, whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(literal, variable), { minLength: 1, maxLength: 4 }),
        literal,
        fc.record({ endpoint: value, cookie: value, header: value, query: value }),
        (parts, end, sent) => {
          const name = expandExpression(
            parseExpression(`${parts.flat().join('')}${end}`),
            makeHandshake({
              path: `/${sent.endpoint}`,
              headers: { cookie: `id=${sent.cookie}`, 'x-a': sent.header },
              query: new URLSearchParams([['q', sent.query]]),
            }),
          );
          if (name === null) return;
          const root = path.join('/base', name.directory);
          const inside = path.relative(root, path.join(root, name.chosen ?? ''));
          const outside = inside === '' || inside === '..' || inside.startsWith('../') || inside.includes('\0');
          expect(outside || path.isAbsolute(inside)).toBe(false);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('shows nothing of cookies, headers and queries', () => {
    const secret = 'hidden-session';
    fc.assert(
      fc.property(fc.array(fc.tuple(literal, variable), { minLength: 1, maxLength: 4 }), (parts) => {
        const handshake = makeHandshake({
          path: '/vm',
          headers: { cookie: `id=${secret}`, 'x-a': secret },
          query: new URLSearchParams([['q', secret]]),
        });
        expect(expandExpression(parseExpression(parts.flat().join('')), handshake)?.label ?? '').not.toContain(secret);
      }),
    );
  });
});
