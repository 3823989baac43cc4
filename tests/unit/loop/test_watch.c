#include "loop/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

struct window {
    struct loop loop;
    struct watch *watch;
    int here, there;
    int readable, writable;
    bool free_at_once;
};

static void on_ready(void *ctx, int fd, bool readable, bool writable)
{
    struct window *w = ctx;
    assert_int_equal(fd, w->here);
    w->readable += readable;
    w->writable += writable;
    if (!w->free_at_once)
        return;
    watch_free(w->watch);
    w->watch = NULL;
    close(w->here);
}

static int open_window(void **state)
{
    static struct window w;
    int ends[2];
    w = (struct window){.here = -1};
    assert_int_equal(loop_init(&w.loop, "window", NULL), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    w.here = ends[0];
    w.there = ends[1];
    w.watch = watch_new(&w.loop, w.here, on_ready, &w, NULL);
    assert_non_null(w.watch);
    assert_int_equal(watch_fd(w.watch), w.here);
    *state = &w;
    return 0;
}

static int close_window(void **state)
{
    struct window *w = *state;
    if (w->watch) {
        watch_free(w->watch);
        close(w->here);
    }
    close(w->there);
    loop_release(&w->loop);
    return 0;
}

static void turn(struct window *w)
{
    uv_run(&w->loop.uv, UV_RUN_NOWAIT);
}

static void it_says_what_is_asked_for_only(void **state)
{
    struct window *w = *state;
    assert_int_equal(write(w->there, "x", 1), 1);
    turn(w);
    assert_int_equal(w->readable + w->writable, 0);
    watch_set(w->watch, true, false);
    turn(w);
    assert_int_equal(w->readable, 1);
    assert_int_equal(w->writable, 0);
    watch_set(w->watch, false, true);
    turn(w);
    assert_int_equal(w->readable, 1);
    assert_int_equal(w->writable, 1);
    watch_set(w->watch, false, false);
    turn(w);
    assert_int_equal(w->readable + w->writable, 2);
}

static void what_was_not_read_is_said_again(void **state)
{
    struct window *w = *state;
    assert_int_equal(write(w->there, "x", 1), 1);
    watch_set(w->watch, true, false);
    turn(w);
    turn(w);
    assert_int_equal(w->readable, 2);
}

static void it_may_go_from_inside(void **state)
{
    struct window *w = *state;
    w->free_at_once = true;
    assert_int_equal(write(w->there, "x", 1), 1);
    watch_set(w->watch, true, false);
    turn(w);
    turn(w);
    assert_int_equal(w->readable, 1);
    assert_null(w->watch);
}

/* c-ares closes one socket and opens the next in one breath, and the kernel gives the same number.
 */
static void the_number_may_be_watched_again_at_once(void **state)
{
    struct window *w = *state;
    int ends[2], number = w->here;
    watch_set(w->watch, true, false);
    watch_free(w->watch);
    close(w->here);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(ends[0], number);
    w->watch = watch_new(&w->loop, ends[0], on_ready, w, NULL);
    assert_non_null(w->watch);
    watch_set(w->watch, true, false);
    assert_int_equal(write(ends[1], "x", 1), 1);
    turn(w);
    assert_int_equal(w->readable, 1);
    close(ends[1]);
}

static void what_cannot_be_waited_for_is_refused(void **state)
{
    struct window *w = *state;
    struct err err = {{0}};
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_null(watch_new(&w->loop, file, on_ready, w, &err));
    assert_non_null(strstr(err.text, "The loop \"window\" cannot wait for descriptor"));
    close(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_window, close_window)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_says_what_is_asked_for_only),
        TEST(what_was_not_read_is_said_again),
        TEST(it_may_go_from_inside),
        TEST(the_number_may_be_watched_again_at_once),
        TEST(what_cannot_be_waited_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
