/*
 * The load generator: a WebSocket client that is cheaper than any bridge it measures.
 *
 *   load MODE --port P [--raw] [--size S] [--amount N] [--connections C] [--burst K]
 *
 * Modes: upload, download (N payload bytes), echo (N messages, K in flight per connection, sent in one write),
 * connect (N times: open, one echo, close), idle (C connections, held until stdin ends).
 * Frames are masked once, before the clock starts. With --raw the same bytes travel without WebSocket framing.
 * Prints one line of JSON. Speaks to target.c behind the bridge, which it tells what to do in its first 32 bytes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_BYTES 32
#define READ_BYTES (256 * 1024)
#define SAMPLES 1000000

static int port, raw;
static uint64_t size = 65536, amount = 1, connections = 1, burst = 1;
static const unsigned char MASK[4] = {0x37, 0xfa, 0x21, 0x3d};

static void die(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One connection and how far it is in the frame it is reading. */
struct peer {
  int fd;
  unsigned char header[10];
  unsigned have;      /* header bytes seen */
  unsigned need;      /* header bytes wanted */
  uint64_t remaining; /* payload bytes of this frame still to come */
  uint64_t expected;  /* echo: payload bytes still to come */
  double sent;
};

static void write_all(int fd, const unsigned char *bytes, uint64_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) die("load: write failed: %s", strerror(errno));
    bytes += n;
    length -= (uint64_t)n;
  }
}

static ssize_t read_some(int fd, unsigned char *bytes, size_t room) {
  for (;;) {
    ssize_t n = read(fd, bytes, room);
    if (n >= 0 || errno != EINTR) return n;
  }
}

/* Counts the payload bytes of data frames in a chunk; a Close frame is an error unless `closing`. */
static uint64_t payload(struct peer *peer, const unsigned char *bytes, size_t length, int closing) {
  if (raw) return length;
  uint64_t total = 0;
  size_t at = 0;
  while (at < length) {
    if (peer->remaining > 0) {
      uint64_t part = length - at < peer->remaining ? length - at : peer->remaining;
      if ((peer->header[0] & 8) == 0) total += part;
      peer->remaining -= part;
      at += part;
      continue;
    }
    if (peer->have == 0) peer->need = 2;
    peer->header[peer->have++] = bytes[at++];
    if (peer->have == 2) {
      unsigned code = peer->header[1] & 127;
      peer->need = code == 126 ? 4 : code == 127 ? 10 : 2;
      if ((peer->header[0] & 15) == 8 && !closing) die("load: the bridge closed the connection");
    }
    if (peer->have < peer->need) continue;
    unsigned code = peer->header[1] & 127;
    if (code < 126) peer->remaining = code;
    else {
      peer->remaining = 0;
      for (unsigned i = 2; i < peer->need; i++) peer->remaining = peer->remaining << 8 | peer->header[i];
    }
    peer->have = 0;
  }
  return total;
}

/* Writes one masked binary frame; returns its length. */
static size_t frame(unsigned char *to, const unsigned char *data, uint64_t length) {
  if (raw) {
    memcpy(to, data, length);
    return length;
  }
  size_t at = 0;
  to[at++] = 0x82;
  if (length < 126) to[at++] = (unsigned char)(0x80 | length);
  else if (length < 65536) {
    to[at++] = 0x80 | 126;
    to[at++] = (unsigned char)(length >> 8);
    to[at++] = (unsigned char)length;
  } else {
    to[at++] = 0x80 | 127;
    for (int shift = 56; shift >= 0; shift -= 8) to[at++] = (unsigned char)(length >> shift);
  }
  memcpy(to + at, MASK, 4);
  at += 4;
  for (uint64_t i = 0; i < length; i++) to[at + i] = data[i] ^ MASK[i & 3];
  return at + length;
}

/* `count` equal frames of `length` bytes in one buffer. */
static unsigned char *frames(uint64_t count, uint64_t length, size_t *total) {
  unsigned char *data = malloc(length), *all = malloc(count * (length + 14));
  if (!data || !all) die("load: out of memory");
  for (uint64_t i = 0; i < length; i++) data[i] = (unsigned char)(i * 131 + 17);
  size_t at = 0;
  for (uint64_t i = 0; i < count; i++) at += frame(all + at, data, length);
  free(data);
  *total = at;
  return all;
}

