#include "loop/loop.h"

#include <pthread.h>
#include <signal.h>

#include "base/log.h"
#include "loop/scratch.h"

static void on_stop(struct letter *letter)
{
    uv_stop(&LETTER_OF(letter, struct loop, stop)->uv);
}

/* Handles that were closed, and those that their last callbacks close, end here. */
static void finish_closing(struct loop *loop)
{
    enum { TURNS = 8 };
    for (int i = 0; i < TURNS; i++)
        uv_run(&loop->uv, UV_RUN_NOWAIT);
}

int loop_init(struct loop *loop, const char *name, struct err *err)
{
    *loop = (struct loop){.stop.deliver = on_stop};
    snprintf(loop->name, sizeof(loop->name), "%s", name);
    signal(SIGPIPE, SIG_IGN);
    int rc = uv_loop_init(&loop->uv);
    if (rc)
        return err_set(err, "The event loop \"%s\" cannot be made: %s.", name, uv_strerror(rc));
    loop->uv.data = loop;
    timers_init(&loop->timers, &loop->uv);
    chores_init(&loop->chores, &loop->uv);
    if (letterbox_init(&loop->letterbox, &loop->uv, err) == 0) {
        loop->scratch = loop_scratch_new();
        return 0;
    }
    timers_close(&loop->timers);
    chores_close(&loop->chores);
    finish_closing(loop);
    uv_loop_close(&loop->uv);
    return -1;
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

static void thread_main(void *arg)
{
    struct loop *loop = arg;
    pthread_setname_np(pthread_self(), loop->name);
    loop_run(loop);
}

int loop_start(struct loop *loop, struct err *err)
{
    int rc = uv_thread_create(&loop->thread, thread_main, loop);
    if (rc)
        return err_set(err, "The thread \"%s\" cannot be started: %s.", loop->name,
                       uv_strerror(rc));
    return 0;
}

void loop_stop(struct loop *loop)
{
    if (!atomic_exchange(&loop->stopping, true))
        loop_post(loop, &loop->stop);
}

void loop_join(struct loop *loop)
{
    uv_thread_join(&loop->thread);
}

static void log_left_open(uv_handle_t *handle, void *arg)
{
    struct loop *loop = arg;
    if (!uv_is_closing(handle))
        log_say(LOG_ERROR, "loop-handle-left-open", "The loop \"%s\" ended with an open %s.",
                loop->name, uv_handle_type_name(handle->type));
}

void loop_release(struct loop *loop)
{
    letterbox_drain(&loop->letterbox);
    finish_closing(loop);
    letterbox_close(&loop->letterbox);
    timers_close(&loop->timers);
    chores_close(&loop->chores);
    finish_closing(loop);
    uv_walk(&loop->uv, log_left_open, loop);
    timers_release(&loop->timers);
    uv_loop_close(&loop->uv);
    loop_scratch_free(loop->scratch);
    loop->scratch = NULL;
}
