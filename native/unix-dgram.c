/*
 * Unix datagram sockets for Node.js, which has none: as little C as they need. src/target/unix-dgram.ts does the rest.
 *
 * Exports functions over a socket handle. Each gives a number: a result >= 0, or a negated errno.
 *   create(onReady)      the handle itself, or a negated errno; onReady(events) as watch() asks for, or (errno < 0)
 *   bind(s, path)        gives the socket the address that answers are sent to
 *   connect(s, path)     chooses the peer; what strangers sent before is thrown away
 *   sendLimit(s)         greatest datagram that can be sent
 *   watch(s, events)     1 = readable, 2 = writable, 0 = neither; stays on until changed
 *   send(s, bytes)       never waits: -EAGAIN when the peer's queue is full
 *   receive(s, bytes)    length of the datagram; when that is greater than bytes.length, it has not been taken yet
 *   close(s)             at once; calling it again does nothing
 */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <errno.h>
#include <fcntl.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * The functions of libuv that are used, as every libuv 1.x has them. Its handles stay opaque and their size is asked for
 * at run time, so one binary serves every Node that is built on libuv 1.x, and no libuv header is needed.
 */
typedef struct uv_handle_s uv_handle_t;
extern unsigned int uv_version(void);
extern size_t uv_handle_size(int type);
extern const char *uv_handle_type_name(int type);
extern void *uv_handle_get_data(const uv_handle_t *handle);
extern void uv_handle_set_data(uv_handle_t *handle, void *data);
extern int uv_poll_init(struct uv_loop_s *loop, uv_handle_t *poll, int fd);
extern int uv_poll_start(uv_handle_t *poll, int events, void (*callback)(uv_handle_t *poll, int status, int events));
extern int uv_poll_stop(uv_handle_t *poll);
extern void uv_close(uv_handle_t *handle, void (*callback)(uv_handle_t *handle));
enum { UV_POLL = 8 };

typedef struct {
  napi_env env;
  int fd; /* -1 once closed */
  uv_handle_t *poll;
  napi_ref on_ready;
  napi_async_cleanup_hook_handle hook;
  /* The memory goes when libuv and the garbage collector have both let go of it. */
  bool poll_closed;
  bool collected;
} Socket;

static void free_if_unused(Socket *s) {
  if (s->poll_closed && s->collected) free(s);
}

/* libuv has let go of the poll handle. The environment may be half torn down: no JavaScript from here. */
static void on_poll_closed(uv_handle_t *poll) {
  Socket *s = uv_handle_get_data(poll);
  free(poll);
  napi_remove_async_cleanup_hook(s->hook);
  s->poll_closed = true;
  free_if_unused(s);
}

static void close_socket(Socket *s) {
  if (s->fd < 0) return;
  uv_close(s->poll, on_poll_closed);
  close(s->fd);
  s->fd = -1;
  napi_delete_reference(s->env, s->on_ready);
}

/* The thread or the process ends with the socket open. Node waits until on_poll_closed has removed the hook. */
static void on_environment_end(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  close_socket(data);
}

static void on_collected(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  Socket *s = data;
  close_socket(s);
  s->collected = true;
  free_if_unused(s);
}

static void on_ready(uv_handle_t *poll, int status, int events) {
  Socket *s = uv_handle_get_data(poll);
  napi_env env = s->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value callback, global, argument;
  napi_get_reference_value(env, s->on_ready, &callback);
  napi_get_global(env, &global);
  napi_create_int32(env, status < 0 ? status : events, &argument);
  if (napi_make_callback(env, NULL, global, callback, 1, &argument, NULL) == napi_pending_exception) {
    napi_value error;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

static napi_value number(napi_env env, int value) {
  napi_value result;
  return napi_create_int32(env, value, &result) == napi_ok ? result : NULL;
}

/* Reads the arguments of a call: the socket first. False, with an exception thrown, when they are not what they must be. */
static bool arguments(napi_env env, napi_callback_info info, size_t count, Socket **s, napi_value *second) {
  napi_value values[2];
  size_t given = 2;
  void *data;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok || given < count ||
      napi_get_value_external(env, values[0], &data) != napi_ok) {
    napi_throw_type_error(env, NULL, "unix-dgram: expected a socket");
    return false;
  }
  *s = data;
  if (second) *second = values[1];
  return true;
}

/* Reads a path argument into an address. On Linux one that starts with a NUL is an abstract name (unix(7)). */
static bool address(napi_env env, napi_value value, struct sockaddr_un *result, socklen_t *size) {
  memset(result, 0, sizeof *result);
  result->sun_family = AF_UNIX;
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok || length == 0 ||
      length >= sizeof result->sun_path) {
    napi_throw_range_error(env, NULL, "unix-dgram: expected a path that fits into an address");
    return false;
  }
  napi_get_value_string_utf8(env, value, result->sun_path, sizeof result->sun_path, &length);
  *size = offsetof(struct sockaddr_un, sun_path) + length + (result->sun_path[0] ? 1 : 0);
  return true;
}

static bool bytes(napi_env env, napi_value value, void **data, size_t *length) {
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok && type == napi_uint8_array)
    return true;
  napi_throw_type_error(env, NULL, "unix-dgram: expected a Uint8Array");
  return false;
}

static int open_socket(void) {
#ifdef SOCK_CLOEXEC
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
#else
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC), fcntl(fd, F_SETFL, O_NONBLOCK);
#endif
  return fd < 0 ? -errno : fd;
}

