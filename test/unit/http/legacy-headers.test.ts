import { describe, expect, test } from 'vitest';
import { adoptDraftOrigin, isDraftVersion, offeredSubprotocols } from '../../../src/http/legacy-headers.ts';

test.each([
  ['7', true],
  ['8', true],
  ['6', false],
  ['13', false],
  ['8, 13', false],
  ['', false],
  [undefined, false],
])('version %s is a draft on the wire of RFC 6455: %s', (version, expected) => {
  expect(isDraftVersion(version)).toBe(expected);
});

const adopted = (headers: Record<string, string>): string | undefined => {
  const copy = { ...headers };
  adoptDraftOrigin(copy);
  return copy['origin'];
};

describe('the origin of a draft', () => {
  const sent = { 'sec-websocket-origin': 'https://old.example' };
  test.each(['7', '8'])('gets its later name with version %s', (version) => {
    expect(adopted({ ...sent, 'sec-websocket-version': version })).toBe('https://old.example');
  });

  test('never takes the place of an Origin header', () => {
    const headers = { ...sent, 'sec-websocket-version': '8', origin: 'https://evil.example' };
    expect(adopted(headers)).toBe('https://evil.example');
  });

  test('means nothing with another version, or without one', () => {
    expect(adopted({ ...sent, 'sec-websocket-version': '13' })).toBeUndefined();
    expect(adopted(sent)).toBeUndefined();
  });
});

describe('the offer of subprotocols', () => {
  test('of draft 75 stands in a header without Sec-', () => {
    expect(offeredSubprotocols({ 'websocket-protocol': 'base64' })).toBe('base64');
  });

  test('stands elsewhere for everybody who sends a key', () => {
    const headers = { 'websocket-protocol': 'base64', 'sec-websocket-key': 'x' };
    expect(offeredSubprotocols(headers)).toBeUndefined();
    expect(offeredSubprotocols({ ...headers, 'sec-websocket-protocol': 'binary' })).toBe('binary');
  });

  test('of draft 76 has its name of today', () => {
    expect(offeredSubprotocols({ 'sec-websocket-protocol': 'a', 'websocket-protocol': 'b' })).toBe('a');
  });
});
