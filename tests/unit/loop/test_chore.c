#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "loop/loop.h"

static struct {
    struct loop loop;
    struct chore first, second;
    struct timer timer;
    struct buf story;
    int again; /* how often the first chore asks for itself */
} t;

static void say(const char *what)
{
    buf_add_text(&t.story, what);
}

static void on_first(void *ctx)
{
    (void)ctx;
    say("1");
    if (t.again-- > 0)
        chore_ask(&t.first);
}

static void on_second(void *ctx)
{
    (void)ctx;
    say("2");
}

static void on_timer(void *ctx)
{
    (void)ctx;
    say("t");
    chore_ask(&t.second);
}

static int set_up(void **state)
{
    (void)state;
    struct err err;
    memset(&t, 0, sizeof(t));
    assert_int_equal(loop_init(&t.loop, "test", &err), 0);
    chore_init(&t.first, &t.loop, on_first, NULL);
    chore_init(&t.second, &t.loop, on_second, NULL);
    timer_init(&t.timer, &t.loop, on_timer, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    timer_stop(&t.timer);
    loop_release(&t.loop);
    buf_release(&t.story);
    return 0;
}

/* One turn, which waits if there is something to wait for. */
static const char *turn(void)
{
    buf_reset(&t.story);
    uv_run(&t.loop.uv, UV_RUN_ONCE);
    return t.story.at ? t.story.at : "";
}

static void what_is_asked_for_twice_is_done_once(void **state)
{
    (void)state;
    chore_ask(&t.first);
    chore_ask(&t.second);
    chore_ask(&t.first);
    assert_int_equal(t.story.len, 0);
    assert_string_equal(turn(), "12");
    uv_run(&t.loop.uv, UV_RUN_NOWAIT);
    assert_string_equal(t.story.at, "12");
}

static void a_chore_that_asks_for_itself_is_done_in_the_next_turn(void **state)
{
    (void)state;
    t.again = 2;
    chore_ask(&t.first);
    chore_ask(&t.second);
    assert_string_equal(turn(), "12");
    assert_string_equal(turn(), "1");
    assert_string_equal(turn(), "1");
}

static void a_cancelled_one_is_not_done(void **state)
{
    (void)state;
    chore_cancel(&t.first);
    chore_ask(&t.first);
    chore_ask(&t.second);
    chore_cancel(&t.second);
    assert_string_equal(turn(), "1");
    chore_ask(&t.second);
    chore_ask(&t.first);
    chore_cancel(&t.second);
    chore_ask(&t.second);
    assert_string_equal(turn(), "12");
}

/* The second timer, an hour away, would be waited for otherwise. */
static void a_chore_that_a_timer_asks_for_waits_for_nothing(void **state)
{
    (void)state;
    struct timer hour;
    timer_init(&hour, &t.loop, on_timer, NULL);
    timer_start(&hour, 3600 * 1000);
    timer_start(&t.timer, 1);
    assert_string_equal(turn(), "t");
    assert_string_equal(turn(), "2");
    timer_stop(&hour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_asked_for_twice_is_done_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chore_that_asks_for_itself_is_done_in_the_next_turn,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_one_is_not_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chore_that_a_timer_asks_for_waits_for_nothing, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