static int dial(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("load: socket: %s", strerror(errno));
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("load: connect: %s", strerror(errno));
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/* Opens a connection through the bridge and tells the target what to do. */
static struct peer open_peer(char mode, uint64_t total, uint64_t chunk) {
  struct peer peer = {.fd = dial()};
  if (!raw) {
    char request[256];
    int length = snprintf(request, sizeof request,
                          "GET /websockify HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          port);
    write_all(peer.fd, (unsigned char *)request, (uint64_t)length);
    char answer[4096];
    size_t at = 0;
    do {
      ssize_t n = read_some(peer.fd, (unsigned char *)answer + at, sizeof answer - 1 - at);
      if (n <= 0) die("load: no answer to the handshake");
      at += (size_t)n;
      answer[at] = 0;
    } while (!strstr(answer, "\r\n\r\n"));
    if (strncmp(answer, "HTTP/1.1 101", 12) != 0) die("load: the handshake was refused: %.40s", answer);
  }
  char command[COMMAND_BYTES + 1];
  snprintf(command, sizeof command, "%c %014llu %014llu\n", mode, (unsigned long long)total, (unsigned long long)chunk);
  unsigned char framed[COMMAND_BYTES + 14];
  size_t length = frame(framed, (unsigned char *)command, COMMAND_BYTES);
  write_all(peer.fd, framed, length);
  return peer;
}

/* Reads until `wanted` payload bytes have come. */
static void read_payload(struct peer *peer, uint64_t wanted, unsigned char *room, size_t bytes) {
  while (wanted > 0) {
    ssize_t n = read_some(peer->fd, room, bytes);
    if (n <= 0) die("load: the connection ended with %llu bytes missing", (unsigned long long)wanted);
    uint64_t got = payload(peer, room, (size_t)n, 0);
    if (got > wanted) die("load: more bytes than were sent");
    wanted -= got;
  }
}

static void result(double seconds, uint64_t units) {
  printf("{\"seconds\":%.6f,\"units\":%llu}\n", seconds, (unsigned long long)units);
}

static void upload(void) {
  uint64_t count = size < 262144 ? 262144 / size : 1;
  size_t length;
  unsigned char *batch = frames(count, size, &length), answer[64];
  uint64_t batches = (amount + count * size - 1) / (count * size);
  struct peer peer = open_peer('U', batches * count * size, 0);
  double start = now();
  for (uint64_t i = 0; i < batches; i++) write_all(peer.fd, batch, length);
  read_payload(&peer, 1, answer, sizeof answer);
  result(now() - start, batches * count * size);
}

static void download(void) {
  unsigned char *room = malloc(READ_BYTES);
  double start = now();
  struct peer peer = open_peer('D', amount, size);
  read_payload(&peer, amount, room, READ_BYTES);
  result(now() - start, amount);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void echo(void) {
  size_t length;
  unsigned char *batch = frames(burst, size, &length), *room = malloc(READ_BYTES);
  struct peer *peers = calloc(connections, sizeof *peers);
  double *samples = malloc(SAMPLES * sizeof *samples);
  int set = epoll_create1(EPOLL_CLOEXEC);
  if (!room || !peers || !samples || set < 0) die("load: out of memory");
  for (uint64_t i = 0; i < connections; i++) {
    peers[i] = open_peer('E', 0, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peers[i]};
    if (epoll_ctl(set, EPOLL_CTL_ADD, peers[i].fd, &event) < 0) die("load: epoll: %s", strerror(errno));
  }
  /* One round trip before the clock starts: every connection has reached its target. */
  for (uint64_t i = 0; i < connections; i++) {
    write_all(peers[i].fd, batch, length);
    read_payload(&peers[i], burst * size, room, READ_BYTES);
  }
  uint64_t rounds = (amount + burst - 1) / burst, started = 0, done = 0, taken = 0;
  if (rounds < connections) rounds = connections;
  double start = now();
  for (uint64_t i = 0; i < connections; i++, started++) {
    peers[i].expected = burst * size;
    peers[i].sent = now();
    write_all(peers[i].fd, batch, length);
  }
  while (done < rounds) {
    struct epoll_event events[64];
    int n = epoll_wait(set, events, 64, 60000);
    if (n == 0) die("load: no echo for a minute");
    for (int i = 0; i < n; i++) {
      struct peer *peer = events[i].data.ptr;
      ssize_t got = read_some(peer->fd, room, READ_BYTES);
      if (got <= 0) die("load: a connection ended");
      uint64_t bytes = payload(peer, room, (size_t)got, 0);
      if (bytes > peer->expected) die("load: more bytes than were sent");
      peer->expected -= bytes;
      if (peer->expected > 0) continue;
      double end = now();
      if (taken < SAMPLES) samples[taken++] = end - peer->sent;
      done++;
      if (started == rounds) continue;
      started++;
      peer->expected = burst * size;
      peer->sent = end;
      write_all(peer->fd, batch, length);
    }
  }
  double seconds = now() - start;
  qsort(samples, taken, sizeof *samples, ascending);
  printf("{\"seconds\":%.6f,\"units\":%llu,\"p50\":%.1f,\"p99\":%.1f}\n", seconds, (unsigned long long)(rounds * burst),
         samples[taken / 2] * 1e6, samples[taken * 99 / 100] * 1e6);
}

static atomic_ullong opened;

/* One of the clients of the connect mode: open, one echo, close, until enough were opened. */
static void *connect_loop(void *unused) {
  (void)unused;
  unsigned char message[64 + 14], room[512], data[64];
  memset(data, 'x', sizeof data);
  size_t length = frame(message, data, sizeof data);
  unsigned char bye[8] = {0x88, 0x82, MASK[0], MASK[1], MASK[2], MASK[3], 0x03 ^ MASK[0], 0xe8 ^ MASK[1]};
  while (atomic_fetch_add(&opened, 1) < amount) {
    struct peer peer = open_peer('E', 0, 0);
    write_all(peer.fd, message, length);
    read_payload(&peer, sizeof data, room, sizeof room);
    if (raw) shutdown(peer.fd, SHUT_WR);
    else write_all(peer.fd, bye, sizeof bye);
    while (read_some(peer.fd, room, sizeof room) > 0) continue;
    close(peer.fd);
  }
  return NULL;
}

static void connect_many(void) {
  pthread_t *threads = calloc(connections, sizeof *threads);
  double start = now();
  for (uint64_t i = 0; i < connections; i++)
    if (pthread_create(&threads[i], NULL, connect_loop, NULL) != 0) die("load: no more threads");
  for (uint64_t i = 0; i < connections; i++) pthread_join(threads[i], NULL);
  result(now() - start, amount);
}

static void idle(void) {
  size_t length;
  unsigned char *message = frames(1, 64, &length), room[512];
  for (uint64_t i = 0; i < connections; i++) {
    struct peer peer = open_peer('E', 0, 0);
    write_all(peer.fd, message, length);
    read_payload(&peer, 64, room, sizeof room);
  }
  result(0, connections);
  fflush(stdout);
  while (read(0, room, sizeof room) > 0) continue;
}

int main(int argc, char **argv) {
  if (argc < 2) die("usage: load MODE --port P [--raw] [--size S] [--amount N] [--connections C] [--burst K]");
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  for (int i = 2; i < argc; i++) {
    if (!strcmp(argv[i], "--raw")) {
      raw = 1;
      continue;
    }
    if (i + 1 == argc) die("load: %s needs a value", argv[i]);
    uint64_t value = strtoull(argv[i + 1], NULL, 10);
    if (!strcmp(argv[i], "--port")) port = (int)value;
    else if (!strcmp(argv[i], "--size")) size = value;
    else if (!strcmp(argv[i], "--amount")) amount = value;
    else if (!strcmp(argv[i], "--connections")) connections = value;
    else if (!strcmp(argv[i], "--burst")) burst = value;
    else die("load: unknown option %s", argv[i]);
    i++;
  }
  if (!port || !size || !amount || !connections || !burst) die("load: zero is not a number of anything");
  if (!strcmp(argv[1], "upload")) upload();
  else if (!strcmp(argv[1], "download")) download();
  else if (!strcmp(argv[1], "echo")) echo();
  else if (!strcmp(argv[1], "connect")) connect_many();
  else if (!strcmp(argv[1], "idle")) idle();
  else die("load: unknown mode %s", argv[1]);
  return 0;
}
