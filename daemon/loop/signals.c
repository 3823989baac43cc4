#include "loop/signals.h"

#include <assert.h>

static void on_uv_signal(uv_signal_t *handle, int number)
{
    struct signals *signals = handle->data;
    signals->on_signal(signals->ctx, number);
}

int signals_watch(struct signals *signals, struct loop *loop, const int *numbers, size_t count,
                  void (*on_signal)(void *ctx, int number), void *ctx, struct err *err)
{
    assert(count <= SIGNALS_MAX);
    signals->count = 0;
    signals->on_signal = on_signal;
    signals->ctx = ctx;
    for (size_t i = 0; i < count; i++) {
        uv_signal_t *handle = &signals->handles[i];
        int rc = uv_signal_init(&loop->uv, handle);
        if (rc == 0) {
            signals->count++;
            handle->data = signals;
            rc = uv_signal_start(handle, on_uv_signal, numbers[i]);
        }
        if (rc != 0)
            return err_set(err, "Signal %d cannot be watched: %s.", numbers[i], uv_strerror(rc));
    }
    return 0;
}

void signals_close(struct signals *signals)
{
    for (size_t i = 0; i < signals->count; i++)
        uv_close((uv_handle_t *)&signals->handles[i], NULL);
    signals->count = 0;
}
