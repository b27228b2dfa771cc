import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { HttpTokens } from '../../src/route/http-tokens.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpApi } from '../support/http-api.ts';

const live = (): AbortSignal => new AbortController().signal;
const TOKEN = 'a-secret-token';

type Answer = (req: IncomingMessage, res: ServerResponse) => void;

const plain = (url: string): HttpTokens => new HttpTokens({ kind: 'http', url, format: 'plain' });
const json = (url: string): HttpTokens => new HttpTokens({ kind: 'http', url, format: 'json' });

async function failure(answer: Answer, make = plain): Promise<Error> {
  const { url } = await startHttpApi(answer);
  const error: unknown = await make(`${url}/%s`)
    .lookup(TOKEN, live())
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'ROUTE_FAILED' });
  expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
  return error as Error;
}

describe('a token API', () => {
  test.each([
    ['/t/%s', 'a/../b?c=d&e#f', '/t/a%2F..%2Fb%3Fc%3Dd%26e%23f'],
    ['/t?token=%s', 'x&admin=1', '/t?token=x%26admin%3D1'],
    ['/t?token=', 'x y+z', '/t?token=x%20y%2Bz'],
    ['/t/', 'Büro', '/t/B%C3%BCro'],
    ['/%s/of/%s', "$&'", "/%24%26'/of/%24%26'"],
    ['/t/%s', '\r\nX: y', '/t/%0D%0AX%3A%20y'],
    ['/t/%s', '%2e%2e', '/t/%252e%252e'],
  ])('with %s is asked for %j as %s', async (path, token, expected) => {
    const { url, requests } = await startHttpApi((_req, res) => res.end('vm:1\n'));
    expect(await plain(url + path).lookup(token, live())).toBe('vm:1');
    expect(requests.map((request) => request.url)).toEqual([expected]);
  });

  test.each(['.', '..', '\uD800'])('is not asked for %j', async (token) => {
    const { url, requests } = await startHttpApi((_req, res) => res.end('vm:1'));
    expect(await plain(`${url}/t/%s`).lookup(token, live())).toBeNull();
    expect(requests).toEqual([]);
  });

  test.each([
    ['{"host":"vm","port":5900}', { host: 'vm', port: 5900 }],
    ['{"host":"vm","port":"5900","user":"ada"}', { host: 'vm', port: '5900' }],
    ['{"host":"vm:5900"}', { host: 'vm:5900' }],
  ])('answers in JSON: %s', async (body, expected) => {
    const { url } = await startHttpApi((_req, res) => res.end(body));
    expect(await json(`${url}/%s`).lookup(TOKEN, live())).toMatchObject(expected);
  });

  test.each([400, 401, 403, 404, 410, 429])('knows no token when it answers %i', async (status) => {
    const { url } = await startHttpApi((_req, res) => res.writeHead(status).end('vm:1'));
    expect(await plain(`${url}/%s`).lookup(TOKEN, live())).toBeNull();
  });

  test('knows no token when its answer is empty', async () => {
    const { url } = await startHttpApi((_req, res) => res.writeHead(204).end());
    expect(await plain(`${url}/%s`).lookup(TOKEN, live())).toBeNull();
  });

  test.each([500, 502, 503])('has a problem when it answers %i', async (status) => {
    expect((await failure((_req, res) => res.writeHead(status).end('x'))).message).toContain(`it answered ${status}`);
  });

  test('has a problem when its answer is too long', async () => {
    const error = await failure((_req, res) => {
      res.write('x'.repeat(20_000));
      res.write('x'.repeat(20_000));
    });
    expect(error.message).toContain('longer than 16384 bytes');
  });

  test.each(['vm:1', '["vm",1]', '{"port":1}', '{"host":{}}', 'null', '"vm:1"'])(
    'has a problem when its JSON is %s',
    async (body) => {
      expect((await failure((_req, res) => res.end(body), json)).message).toContain('its answer');
    },
  );

  test('has a problem when it breaks off', async () => {
    const error = await failure((_req, res) => {
      res.writeHead(200, { 'Content-Length': 100 });
      res.write('vm');
      setTimeout(() => res.destroy(), 20);
    });
    expect(error.message).toMatch(/UND_ERR_SOCKET|terminated/);
  });

  test('is not there', async () => {
    const error: unknown = await plain(`http://127.0.0.1:${await freePort()}/%s`)
      .lookup(TOKEN, live())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ROUTE_FAILED' });
    expect((error as Error).message).toContain('ECONNREFUSED');
    expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
  });

  test('may send elsewhere on the same server', async () => {
    const { url, requests } = await startHttpApi((req, res) => {
      if (req.url?.startsWith('/old')) res.writeHead(307, { Location: '/new' + req.url.slice(4) }).end();
      else res.end('vm:1');
    });
    expect(await plain(`${url}/old/%s`).lookup(TOKEN, live())).toBe('vm:1');
    expect(requests).toHaveLength(2);
  });

  test('may not send to another server', async () => {
    const other = await startHttpApi((_req, res) => res.end('vm:1'));
    const error = await failure((_req, res) => res.writeHead(302, { Location: `${other.url}/%s` }).end());
    expect(error.message).toContain(`redirects to ${other.url}`);
    expect(other.requests).toEqual([]);
  });

  test('may not send in circles', async () => {
    const error = await failure((req, res) => res.writeHead(302, { Location: req.url }).end());
    expect(error.message).toContain('redirects too often');
  });

  test('gets the user and the password of its address, which nobody else sees', async () => {
    const { url, requests } = await startHttpApi((_req, res) => res.writeHead(500).end());
    const tokens = plain(`${url.replace('//', '//ada:p%40ss@')}/%s`);
    const error: unknown = await tokens.lookup(TOKEN, live()).catch((thrown: unknown) => thrown);
    expect(requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from('ada:p@ss').toString('base64')}`);
    expect(`${tokens.label} ${inspect(error)}`).not.toMatch(/ada|p%40ss|p@ss/);
  });

  test('is left alone once nobody waits', async () => {
    let closed = false;
    const { url } = await startHttpApi((req) => req.once('close', () => (closed = true)));
    const abort = new AbortController();
    const found = plain(`${url}/%s`).lookup(TOKEN, abort.signal);
    setTimeout(() => abort.abort(new Error('gone')), 50);
    await expect(found).rejects.toThrow('gone');
    await expect.poll(() => closed).toBe(true);
  });

  test.each(['', 'localhost/%s', 'ftp://localhost/%s', 'http://', '%s', 'http://[x]/%s'])(
    'needs a URL, not %j',
    (url) => {
      expect(() => plain(url)).toThrow(expect.objectContaining({ code: 'TOKEN_SOURCE_INVALID' }));
    },
  );
});
