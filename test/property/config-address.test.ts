import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatListen, parseListen } from '../../src/config/address.ts';
import type { ListenAddress } from '../../src/config/model.ts';
import { formatDuration, formatSize, MAX_DURATION, parseDuration, parseSize } from '../../src/config/quantity.ts';
import { formatTarget, parseTarget, type TargetAddress } from '../../src/address/target-address.ts';
import { BridgeError } from '../../src/errors.ts';

const port = fc.integer({ min: 1, max: 65_535 });
const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().filter((address) => !address.includes('%')),
);
/** Spaces at the ends are trimmed, and two slashes in front would be the host of a URL. */
const socketPath = fc
  .string({ minLength: 1, maxLength: 90, unit: 'grapheme' })
  .filter((path) => !path.startsWith('/') && path.trim() === path && !path.includes('\0'))
  .chain((path) => fc.constantFrom(path, `/${path}`));
const fileName = fc.string({ minLength: 1, unit: 'grapheme' });
const options = fc.record(
  { ca: fileName, servername: fc.domain(), verify: fc.boolean(), cert: fileName, key: fileName },
  { requiredKeys: [] },
);

const listen: fc.Arbitrary<ListenAddress> = fc.oneof(
  fc.record({ kind: fc.constant('tcp' as const), host, port: fc.integer({ min: 0, max: 65_535 }) }),
  fc.record({ kind: fc.constant('unix' as const), path: socketPath, mode: fc.constant(0o600) }),
  fc.record({ kind: fc.constant('fd' as const), fd: fc.nat({ max: 999_999 }) }),
);
const target: fc.Arbitrary<TargetAddress> = fc.oneof(
  fc.record({ kind: fc.constantFrom('tcp' as const, 'udp' as const), host, port }),
  fc.record({ kind: fc.constant('tls' as const), host, port, options }),
  fc.record({ kind: fc.constantFrom('unix' as const, 'unix-dgram' as const), path: socketPath }),
  fc.record({ kind: fc.constantFrom('echo' as const, 'demo' as const, 'load' as const) }),
);

/** Text that looks like an address here and there. */
const garbage = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ':',
          '//',
          '[',
          ']',
          '?',
          '=',
          '&',
          '%',
          '@',
          '::1',
          'tcp',
          'tls',
          'unix',
          'fd',
          'echo',
          '6080',
        ),
        fc.string({ maxLength: 3, unit: 'binary' }),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);

function thrownBy(run: () => unknown): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}

/** Whether a text is read, or refused on one line. */
function survives(parse: (text: string) => unknown, text: string): boolean {
  const error = thrownBy(() => parse(text));
  return error === null || (error instanceof BridgeError && !/[\n\r]/.test(error.detail));
}

describe('addresses', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(listen, (address) => {
        expect(parseListen(formatListen(address))).toEqual(address);
      }),
    );
    fc.assert(
      fc.property(target, (address) => {
        expect(parseTarget(formatTarget(address))).toEqual(address);
      }),
    );
  });

  test('are read or refused, whatever the text is', () => {
    fc.assert(
      fc.property(garbage, (text) => {
        expect(survives(parseListen, text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(garbage, (text) => {
        expect(survives(parseTarget, text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('that are accepted mean the same when written out', () => {
    fc.assert(
      fc.property(garbage, (text) => {
        if (thrownBy(() => parseTarget(text)) !== null) return;
        const address = parseTarget(text);
        expect(parseTarget(formatTarget(address))).toEqual(address);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('times and sizes', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(fc.nat({ max: MAX_DURATION }), (time) => {
        expect(parseDuration(formatDuration(time))).toBe(time);
      }),
    );
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        expect(parseSize(formatSize(size))).toBe(size);
      }),
    );
  });
});
