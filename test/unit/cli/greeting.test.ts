import { expect, test } from 'vitest';
import { greetingLines } from '../../../src/cli/greeting.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';

/** What is said after a bridge for `listen` has come to listen at `address`. */
function greet(listen: string | number | undefined, address: string): string[] {
  const { config } = resolveConfig({ target: 'echo:', ...(listen === undefined ? {} : { listen }) });
  const addresses = [{ listener: address, address, url: `http://${address}/`, secure: false }];
  return greetingLines({ config, addresses }, listen, (other) => `bascule ${other} echo:`);
}

test('a bare port is for this machine alone, and others can be let in', () => {
  const line = 'only this machine can connect; to let others in: bascule 0.0.0.0:6080 echo:';
  expect(greet(undefined, '127.0.0.1:6080')).toEqual([line]);
  expect(greet('6080', '127.0.0.1:6080')).toEqual([line]);
  expect(greet(6080, '127.0.0.1:6080')).toEqual([line]);
});

test('an address that was chosen needs no word', () => {
  expect(greet('127.0.0.1:6080', '127.0.0.1:6080')).toEqual([]);
  expect(greet('0.0.0.0:80', '0.0.0.0:80')).toEqual([]);
  expect(greet('unix:/run/a.sock', '/run/a.sock')).toEqual([]);
});

test('a port that has moved is told', () => {
  expect(greet(undefined, '127.0.0.1:6082')).toEqual([
    'port 6080 is taken; using the next free one, 6082',
    expect.stringContaining('0.0.0.0:6082'),
  ]);
});

test('any free port has not moved', () => {
  expect(greet('127.0.0.1:0', '127.0.0.1:40000')).toEqual([]);
});
