import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';

const VALUE = 'correct horse battery staple';

describe('a secret', () => {
  it('reveals its value to the one who asks for it', () => {
    expect(new Secret(VALUE).reveal()).toBe(VALUE);
  });

  const secret = new Secret(VALUE);
  const config = { tls: { key: secret, list: [secret] } };
  const ways: Record<string, () => string> = {
    'a conversion to text': () => `key: ${String(secret)}`,
    'JSON, nested': () => JSON.stringify(config),
    inspect: () => inspect(config, { depth: 9, showHidden: true, getters: true }),
    'inspect without custom functions': () => inspect(config, { depth: 9, customInspect: false, showHidden: true }),
    'format %s': () => format('%s', secret),
    'format %o': () => format('%o', config),
    'format %O': () => format('%O', config),
    'format %j': () => format('%j', config),
    'its property names and values': () => JSON.stringify([Reflect.ownKeys(secret), Object.entries(secret)]),
    'a structured clone': () => inspect(structuredClone(config), { depth: 9 }),
    'an error about it': () => inspect(new Error(`bad key ${String(secret)}`)),
  };
  it.each(Object.entries(ways))('does not show itself by %s', (_name, show) => {
    const shown = show();
    expect(shown).not.toContain(VALUE);
    expect(shown).not.toBe('');
  });

  it('says that there is a secret', () => {
    expect(String(secret)).toBe('[secret]');
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
    expect(inspect(secret)).toBe('[secret]');
  });
});
