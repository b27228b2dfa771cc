import { describe, expect, it } from 'vitest';
import { openTransport, type SyslogTransport } from '../../../src/observe/syslog-transport.ts';
import { atTestEnd } from '../../support/cleanup.ts';
import { within } from '../../support/wait.ts';

/** Opens a transport, and gives what it tells first. */
function open(host: string): { readonly transport: SyslogTransport; readonly told: Promise<string> } {
  let transport!: SyslogTransport;
  const told = new Promise<string>((resolve) => {
    const address = { kind: 'udp', host, port: 514 } as const;
    transport = openTransport(address, {
      onReady: () => resolve('ready'),
      onError: (error: NodeJS.ErrnoException) => resolve(`error ${error.code}`),
    });
  });
  atTestEnd(() => transport.close());
  return { transport, told };
}

describe('the way to a log daemon by UDP', () => {
  it('is ready once it has an address', async () => {
    const { transport, told } = open('127.0.0.1');
    expect(transport.send(Buffer.from('too early'))).toBe(false);
    expect(await within('the transport', told)).toBe('ready');
    expect(transport.send(Buffer.from('taken'))).toBe(true);
  });

  it('has failed when the system refuses the address, and takes nothing', async () => {
    // A socket that was not made for it may not send to every host of a network.
    const { transport, told } = open('255.255.255.255');
    expect(await within('the transport', told)).toBe('error EACCES');
    expect(transport.send(Buffer.from('nothing'))).toBe(false);
    expect(transport.pending).toBe(0);
  });
});