static napi_value create_socket(napi_env env, napi_callback_info info) {
  napi_value callback;
  size_t given = 1;
  napi_valuetype type;
  if (napi_get_cb_info(env, info, &given, &callback, NULL, NULL) != napi_ok ||
      napi_typeof(env, callback, &type) != napi_ok || type != napi_function) {
    napi_throw_type_error(env, NULL, "unix-dgram: expected a function");
    return NULL;
  }
  struct uv_loop_s *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return number(env, -ENOSYS);
  int fd = open_socket();
  if (fd < 0) return number(env, fd);

  Socket *s = calloc(1, sizeof *s);
  uv_handle_t *poll = calloc(1, uv_handle_size(UV_POLL));
  int error = s && poll ? uv_poll_init(loop, poll, fd) : -ENOMEM;
  if (error) {
    close(fd);
    free(s);
    free(poll);
    return number(env, error);
  }
  s->env = env;
  s->fd = fd;
  s->poll = poll;
  uv_handle_set_data(poll, s);
  napi_value result;
  /* These fail only where the engine is out of memory, which ends the process anyway. */
  if (napi_create_reference(env, callback, 1, &s->on_ready) != napi_ok ||
      napi_add_async_cleanup_hook(env, on_environment_end, s, &s->hook) != napi_ok ||
      napi_create_external(env, s, on_collected, NULL, &result) != napi_ok)
    napi_fatal_error("unix-dgram", NAPI_AUTO_LENGTH, "out of memory", NAPI_AUTO_LENGTH);
  return result;
}

static napi_value bind_socket(napi_env env, napi_callback_info info) {
  Socket *s;
  napi_value path;
  struct sockaddr_un name;
  socklen_t size;
  if (!arguments(env, info, 2, &s, &path) || !address(env, path, &name, &size)) return NULL;
  return number(env, bind(s->fd, (struct sockaddr *)&name, size) < 0 ? -errno : 0);
}

static napi_value connect_socket(napi_env env, napi_callback_info info) {
  Socket *s;
  napi_value path;
  struct sockaddr_un name;
  socklen_t size;
  if (!arguments(env, info, 2, &s, &path) || !address(env, path, &name, &size)) return NULL;
  if (connect(s->fd, (struct sockaddr *)&name, size) < 0) return number(env, -errno);
  /* From here on the kernel lets nobody but the peer send to this socket; the peer does not know its address yet. */
  char byte;
  while (recv(s->fd, &byte, 1, 0) >= 0) continue;
  return number(env, 0);
}

static napi_value send_limit(napi_env env, napi_callback_info info) {
  Socket *s;
  if (!arguments(env, info, 1, &s, NULL)) return NULL;
  int size;
  socklen_t length = sizeof size;
  if (getsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, &length) < 0) return number(env, -errno);
#ifdef __linux__
  size -= 32; /* what the kernel keeps of the send buffer for itself: unix_dgram_sendmsg() */
#endif
  return number(env, size);
}

static napi_value watch_socket(napi_env env, napi_callback_info info) {
  Socket *s;
  napi_value value;
  int32_t events;
  if (!arguments(env, info, 2, &s, &value)) return NULL;
  if (napi_get_value_int32(env, value, &events) != napi_ok || events < 0 || events > 3) {
    napi_throw_type_error(env, NULL, "unix-dgram: expected events");
    return NULL;
  }
  if (s->fd < 0) return number(env, -EBADF);
  return number(env, events ? uv_poll_start(s->poll, events, on_ready) : uv_poll_stop(s->poll));
}

static napi_value send_datagram(napi_env env, napi_callback_info info) {
  Socket *s;
  napi_value value;
  void *data;
  size_t length;
  if (!arguments(env, info, 2, &s, &value) || !bytes(env, value, &data, &length)) return NULL;
#ifdef MSG_NOSIGNAL
  const int flags = MSG_NOSIGNAL;
#else
  const int flags = 0;
#endif
  ssize_t sent;
  do sent = send(s->fd, data, length, flags);
  while (sent < 0 && errno == EINTR);
  return number(env, sent < 0 ? -errno : (int)sent);
}

static napi_value receive_datagram(napi_env env, napi_callback_info info) {
  Socket *s;
  napi_value value;
  void *data;
  size_t length;
  if (!arguments(env, info, 2, &s, &value) || !bytes(env, value, &data, &length)) return NULL;
  int next = 0;
  if (ioctl(s->fd, FIONREAD, &next) == 0 && next > 0 && (size_t)next > length) return number(env, next);
  ssize_t got;
  do got = recv(s->fd, data, length, 0);
  while (got < 0 && errno == EINTR);
  return number(env, got < 0 ? -errno : (int)got);
}

static napi_value close_handle(napi_env env, napi_callback_info info) {
  Socket *s;
  if (!arguments(env, info, 1, &s, NULL)) return NULL;
  close_socket(s);
  return number(env, 0);
}

NAPI_MODULE_INIT() {
  const char *poll_name = uv_version() >> 16 == 1 ? uv_handle_type_name(UV_POLL) : NULL;
  if (!poll_name || strcmp(poll_name, "poll") != 0) {
    napi_throw_error(env, NULL, "unix-dgram: this Node.js is not built on libuv 1");
    return NULL;
  }
  const napi_property_descriptor functions[] = {
      {"create", NULL, create_socket, NULL, NULL, NULL, napi_enumerable, NULL},
      {"bind", NULL, bind_socket, NULL, NULL, NULL, napi_enumerable, NULL},
      {"connect", NULL, connect_socket, NULL, NULL, NULL, napi_enumerable, NULL},
      {"sendLimit", NULL, send_limit, NULL, NULL, NULL, napi_enumerable, NULL},
      {"watch", NULL, watch_socket, NULL, NULL, NULL, napi_enumerable, NULL},
      {"send", NULL, send_datagram, NULL, NULL, NULL, napi_enumerable, NULL},
      {"receive", NULL, receive_datagram, NULL, NULL, NULL, napi_enumerable, NULL},
      {"close", NULL, close_handle, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
