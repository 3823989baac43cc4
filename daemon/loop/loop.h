/*
 * A thread and what it waits for: a libuv loop with a letterbox, timers, chores and the scratch
 * memory that all its streams share, so that an idle connection costs no buffer. Everything that is
 * made on a loop (streams, timers, listeners) belongs to its thread; other threads post letters.
 * The main thread may run a loop itself. Who makes things on a loop closes them before the loop
 * stops.
 */
#ifndef TOCSIN_LOOP_LOOP_H
#define TOCSIN_LOOP_LOOP_H

#include <stdbool.h>
#include <uv.h>

#include "base/err.h"
#include "loop/chore.h"
#include "loop/letterbox.h"
#include "loop/timer.h"

struct loop_scratch;

struct loop {
    uv_loop_t uv; /* for this room; a library's sockets are waited for with watch.h */
    struct letterbox letterbox;
    struct timers timers;
    struct chores chores;
    struct loop_scratch *scratch; /* scratch.h */
    struct letter stop;           /* posted once, by the first loop_stop */
    atomic_bool stopping;
    char name[16];
    uv_thread_t thread;
};

/* `name` is the thread's name (15 bytes count). SIGPIPE is ignored from here on. */
int loop_init(struct loop *loop, const char *name, struct err *err);

/* Runs the loop until loop_stop: on a thread of its own, or on the caller's. */
int loop_start(struct loop *loop, struct err *err);
void loop_run(struct loop *loop);

/* From any thread, more than once if need be. Letters posted before it are delivered first. */
void loop_stop(struct loop *loop);

/* Waits for the thread of loop_start. */
void loop_join(struct loop *loop);

/*
 * Delivers the letters that are left and frees everything, on the caller's thread, after loop_run
 * returned or loop_join. What was aborted gets its last callbacks here; what should end gracefully
 * is waited for before loop_stop. A handle that somebody left open is a bug of its owner: it is
 * logged, and its memory is lost.
 */
void loop_release(struct loop *loop);

static inline void loop_post(struct loop *loop, struct letter *letter)
{
    letterbox_post(&loop->letterbox, letter);
}

/* Milliseconds on the loop's clock: monotonic, read once for each turn of the loop. */
static inline uint64_t loop_now_ms(const struct loop *loop)
{
    return uv_now(&loop->uv);
}

#endif
