import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { TargetConfig } from '../../../src/config/model.ts';
import { createTarget } from '../../../src/target/create-target.ts';
import { connectOptions } from '../../../src/target/open-socket.ts';

const TLS = { servername: null, verify: true, ca: null, cert: null, key: null, passphrase: null } as const;

describe('createTarget', () => {
  test.each<[TargetConfig, string]>([
    [{ kind: 'tcp', host: 'localhost', port: 5900 }, 'tcp://localhost:5900'],
    [{ kind: 'tcp', host: '::1', port: 5900 }, 'tcp://[::1]:5900'],
    [{ kind: 'tls', host: 'db.test', port: 443, minVersion: 'TLSv1.2', ...TLS }, 'tls://db.test:443'],
    [{ kind: 'tls', host: 'fe80::1%eth0', port: 443, minVersion: 'TLSv1.2', ...TLS }, 'tls://[fe80::1%eth0]:443'],
    [{ kind: 'udp', host: '192.0.2.1', port: 53 }, 'udp://192.0.2.1:53'],
    [{ kind: 'unix', path: '/run/a.sock' }, 'unix:/run/a.sock'],
    [{ kind: 'unix-dgram', path: '/run/b.sock' }, 'unix-dgram:/run/b.sock'],
    [
      { kind: 'program', command: ['/usr/bin/vncserver', ':1'], port: 5901, mode: 'ignore', portEnv: null },
      'program:vncserver',
    ],
    [{ kind: 'echo' }, 'echo:'],
    [{ kind: 'demo' }, 'demo:'],
    [{ kind: 'load' }, 'load:'],
    [{ kind: 'function', connect: () => new PassThrough() }, 'function:'],
  ])('makes of %o a target named %s', (config, label) => {
    expect(createTarget(config).label).toBe(label);
  });

  test('refuses a kind that does not exist', () => {
    expect(() => createTarget({ kind: 'carrier-pigeon' } as unknown as TargetConfig)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', detail: 'target (kind carrier-pigeon)' }),
    );
  });
});

describe('a TCP connection to a target', () => {
  test('sends small writes at once and tries every address', () => {
    expect(connectOptions({ host: 'db.test', port: 1 })).toMatchObject({ noDelay: true, autoSelectFamily: true });
  });
});
