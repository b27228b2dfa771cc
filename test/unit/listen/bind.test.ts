import { createServer, type Server } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { bindTcp } from '../../../src/listen/bind.ts';
import { atTestEnd } from '../../support/cleanup.ts';

/** A server on a machine without IPv6. */
function withoutIpv6(code: string): { server: Server; asked: unknown[] } {
  const server = createServer();
  const asked: unknown[] = [];
  const listen = server.listen.bind(server) as (options: object) => Server;
  vi.spyOn(server, 'listen').mockImplementation(((options: { host: string }) => {
    asked.push(options.host);
    if (!options.host.includes(':')) return listen(options);
    process.nextTick(() => server.emit('error', Object.assign(new Error(`listen ${code}`), { code })));
    return server;
  }) as never);
  atTestEnd(() => server.close());
  return { server, asked };
}

describe('listening on every address', () => {
  test.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('falls back to IPv4 where there is no IPv6 (%s)', async (code) => {
    const { server, asked } = withoutIpv6(code);
    await bindTcp(server, { kind: 'tcp', host: '::', port: 0 }, false);
    expect(asked).toEqual(['::', '0.0.0.0']);
    expect(server.address()).toMatchObject({ address: '0.0.0.0' });
  });

  test('does not where IPv6 is what was asked for', async () => {
    const { server, asked } = withoutIpv6('EAFNOSUPPORT');
    const binding = bindTcp(server, { kind: 'tcp', host: '::', port: 0, family: 6 }, false);
    await expect(binding).rejects.toMatchObject({ code: 'LISTEN_ADDRESS_NOT_LOCAL' });
    expect(asked).toEqual(['::']);
  });

  test('does not for one address of this machine, nor for a port that is taken', async () => {
    const one = withoutIpv6('EADDRNOTAVAIL');
    await expect(bindTcp(one.server, { kind: 'tcp', host: '::1', port: 0 }, false)).rejects.toMatchObject({
      code: 'LISTEN_ADDRESS_NOT_LOCAL',
    });
    const taken = withoutIpv6('EADDRINUSE');
    await expect(bindTcp(taken.server, { kind: 'tcp', host: '::', port: 1 }, false)).rejects.toMatchObject({
      code: 'LISTEN_PORT_IN_USE',
    });
    expect(taken.asked).toEqual(['::']);
  });
});
