import { expect, test } from 'vitest';
import { keptSettings, readLink, readSettings, type VncSettings } from '../../../../src/web/vnc/settings.ts';

const DEFAULTS: VncSettings = {
  scale: 'fit',
  viewOnly: false,
  reconnect: true,
  quality: 6,
  compression: 2,
  bell: true,
};

test.each([null, '', '{', '[]', '7', 'null', '{"scale":"huge","quality":10,"compression":2.5,"bell":"maybe"}'])(
  'what is kept as %s gives the defaults',
  (kept) => {
    expect(readSettings(kept, new URLSearchParams())).toEqual(DEFAULTS);
  },
);

test('what is kept comes back, except for what must not surprise the next visit', () => {
  const chosen = {
    scale: 'remote',
    viewOnly: true,
    reconnect: false,
    quality: 0,
    compression: 9,
    bell: false,
  } as const;
  expect(readSettings(keptSettings(chosen), new URLSearchParams())).toEqual({ ...chosen, viewOnly: false });
});

test('a link goes before what is kept, in the words of noVNC', () => {
  const kept = keptSettings({ ...DEFAULTS, quality: 1 });
  const link = 'resize=off&view_only=1&reconnect=false&quality=9&compression=0&bell=off';
  expect(readSettings(kept, new URLSearchParams(link))).toEqual({
    scale: 'off',
    viewOnly: true,
    reconnect: false,
    quality: 9,
    compression: 0,
    bell: false,
  });
  expect(readSettings(null, new URLSearchParams('resize=scale')).scale).toBe('fit');
});

test('a link that makes no sense changes nothing', () => {
  const link = new URLSearchParams('resize=toString&view_only=perhaps&quality=99&compression=-1');
  expect(readSettings(null, link)).toEqual(DEFAULTS);
});

test('a link can ask to connect at once and to be alone', () => {
  expect(readLink(new URLSearchParams())).toEqual({ autoconnect: false, shared: true });
  expect(readLink(new URLSearchParams('autoconnect=true&shared=0'))).toEqual({ autoconnect: true, shared: false });
});
