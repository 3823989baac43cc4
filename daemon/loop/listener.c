#include "loop/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "loop/address.h"

enum {
    BACKLOG = 511,
    ACCEPTS_A_TURN = 32, /* then other work of the loop has its turn */
    REST_MS = 250,       /* without file descriptors */
};

struct listener {
    struct loop *loop;
    listener_fn *on_connection;
    void *ctx;
    uv_poll_t poll;
    struct timer rest;
    int fd;
    int family;
    int offered; /* the connection that on_connection may take; -1: none, or taken */
    bool resting, closed;
    char *path; /* of a unix socket */
};

/* -- Accepting. */

static void on_ready(uv_poll_t *poll, int status, int events);

static void on_rested(void *ctx)
{
    struct listener *listener = ctx;
    uv_poll_start(&listener->poll, UV_READABLE, on_ready);
}

static void take_a_rest(struct listener *listener, int error)
{
    if (!listener->resting)
        log_say(LOG_WARN, "accept-rests",
                "A connection cannot be accepted: %s. Trying again every %d ms; raise LimitNOFILE "
                "if this lasts.",
                strerror(error), REST_MS);
    listener->resting = true;
    uv_poll_stop(&listener->poll);
    timer_start(&listener->rest, REST_MS);
}

static void offer(struct listener *listener, int fd)
{
    listener->resting = false;
    listener->offered = fd;
    listener->on_connection(listener, listener->ctx);
    if (listener->offered >= 0)
        close(listener->offered);
    listener->offered = -1;
}

/* True if there may be more. Connections that broke while they waited are nobody's concern. */
static bool accept_one(struct listener *listener)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        offer(listener, fd);
        return true;
    }
    if (errno == EAGAIN)
        return false;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        take_a_rest(listener, errno);
        return false;
    }
    return true;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct listener *listener = poll->data;
    for (int i = 0; i < ACCEPTS_A_TURN && !listener->closed; i++)
        if (!accept_one(listener))
            return;
}

struct stream *listener_accept(struct listener *listener, const struct stream_events *events,
                               void *owner)
{
    int fd = listener->offered;
    listener->offered = -1;
    return stream_adopt(listener->loop, fd, listener->family, events, owner);
}

/* -- Opening. */

static struct listener *listener_new(struct loop *loop, int fd, int family,
                                     listener_fn *on_connection, void *ctx)
{
    struct listener *listener = NEW(struct listener);
    *listener = (struct listener){.loop = loop,
                                  .on_connection = on_connection,
                                  .ctx = ctx,
                                  .fd = fd,
                                  .family = family,
                                  .offered = -1};
    timer_init(&listener->rest, loop, on_rested, listener);
    return listener;
}

/* Takes over fd, which is bound: it is closed on failure. */
static struct listener *start(struct loop *loop, int fd, int family, listener_fn *on_connection,
                              void *ctx, const char *name, struct err *err)
{
    struct listener *listener = listener_new(loop, fd, family, on_connection, ctx);
    int rc = listen(fd, BACKLOG) ? -errno : uv_poll_init(&loop->uv, &listener->poll, fd);
    if (rc) {
        err_set(err, "Cannot listen on %s: %s.", name, strerror(-rc));
        close(fd);
        free(listener);
        return NULL;
    }
    listener->poll.data = listener;
    uv_poll_start(&listener->poll, UV_READABLE, on_ready);
    return listener;
}

static int bind_failed(int fd, const char *name, struct err *err)
{
    int error = errno;
    close(fd);
    if (error == EADDRINUSE)
        return err_set(err, "Another process listens on %s: stop it, or choose another address.",
                       name);
    return err_set(err, "Cannot listen on %s: %s.", name, strerror(error));
}

struct listener *listener_open_tcp(struct loop *loop, const struct sockaddr_storage *address,
                                   listener_fn *on_connection, void *ctx, struct err *err)
{
    char name[ADDRESS_NAME_SIZE];
    int on = 1;
    address_name(address, name, sizeof(name));
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        err_set(err, "Cannot listen on %s: %s.", name, strerror(errno));
        return NULL;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)address, address_size(address))) {
        bind_failed(fd, name, err);
        return NULL;
    }
    return start(loop, fd, address->ss_family, on_connection, ctx, name, err);
}

static int unix_address(const char *path, struct sockaddr_un *out, struct err *err)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(out->sun_path))
        return err_set(err, "The socket's path %s is %s: a unix socket's path has 1 to %zu bytes.",
                       path, len ? "too long" : "empty", sizeof(out->sun_path) - 1);
    memcpy(out->sun_path, path, len + 1);
    return 0;
}

/* Whether somebody answers on the socket, or might. */
static bool is_answered(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true;
    int rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
    bool dead = rc && (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    return !dead;
}

/* Makes the path free for bind. */
static int clear_path(const char *path, const struct sockaddr_un *address, struct err *err)
{
    struct stat there;
    if (lstat(path, &there))
        return 0;
    if (!S_ISSOCK(there.st_mode))
        return err_set(err, "%s is there and is no socket: move it away, or choose another path.",
                       path);
    if (is_answered(address))
        return err_set(err, "Another process listens on %s: stop it, or choose another path.",
                       path);
    if (unlink(path) && errno != ENOENT)
        return err_set(err, "The old socket %s cannot be removed: %s.", path, strerror(errno));
    return 0;
}

/* Nobody can connect before listen, so the mode is right in time. */
static int bind_unix(const char *path, mode_t mode, const struct sockaddr_un *address,
                     struct err *err)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, "Cannot listen on %s: %s.", path, strerror(errno));
    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)))
        return bind_failed(fd, path, err);
    if (chmod(path, mode) == 0)
        return fd;
    err_set(err, "The mode of %s cannot be set: %s.", path, strerror(errno));
    close(fd);
    unlink(path);
    return -1;
}

struct listener *listener_open_unix(struct loop *loop, const char *path, mode_t mode,
                                    listener_fn *on_connection, void *ctx, struct err *err)
{
    struct sockaddr_un address;
    if (unix_address(path, &address, err) || clear_path(path, &address, err))
        return NULL;
    int fd = bind_unix(path, mode, &address, err);
    if (fd < 0)
        return NULL;
    struct listener *listener = start(loop, fd, AF_UNIX, on_connection, ctx, path, err);
    if (listener)
        listener->path = str_dup(str_of(path));
    else
        unlink(path);
    return listener;
}

unsigned listener_port(const struct listener *listener)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t len = sizeof(address);
    if (listener->family == AF_UNIX || getsockname(listener->fd, &address.any, &len))
        return 0;
    return ntohs(listener->family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/* -- Closing. */

static void on_poll_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    close(listener->fd);
    free(listener->path);
    free(listener);
}

void listener_close(struct listener *listener)
{
    listener->closed = true;
    timer_stop(&listener->rest);
    if (listener->path)
        unlink(listener->path);
    uv_close((uv_handle_t *)&listener->poll, on_poll_closed);
}
