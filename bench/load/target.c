/*
 * The server behind the bridge. Each connection says what it wants in its first 32 bytes, "M TOTAL CHUNK\n":
 *   E  everything comes back
 *   U  TOTAL bytes are read and thrown away in the kernel; then one byte answers
 *   D  TOTAL bytes are sent in writes of CHUNK bytes
 * Prints its port on the first line and ends when stdin ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define COMMAND_BYTES 32
#define BUFFER_BYTES (256 * 1024)
#define WRITES_PER_TURN 64

struct client {
  int fd;
  char mode;
  unsigned have;
  char command[COMMAND_BYTES + 1];
  uint64_t remaining, chunk;
};

static int set;
static unsigned char buffer[BUFFER_BYTES];

static void drop(struct client *client) {
  close(client->fd);
  free(client);
}

static void watch(struct client *client, uint32_t events, int how) {
  struct epoll_event event = {.events = events, .data.ptr = client};
  epoll_ctl(set, how, client->fd, &event);
}

/* Writes all of it, waiting when the socket is full: an echo never has more than one burst under way. */
static int write_all(int fd, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno == EAGAIN) {
      struct pollfd wait = {.fd = fd, .events = POLLOUT};
      poll(&wait, 1, 10000);
      continue;
    }
    if (n <= 0) return -1;
    bytes += n;
    length -= (size_t)n;
  }
  return 0;
}

/* Reads and discards, or echoes. Returns -1 when the connection is over. */
static int readable(struct client *client) {
  if (client->have < COMMAND_BYTES) {
    ssize_t n = read(client->fd, client->command + client->have, COMMAND_BYTES - client->have);
    if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
    client->have += (unsigned)n;
    if (client->have < COMMAND_BYTES) return 0;
    unsigned long long total, chunk;
    if (sscanf(client->command, "%c %llu %llu", &client->mode, &total, &chunk) != 3) return -1;
    client->remaining = total;
    client->chunk = chunk > BUFFER_BYTES ? BUFFER_BYTES : chunk;
    if (client->mode == 'D') watch(client, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    return 0;
  }
  if (client->mode == 'U') {
    /* TCP throws MSG_TRUNC bytes away without copying them. */
    ssize_t n = recv(client->fd, buffer, BUFFER_BYTES, MSG_TRUNC);
    if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
    client->remaining -= (uint64_t)n;
    return client->remaining == 0 ? write_all(client->fd, (const unsigned char *)"k", 1) : 0;
  }
  ssize_t n = read(client->fd, buffer, BUFFER_BYTES);
  if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
  return client->mode == 'E' ? write_all(client->fd, buffer, (size_t)n) : 0;
}

/* Sends chunks until the socket is full or the turn is over. */
static int writable(struct client *client) {
  for (int i = 0; i < WRITES_PER_TURN && client->remaining > 0; i++) {
    uint64_t length = client->remaining < client->chunk ? client->remaining : client->chunk;
    ssize_t n = write(client->fd, buffer, length);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    client->remaining -= (uint64_t)n;
  }
  if (client->remaining == 0) watch(client, EPOLLIN, EPOLL_CTL_MOD);
  return 0;
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in here = {.sin_family = AF_INET};
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof here;
  if (bind(listener, (struct sockaddr *)&here, length) < 0 || listen(listener, 4096) < 0) return 1;
  getsockname(listener, (struct sockaddr *)&here, &length);
  printf("%d\n", ntohs(here.sin_port));
  fflush(stdout);
  set = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event incoming = {.events = EPOLLIN, .data.ptr = NULL}, stdin_end = {.events = EPOLLIN, .data.ptr = &set};
  epoll_ctl(set, EPOLL_CTL_ADD, listener, &incoming);
  epoll_ctl(set, EPOLL_CTL_ADD, 0, &stdin_end);
  for (;;) {
    struct epoll_event events[256];
    int n = epoll_wait(set, events, 256, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr == &set) return 0;
      if (events[i].data.ptr == NULL) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct client *client = calloc(1, sizeof *client);
        client->fd = fd;
        watch(client, EPOLLIN, EPOLL_CTL_ADD);
        continue;
      }
      struct client *client = events[i].data.ptr;
      if ((events[i].events & EPOLLOUT && writable(client) < 0) ||
          (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && readable(client) < 0))
        drop(client);
    }
  }
}
