/* How a stream comes to be from this side. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "loop/address.h"
#include "loop/stream_inside.h"

static void connect_failed(struct stream *stream, int rc)
{
    stream_end_now(stream, error_is_shortage(-rc) ? STREAM_SHORTAGE : STREAM_CONNECT_FAILED,
                   "Connecting to %s failed: %s.", stream->peer_name, uv_strerror(rc));
}

static void on_connected(uv_connect_t *request, int rc)
{
    struct stream *stream = request->data;
    if (stream->state == STREAM_GONE)
        return;
    if (rc) {
        connect_failed(stream, rc);
        return;
    }
    stream_opened(stream);
    if (stream->state != STREAM_OPEN)
        return;
    bool drained = stream_release_held(stream);
    if (stream->events->on_open)
        stream->events->on_open(stream->owner);
    if (drained)
        stream_tell_drained(stream);
}

/* The port is chosen when connecting, not when binding: then it may be in use towards others. */
static int bind_source(int fd, const struct sockaddr_storage *source)
{
    int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    return bind(fd, (const struct sockaddr *)source, address_size(source));
}

/* A socket for the target, bound to its source; a negative errno on failure. */
static int open_socket(const struct stream_target *target)
{
    int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (target->source.ss_family && bind_source(fd, &target->source)) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

static int connect_tcp(struct stream *stream, const struct stream_target *target)
{
    int fd = open_socket(target);
    if (fd < 0)
        return fd;
    int rc = uv_tcp_open(&stream->uv.tcp, fd);
    if (rc) {
        close(fd);
        return rc;
    }
    return uv_tcp_connect(&stream->request.connect, &stream->uv.tcp,
                          (const struct sockaddr *)&target->address, on_connected);
}

static int connect_unix(struct stream *stream, const struct stream_target *target)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&target->address;
    uv_pipe_connect(&stream->request.connect, &stream->uv.pipe, address->sun_path, on_connected);
    return 0;
}

struct stream *stream_connect(struct loop *loop, const struct stream_target *target,
                              const struct stream_events *events, void *owner)
{
    int family = target->address.ss_family;
    struct stream *stream = stream_new(loop, family, events, owner);
    stream->request.connect.data = stream;
    address_name(&target->address, stream->peer_name, sizeof(stream->peer_name));
    int rc = family == AF_UNIX ? connect_unix(stream, target) : connect_tcp(stream, target);
    if (rc < 0) {
        connect_failed(stream, rc);
        return stream;
    }
    if (target->timeout_ms)
        timer_start(&stream->deadline, target->timeout_ms);
    return stream;
}
