/*
 * Moves the port that a program listens on, without the program's knowledge: preloaded into it (LD_PRELOAD), this library
 * stands in front of bind(). src/target/wrap-program.ts starts programs with it.
 *
 * A stream socket that is bound to port BASCULE_REBIND_OLD_PORT is bound to the same family's loopback address and port
 * BASCULE_REBIND_NEW_PORT instead, whatever address the program asked for:
 *   0.0.0.0, 127.0.0.1, 192.0.2.1      127.0.0.1
 *   ::, ::1, 2001:db8::1               ::1, also for a dual-stack socket
 *   ::ffff:192.0.2.1                   ::ffff:127.0.0.1
 * Each family has its own address, so a program that binds both does not collide with itself, dual-stack or not. Where
 * the system has no ::1, a dual-stack socket that asked for :: goes to ::ffff:127.0.0.1.
 *
 * Everything else is as it was: other ports, other families, datagrams, and all of it when one of the variables is
 * missing or is not a port. getsockname() tells the truth, which is the moved port. A program that binds the port on two
 * addresses of one family gets EADDRINUSE for the second. The variables and the library are inherited by child processes.
 *
 * Out of reach: programs without a dynamic loader, programs that make system calls themselves (Go), setuid programs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The shortest IPv6 address that Linux takes: without sin6_scope_id (RFC 2133). */
#define SHORTEST_IN6 24

typedef int Bind(int fd, const struct sockaddr *address, socklen_t length);

typedef union {
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
} Address;

/*
 * glibc moved dlsym into libc itself in 2.34. The old version name and a weak reference let a library that was made with
 * a newer glibc load with an older one too, where dlsym may be missing.
 */
#pragma weak dlsym
#if defined __GLIBC__ && defined __x86_64__ && defined __LP64__
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#elif defined __GLIBC__ && defined __aarch64__
__asm__(".symver dlsym, dlsym@GLIBC_2.17");
#endif

/* Written once with values that any thread would write; 0 = not known yet, or no port. */
static _Atomic(Bind *) next_bind;
static atomic_uint old_port;
static atomic_uint new_port;

/* Without dlsym there is no way to whoever else stands in front of bind(). */
static int system_bind(int fd, const struct sockaddr *address, socklen_t length) {
  return (int)syscall(SYS_bind, fd, address, length);
}

/* Reads a port: decimal digits and nothing else. 0 when it is none. */
static unsigned port_of(const char *name) {
  const char *text = getenv(name);
  unsigned port = 0;
  if (!text) return 0;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return 0;
    port = port * 10 + (unsigned)(*text - '0');
    if (port > 65535) return 0;
  }
  return port;
}

/* Runs before the program, while there is one thread: reading the environment later could meet a setenv(). */
__attribute__((constructor)) static void prepare(void) {
  unsigned from = port_of("BASCULE_REBIND_OLD_PORT");
  unsigned to = port_of("BASCULE_REBIND_NEW_PORT");
  void *found = dlsym ? dlsym(RTLD_NEXT, "bind") : NULL;
  atomic_store(&old_port, from && to ? from : 0);
  atomic_store(&new_port, to);
  atomic_store(&next_bind, found ? (Bind *)found : system_bind);
}

/* The next bind() in line. Another library's constructor may have come before ours and may want it already. */
static Bind *next(void) {
  Bind *found = atomic_load(&next_bind);
  if (found) return found;
  prepare();
  return atomic_load(&next_bind);
}

static bool is_stream(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

static bool is_dual_stack(int fd) {
  int only = 1;
  socklen_t size = sizeof only;
  return getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) == 0 && !only;
}

/* 127.0.0.1 as an address of an IPv6 socket. */
static struct in6_addr mapped_loopback(void) {
  return (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
}

/* Writes where a bind to `address` goes. Gives the length of that, or 0 when it stays where it is. */
static socklen_t moved(const struct sockaddr *address, socklen_t length, Address *to) {
  unsigned from = atomic_load(&old_port);
  in_port_t port = htons((in_port_t)atomic_load(&new_port));
  if (!from || !address) return 0;
  if (length >= sizeof(struct sockaddr_in) && address->sa_family == AF_INET) {
    if (ntohs(((const struct sockaddr_in *)address)->sin_port) != from) return 0;
    to->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return sizeof to->in;
  }
  if (length >= SHORTEST_IN6 && address->sa_family == AF_INET6) {
    const struct sockaddr_in6 *asked = (const struct sockaddr_in6 *)address;
    if (ntohs(asked->sin6_port) != from) return 0;
    to->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    if (IN6_IS_ADDR_V4MAPPED(&asked->sin6_addr)) to->in6.sin6_addr = mapped_loopback();
    return sizeof to->in6;
  }
  return 0;
}

/* Stands for bind(); under a name of its own because the C libraries declare its arguments differently. */
__attribute__((visibility("default"))) Bind rebind __asm__("bind");

int rebind(int fd, const struct sockaddr *address, socklen_t length) {
  const int before = errno;
  Bind *bind_next = next();
  Address to;
  socklen_t size = moved(address, length, &to);
  bool move = size && is_stream(fd);
  errno = before;
  if (!move) return bind_next(fd, address, length);

  int result = bind_next(fd, &to.any, size);
  if (result == 0 || errno != EADDRNOTAVAIL || to.any.sa_family != AF_INET6) return result;
  if (IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr) && is_dual_stack(fd)) {
    to.in6.sin6_addr = mapped_loopback();
    result = bind_next(fd, &to.any, size);
  }
  errno = result == 0 ? before : EADDRNOTAVAIL;
  return result;
}
