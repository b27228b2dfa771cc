import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readOpening } from '../../../src/http/read-opening.ts';
import { listenerConfig } from '../../integration/listen-config.ts';

const HYBI = { 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };

/** What becomes of a handshake: 'draft 75' and the like, or the code of the refusal. */
function outcome(headers: Record<string, string>, legacyProtocols: boolean): string {
  const all: Record<string, string> = { host: 'test.example', upgrade: 'websocket', connection: 'Upgrade', ...headers };
  const request = {
    method: 'GET',
    url: '/',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: all,
    rawHeaders: Object.entries(all).flat(),
  } as unknown as IncomingMessage;
  let told = 'nothing';
  readOpening(request, new PassThrough(), Buffer.from('head'), listenerConfig({ legacyProtocols }), {
    accept: (hixie, head) => (told = `${hixie ? `draft ${hixie.draft}` : 'RFC 6455'}, ${head.toString()}`),
    refuse: ({ code }) => (told = code),
  });
  return told;
}

describe('an opening handshake', () => {
  test.each([
    ['of RFC 6455', HYBI, false, 'RFC 6455, head'],
    ['of RFC 6455 where others are taken, too', HYBI, true, 'RFC 6455, head'],
    ['of a HyBi draft', { ...HYBI, 'sec-websocket-version': '8' }, true, 'RFC 6455, head'],
    ['of a HyBi draft that is not taken', { ...HYBI, 'sec-websocket-version': '8' }, false, 'WS_VERSION'],
    ['of a Hixie draft', {}, true, 'draft 75, head'],
    ['of a Hixie draft that is not taken', {}, false, 'WS_VERSION'],
    ['that is wrong', { ...HYBI, 'sec-websocket-key': 'short' }, true, 'WS_KEY'],
    ['of a Hixie draft that is wrong', { host: '' }, true, 'WS_HOST'],
  ])('%s', (_what, headers, legacyProtocols, expected) => {
    expect(outcome(headers, legacyProtocols)).toBe(expected);
  });
});
