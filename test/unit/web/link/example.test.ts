import { expect, test } from 'vitest';
import { exampleFor } from '../../../../src/web/link/example.ts';

/** What the code of an example would connect to. */
function addressIn(code: string): unknown {
  const [, call = ''] = /^const socket = await connect(\(.*\));$/m.exec(code) ?? [];
  // oxlint-disable-next-line typescript/no-implied-eval -- what is tested is what the code does
  return new Function('globalThis', `return ${call}`)(undefined);
}

test.each([
  ['a plain one', 'ws://bridge.test/vnc?token=a'],
  ['one that would end a string', `ws://bridge.test/');alert('1');('`],
  ['one with a reverse solidus', `ws://bridge.test/?a=\\`],
  ['one with quotation marks', `ws://bridge.test/"?'"`],
])('the address stays data: %s', (_name, address) => {
  const url = new URL(address);
  expect(addressIn(exampleFor(url))).toBe(url.href);
});
