import { describe, expect, test } from 'vitest';
import { challengeAnswer, keyNumber } from '../../../src/http/legacy-key.ts';

/** The two sample handshakes of draft-hixie-thewebsocketprotocol-76 (§1.2 and §1.3, with the numbers of §5.2). */
const SAMPLES = [
  {
    key1: '18x 6]8vM;54 *(5:  {   U1]8  z [  8',
    key2: '1_ tx7X d  <  nw  334J702) 7]o}` 0',
    number1: 155_712_099,
    number2: 173_347_027,
    key3: 'Tm[K T2u',
    answer: 'fQJ,fN/4F4!~K~MH',
  },
  {
    key1: '4 @1  46546xW%0l 1 5',
    key2: '12998 5 Y3 1  .P00',
    number1: 829_309_203,
    number2: 259_970_620,
    key3: '^n:ds[4U',
    answer: "8jKS'y:G*Co,Wxa-",
  },
];

describe.each(SAMPLES)('the sample $answer of the draft', ({ key1, key2, number1, number2, key3, answer }) => {
  test('has the numbers of the draft', () => {
    expect(keyNumber('Sec-WebSocket-Key1', key1)).toBe(number1);
    expect(keyNumber('Sec-WebSocket-Key2', key2)).toBe(number2);
  });

  test('has the answer of the draft', () => {
    expect(challengeAnswer(number1, number2, Buffer.from(key3, 'latin1')).toString('latin1')).toBe(answer);
  });
});

describe('a key', () => {
  test('may hide the greatest and the least number', () => {
    expect(keyNumber('k', '4294967295 ')).toBe(0xffff_ffff);
    expect(keyNumber('k', 'x 0')).toBe(0);
    expect(keyNumber('k', '0004 2949 67294')).toBe(4_294_967_294 / 2);
  });

  test.each([
    ['is missing', undefined, 'there is no k'],
    ['has no spaces', '12345', 'k has no spaces'],
    ['has tabs for spaces', '12\t345', 'k has no spaces'],
    ['has no digits', 'ab  cd', 'k has no digits'],
    ['is not divisible', '1 0  1', 'k is not divisible by its spaces'],
    ['is greater than 32 bits', '4294967296 ', 'k is out of range'],
    ['is far too long', `${'9'.repeat(400)} `, 'k is out of range'],
    ['is empty', '', 'k has no digits'],
  ])('that %s is refused', (_name, value, detail) => {
    expect(() => keyNumber('k', value)).toThrow(expect.objectContaining({ code: 'WS_HIXIE_KEY', detail }));
  });
});
