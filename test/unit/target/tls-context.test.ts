import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { beforeEach, expect, test, vi } from 'vitest';
import type { TlsTargetConfig } from '../../../src/config/model.ts';
import { systemAuthorities } from '../../../src/file/system-authorities.ts';
import { targetTlsContext } from '../../../src/target/tls-context.ts';
import { TlsTarget } from '../../../src/target/tls.ts';
import { dialStream, refusal } from '../../conformance/target-support.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { atTestEnd } from '../../support/cleanup.ts';
import { suite } from '../../support/packages.ts';

vi.mock(import('../../../src/file/system-authorities.ts'), () => ({
  systemAuthorities: vi.fn<() => string | null>(() => null),
}));

const config = (port: number, more: Partial<TlsTargetConfig> = {}): TlsTargetConfig => ({
  kind: 'tls',
  host: '127.0.0.1',
  port,
  servername: null,
  verify: true,
  ca: null,
  cert: null,
  key: null,
  passphrase: null,
  minVersion: 'TLSv1.2',
  ...more,
});

suite('the TLS of targets', { needs: ['openssl'] }, () => {
  const authority = makeCertificate({ cn: 'authority.test', authority: true });
  const served = makeCertificate({ cn: 'target.test', ca: authority });

  beforeEach(() => {
    vi.mocked(systemAuthorities).mockReset().mockReturnValue(null);
  });

  async function serve(): Promise<number> {
    const server = createServer({ cert: served.cert, key: served.key }, (socket) => socket.on('error', () => {}));
    server.on('tlsClientError', () => {}).listen(0, '127.0.0.1');
    atTestEnd(() => void server.close());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  // Each has a version of its own: what is made of the system's authorities is kept.
  test('the authorities of the system are trusted, private ones, too', async () => {
    vi.mocked(systemAuthorities).mockReturnValue(authority.cert);
    const { duplex } = await dialStream(new TlsTarget(config(await serve(), { minVersion: 'TLSv1.1' })));
    expect(duplex).toMatchObject({ authorized: true });
    duplex.destroy();
  });

  test('an authority that the system does not know is not', async () => {
    const target = new TlsTarget(config(await serve(), { minVersion: 'TLSv1.2' }));
    expect(await refusal(target)).toMatchObject({ code: 'TARGET_TLS' });
    expect(systemAuthorities).toHaveBeenCalledOnce();
  });

  test('the system is asked once for all targets, and not where nothing is to be verified by it', () => {
    vi.mocked(systemAuthorities).mockReturnValue(authority.cert);
    const first = targetTlsContext(config(1, { minVersion: 'TLSv1.3' }), 'tls://a:1');
    expect(targetTlsContext(config(2, { minVersion: 'TLSv1.3' }), 'tls://b:2')).toBe(first);
    expect(systemAuthorities).toHaveBeenCalledOnce();
    for (const more of [{ verify: false }, { ca: authority.cert }])
      expect(targetTlsContext(config(1, { minVersion: 'TLSv1.3', ...more }), 'tls://a:1')).not.toBe(first);
    expect(systemAuthorities).toHaveBeenCalledOnce();
  });
});
