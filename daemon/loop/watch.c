#include "loop/watch.h"

#include "base/alloc.h"

struct watch {
    uv_poll_t uv;
    int fd;
    watch_fn *on_ready;
    void *ctx;
};

/* Nothing is touched after the call: the watch may be gone. */
static void on_poll(uv_poll_t *uv, int status, int events)
{
    struct watch *watch = uv->data;
    bool broken = status < 0;
    watch->on_ready(watch->ctx, watch->fd, broken || (events & UV_READABLE),
                    broken || (events & UV_WRITABLE));
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct watch *watch_new(struct loop *loop, int fd, watch_fn *on_ready, void *ctx, struct err *err)
{
    struct watch *watch = NEW(struct watch);
    watch->fd = fd;
    watch->on_ready = on_ready;
    watch->ctx = ctx;
    watch->uv.data = watch;
    int rc = uv_poll_init(&loop->uv, &watch->uv, fd);
    if (rc == 0)
        return watch;
    free(watch);
    err_set(err, "The loop \"%s\" cannot wait for descriptor %d: %s.", loop->name, fd,
            uv_strerror(rc));
    return NULL;
}

void watch_set(struct watch *watch, bool readable, bool writable)
{
    int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
    if (events)
        uv_poll_start(&watch->uv, events, on_poll);
    else
        uv_poll_stop(&watch->uv);
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    uv_poll_stop(&watch->uv);
    uv_close((uv_handle_t *)&watch->uv, on_closed);
}

int watch_fd(const struct watch *watch)
{
    return watch->fd;
}
