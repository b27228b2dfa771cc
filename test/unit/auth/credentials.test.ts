import { describe, expect, it } from 'vitest';
import { readBasicCredentials } from '../../../src/auth/credentials.ts';

const encode = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64');

describe('basic credentials', () => {
  it.each([
    ['ada:secret', 'ada', 'secret'],
    ['ada:se:cr:et', 'ada', 'se:cr:et'],
    ['ada:', 'ada', ''],
    [':secret', '', 'secret'],
    ['josé:contraseña', 'josé', 'contraseña'],
  ])('are read from %s', (pair, name, password) => {
    expect(readBasicCredentials(`Basic ${encode(pair)}`)).toContainEqual({ name, password });
    expect(readBasicCredentials(`basic  ${encode(pair)} `)).toContainEqual({ name, password });
    expect(readBasicCredentials(`Basic ${Buffer.from(pair, 'latin1').toString('base64')}`)).toEqual([
      { name, password },
    ]);
  });

  it('have two readings where UTF-8 and Latin-1 differ, and one where they do not', () => {
    expect(readBasicCredentials(`Basic ${encode('josé:ñ')}`)).toEqual([
      { name: 'josé', password: 'ñ' },
      { name: 'josÃ©', password: 'Ã±' },
    ]);
    expect(readBasicCredentials(`Basic ${encode('ada:x')}`)).toEqual([{ name: 'ada', password: 'x' }]);
  });

  it.each([
    undefined,
    '',
    'Basic',
    'Basic ',
    `Bearer ${encode('a:b')}`,
    `Basic ${encode('a:b')} more`,
    `Basic ${encode('no colon')}`,
    `Basic ${encode(Buffer.from([0xe9, 0x62]))}`,
    `Basic ${encode('a\nb:c')}`,
    `Basic ${encode('a:b\0c')}`,
    `Basic ${encode(`a:${'x'.repeat(2000)}`)}`,
    'Basic ====',
    'Basic YTpi*',
  ])('are not in %j', (header) => {
    expect(readBasicCredentials(header)).toEqual([]);
  });
});
