import { describe, expect, test } from 'vitest';
import { parsePeer } from '../../../src/address/peer-address.ts';
import { formatTarget } from '../../../src/address/target-address.ts';
import type { BridgeError } from '../../../src/errors.ts';

const read = (text: string, port: number | null = null): string => formatTarget(parsePeer(text, port));

function mistake(text: string, port: number | null = null): string {
  try {
    return read(text, port);
  } catch (error) {
    const { code, detail, remedy } = error as BridgeError;
    return code === 'CONFIG_INVALID' ? `${detail}; ${remedy}` : `another error: ${code}`;
  }
}

describe('a peer', () => {
  test.each([
    ['tcp://vm:5900', 'tcp://vm:5900'],
    ['TCP://vm:5900/', 'tcp://vm:5900'],
    [' udp://10.0.0.7:53 ', 'udp://10.0.0.7:53'],
    ['tls://vm:993?verify=no', 'tls://vm:993?verify=no'],
    ['tcp://[::1]:5900', 'tcp://[::1]:5900'],
    ['vm:5900', 'tcp://vm:5900'],
    ['[::1]:5900', 'tcp://[::1]:5900'],
    ['unix:///run/app.sock', 'unix:/run/app.sock'],
    ['unix://app.sock', 'unix:app.sock'],
    ['unix:/run/app.sock', 'unix:/run/app.sock'],
    ['unix-dgram:///run/app sock', 'unix-dgram:/run/app sock'],
    // Names of parts of the bridge are host names here.
    ['echo:7', 'tcp://echo:7'],
    ['tcp://demo:7', 'tcp://demo:7'],
  ])('is read: %s', (text, expected) => expect(read(text)).toBe(expected));

  test.each([
    ['tcp://vm', 'tcp://vm:53'],
    ['udp://vm', 'udp://vm:53'],
    ['tls://vm?servername=a.example', 'tls://vm:53?servername=a.example'],
    ['vm', 'tcp://vm:53'],
    ['echo', 'tcp://echo:53'],
    ['10.0.0.7', 'tcp://10.0.0.7:53'],
    ['::1', 'tcp://[::1]:53'],
    ['tcp://::1', 'tcp://[::1]:53'],
    ['[::1]', 'tcp://[::1]:53'],
    ['tcp://vm:', 'tcp://vm:53'],
    // What is given beside an address wins over what stands in it.
    ['tcp://vm:5900', 'tcp://vm:53'],
    ['[::1]:5900', 'tcp://[::1]:53'],
    ['unix:///run/app.sock', 'unix:/run/app.sock'],
  ])('takes the port that is given beside it: %s', (text, expected) => expect(read(text, 53)).toBe(expected));

  test.each([
    ['', /^'': the peer is empty/],
    ['tcp://vm', /^'tcp:\/\/vm': the port is missing; write tcp:\/\/vm:PORT, or give it as an option/],
    ['udp://vm/', /the port is missing; write udp:\/\/vm:PORT/],
    ['vm', /^'vm': the port is missing/],
    ['::1', /the port is missing; write tcp:\/\/\[::1\]:PORT/],
    ['tcp://', /the port is missing; write tcp:\/\/HOST:PORT/],
    ['unix://', /the path is missing/],
    ['unix:///a\0b', /the path holds a NUL character/],
    ['http://vm:80', /a peer has no scheme 'http'/],
    ['tpc://vm:80', /did you mean tcp:\/\/\?/],
    ['tcp://vm:0', /port 0 is out of range/],
    ['tcp://vm:65536', /port 65536 is out of range/],
    ['tcp://user:secret@vm:1', /a target has no user name/],
    ['tcp://vm:1/path', /port is missing|no path|is not a port/],
    ['tcp://vm:1?verify=no', /takes no options/],
    ['echo:', /the port is missing/],
    ['tcp://a b:1', /is not a host name/],
  ])('is refused: %s', (text, message) => expect(mistake(text)).toMatch(message));

  test('is refused with a port that is none', () => {
    for (const port of [0, 70_000, 1.5, -1, Number.NaN]) expect(mistake('vm', port)).toMatch(/port|colons/);
  });

  test('repeats no password of a URL', () => expect(mistake('tcp://user:secret@vm')).not.toContain('secret'));
});
