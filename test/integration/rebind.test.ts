import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REBIND_NEW_PORT, REBIND_OLD_PORT, rebindLibrary } from '../../src/native/rebind.ts';
import { buildNative } from '../conformance/target-servers.ts';
import { freePort } from '../support/free-port.ts';
import { PYTHON, suite } from '../support/packages.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { compile } from './wrap-program-servers.ts';

/** Binds sockets one after the other and keeps them; prints where each of them is, or why it could not be bound. */
const BINDER = `
import errno, json, socket, sys
kept, results = [], []
for family, kind, host, port, only in json.loads(sys.argv[1]):
    s = socket.socket(getattr(socket, family), getattr(socket, kind))
    kept.append(s)
    if only is not None:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    try:
        s.bind((host, port) if port is not None else host)
        if kind == 'SOCK_STREAM': s.listen()
        results.append(s.getsockname()[:2] if port is not None else s.getsockname())
    except OSError as error:
        results.append(errno.errorcode[error.errno])
print(json.dumps(results))
`;

/** Family, kind, address, port (null for none), and whether an IPv6 socket is for IPv6 only (null = as the system likes). */
type Bind = readonly [string, string, string, number | null, (0 | 1 | null)?];

/** Says that there is no ::1, as a system with IPv6 switched off does. Comes behind the library under test. */
const NO_IPV6 = `
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
int without_ipv6(int fd, const struct sockaddr *address, socklen_t length) __asm__("bind");
int without_ipv6(int fd, const struct sockaddr *address, socklen_t length) {
  const struct sockaddr_in6 *asked = (const void *)address;
  if (address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&asked->sin6_addr)) return errno = EADDRNOTAVAIL, -1;
  return ((int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind"))(fd, address, length);
}
`;

/** Does with bind() what only C can do. Prints "errno result" for each. */
const ODD_BINDS = `
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
static void try(int fd, const void *address, socklen_t length) {
  errno = 42;
  int result = bind(fd, address, length);
  printf("%d %d\\n", result, errno == 42 ? 0 : errno);
}
int main(int argc, char **argv) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = in.sin_port};
  try(socket(AF_INET, SOCK_STREAM, 0), &in, sizeof in);
  try(socket(AF_INET6, SOCK_STREAM, 0), &in6, 24);
  try(socket(AF_INET, SOCK_STREAM, 0), &in, 4);
  try(socket(AF_INET6, SOCK_STREAM, 0), &in6, 23);
  try(-1, &in, sizeof in);
  try(0, &in, sizeof in);
  return 0;
}
`;

