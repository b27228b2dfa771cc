import { describe, expect, it } from 'vitest';
import { HttpTokens } from '../../../src/route/http-tokens.ts';
import { startHttpApi } from '../../support/http-api.ts';

/** What a server is sent when the API's address has this in front of its host. */
async function sent(userinfo: string): Promise<{ readonly url: string; readonly credentials: string | null }> {
  const { url, requests } = await startHttpApi((_req, res) => res.end('vm:1'));
  const tokens = new HttpTokens({ kind: 'http', url: url.replace('//', `//${userinfo}@`) + '/t/%s', format: 'plain' });
  expect(tokens.label).toBe(`token API ${url}`);
  expect(await tokens.lookup('a', new AbortController().signal)).toBe('vm:1');
  const [{ headers, url: path } = { headers: {}, url: '' }] = requests;
  const encoded = headers.authorization?.replace(/^Basic /, '');
  return { url: path, credentials: encoded === undefined ? null : Buffer.from(encoded, 'base64').toString() };
}

describe('the user and the password in the address of a token API', () => {
  it.each([
    ['ada:secret', 'ada:secret'],
    ['ada', 'ada:'],
    [':secret', ':secret'],
    ['ada:a:b@c', 'ada:a:b@c'],
    ['j%C3%B3:p%25s%2F%3A', 'jó:p%s/:'],
    ['jó:ß', 'jó:ß'],
    ['', null],
  ])('%s are sent as %s', async (userinfo, credentials) => {
    expect(await sent(userinfo)).toEqual({ url: '/t/a', credentials });
  });

  it.each(['ada:100%', 'ada:%s', 'ada:%zz', '%:x', 'ada:%ff'])('%s are refused: they hold no escape', (userinfo) => {
    const make = (): unknown => new HttpTokens({ kind: 'http', url: `http://${userinfo}@h/%s`, format: 'plain' });
    expect(make).toThrow(
      expect.objectContaining({ code: 'TOKEN_SOURCE_INVALID', remedy: expect.stringMatching(/%25/) }),
    );
    expect(make).not.toThrow(userinfo.split(':')[1]);
  });
});