suite('The library that moves ports', { needs: ['cc', 'C headers', 'python3'] }, () => {
  const house = makeTempDir();
  let old = 0;
  let moved = 0;
  let environment: NodeJS.ProcessEnv = {};

  beforeAll(async () => {
    buildNative();
    old = await freePort();
    do moved = await freePort();
    while (moved === old);
    environment = {
      ...process.env,
      LD_PRELOAD: rebindLibrary(),
      [REBIND_OLD_PORT]: String(old),
      [REBIND_NEW_PORT]: String(moved),
    };
  });
  afterAll(() => house.remove());

  /** Runs a program with the library and gives what it printed. */
  const run = (command: string, args: readonly string[], changes: NodeJS.ProcessEnv = {}): string => {
    const env = { ...environment, ...changes };
    const { stdout, stderr, status } = spawnSync(command, args, {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return stdout;
  };
  const binds = (list: readonly Bind[], changes: NodeJS.ProcessEnv = {}): unknown => {
    const full = list.map(([family, kind, host, port, only = null]) => [family, kind, host, port, only]);
    return JSON.parse(run(PYTHON, ['-c', BINDER, JSON.stringify(full)], changes));
  };

  test.each([
    ['AF_INET', '0.0.0.0', '127.0.0.1'],
    ['AF_INET', '127.0.0.1', '127.0.0.1'],
    ['AF_INET', '192.0.2.1', '127.0.0.1'],
    ['AF_INET6', '::', '::1'],
    ['AF_INET6', '::1', '::1'],
    ['AF_INET6', '2001:db8::1', '::1'],
    ['AF_INET6', '::ffff:192.0.2.1', '::ffff:127.0.0.1'],
  ])('moves %s %s to %s', (family, from, to) => {
    expect(binds([[family, 'SOCK_STREAM', from, old]])).toEqual([[to, moved]]);
  });

  test.each([
    ['0.0.0.0 and :: for IPv6 only', ['0.0.0.0', '::'], 1],
    [':: for IPv6 only and 0.0.0.0', ['::', '0.0.0.0'], 1],
    [':: for both and 0.0.0.0', ['::', '0.0.0.0'], 0],
    ['127.0.0.1 and ::1', ['127.0.0.1', '::1'], null],
  ] as const)('lets a program bind %s', (_what, hosts, only) => {
    const list = hosts.map((host): Bind =>
      host.includes(':') ? ['AF_INET6', 'SOCK_STREAM', host, old, only] : ['AF_INET', 'SOCK_STREAM', host, old],
    );
    expect(binds(list)).toEqual(hosts.map((host) => [host.includes(':') ? '::1' : '127.0.0.1', moved]));
  });

  test('tells the program when the moved port is taken', () => {
    const bind: Bind = ['AF_INET', 'SOCK_STREAM', '0.0.0.0', old];
    expect(binds([bind, bind])).toEqual([['127.0.0.1', moved], 'EADDRINUSE']);
  });

  test('leaves everything else alone', async () => {
    const other = await freePort();
    expect(
      binds([
        ['AF_INET', 'SOCK_STREAM', '0.0.0.0', other],
        ['AF_INET6', 'SOCK_STREAM', '::', other, 1],
        ['AF_INET', 'SOCK_DGRAM', '0.0.0.0', old],
        ['AF_INET6', 'SOCK_DGRAM', '::', old, 1],
        ['AF_UNIX', 'SOCK_STREAM', join(house.path, 'socket'), null],
      ]),
    ).toEqual([['0.0.0.0', other], ['::', other], ['0.0.0.0', old], ['::', old], join(house.path, 'socket')]);
  });

  test.each([
    ['the old port is missing', { [REBIND_OLD_PORT]: undefined }],
    ['the new port is missing', { [REBIND_NEW_PORT]: undefined }],
    ['a port is empty', { [REBIND_NEW_PORT]: '' }],
    ['a port is no number', { [REBIND_NEW_PORT]: '80x' }],
    ['a port is signed', { [REBIND_NEW_PORT]: '-1' }],
    ['a port is zero', { [REBIND_NEW_PORT]: '0' }],
    ['a port is too great', { [REBIND_NEW_PORT]: '65536' }],
    ['a port is enormous', { [REBIND_NEW_PORT]: '18446744073709551696' }],
  ])('does nothing when %s', (_what, changes) => {
    expect(binds([['AF_INET', 'SOCK_STREAM', '127.0.0.1', old]], changes)).toEqual([['127.0.0.1', old]]);
  });

  test('is inherited by children', () => {
    const list = JSON.stringify([['AF_INET', 'SOCK_STREAM', '0.0.0.0', old, null]]);
    const child = `import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1], sys.argv[2]], check=True)`;
    expect(JSON.parse(run(PYTHON, ['-c', child, BINDER, list]))).toEqual([['127.0.0.1', moved]]);
  });

  test('keeps errno, and leaves what it cannot understand to the system', () => {
    const program = compile(house.path, 'odd-binds', ODD_BINDS);
    const [EINVAL, EBADF, ENOTSOCK] = [22, 9, 88];
    const expected = ['0 0', '0 0', `-1 ${EINVAL}`, `-1 ${EINVAL}`, `-1 ${EBADF}`, `-1 ${ENOTSOCK}`];
    expect(
      run(program, [String(old)])
        .trim()
        .split('\n'),
    ).toEqual(expected);
  });

  test('goes to IPv4 with a dual-stack socket where there is no ::1, through what else is preloaded', () => {
    const library = compile(house.path, 'no-ipv6.so', NO_IPV6, '-shared', '-fPIC', '-ldl');
    const preload = { LD_PRELOAD: `${rebindLibrary()}:${library}` };
    const any = (only: 0 | 1): Bind => ['AF_INET6', 'SOCK_STREAM', '::', old, only];
    expect(binds([any(0)], preload)).toEqual([['::ffff:127.0.0.1', moved]]);
    expect(binds([any(1)], preload)).toEqual(['EADDRNOTAVAIL']);
    expect(binds([['AF_INET6', 'SOCK_STREAM', '::1', old, 0]], preload)).toEqual(['EADDRNOTAVAIL']);
  });
});
