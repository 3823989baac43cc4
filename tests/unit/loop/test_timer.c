#include "loop/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "loop/loop.h"

enum { MANY = 500 };

struct bell {
    struct timer timer;
    struct tower *tower;
    uint64_t wanted;
};

struct tower {
    struct loop loop;
    struct bell bells[MANY];
    struct timer end;
    int rung, early, out_of_order;
    uint64_t last;
};

static void on_bell(void *ctx)
{
    struct bell *bell = ctx;
    struct tower *tower = bell->tower;
    tower->rung++;
    tower->early += loop_now_ms(&tower->loop) < bell->wanted;
    tower->out_of_order += bell->wanted < tower->last;
    tower->last = bell->wanted;
}

static void on_end(void *ctx)
{
    struct tower *tower = ctx;
    loop_stop(&tower->loop);
}

static void tower_init(struct tower *tower)
{
    *tower = (struct tower){0};
    assert_int_equal(loop_init(&tower->loop, "tower", NULL), 0);
    for (int i = 0; i < MANY; i++) {
        tower->bells[i].tower = tower;
        timer_init(&tower->bells[i].timer, &tower->loop, on_bell, &tower->bells[i]);
    }
    timer_init(&tower->end, &tower->loop, on_end, tower);
}

static void bell_start(struct bell *bell, uint64_t ms)
{
    bell->wanted = loop_now_ms(&bell->tower->loop) + ms;
    timer_start(&bell->timer, ms);
}

static void timers_ring_once_and_in_order(void **state)
{
    (void)state;
    struct tower tower;
    tower_init(&tower);
    for (size_t i = 0; i < MANY; i++)
        bell_start(&tower.bells[i], (i * 7919) % 83);
    timer_start(&tower.end, 120);
    loop_run(&tower.loop);
    loop_release(&tower.loop);
    assert_int_equal(tower.rung, MANY);
    assert_int_equal(tower.early, 0);
    assert_int_equal(tower.out_of_order, 0);
}

/* Stopped timers stay silent, restarted ones ring at their new time only. */
static void stopping_and_restarting(void **state)
{
    (void)state;
    struct tower tower;
    tower_init(&tower);
    for (size_t i = 0; i < MANY; i++)
        bell_start(&tower.bells[i], i % 50);
    for (size_t i = 0; i < MANY; i += 2)
        timer_stop(&tower.bells[i].timer);
    for (size_t i = 1; i < MANY; i += 4)
        bell_start(&tower.bells[i], 60);
    timer_start(&tower.end, 100);
    loop_run(&tower.loop);
    loop_release(&tower.loop);
    assert_int_equal(tower.rung, MANY / 2);
    assert_int_equal(tower.early, 0);
}

struct spinner {
    struct loop loop;
    struct timer spin, end;
    long turns;
};

static void on_spin(void *ctx)
{
    struct spinner *spinner = ctx;
    spinner->turns++;
    timer_start(&spinner->spin, 0);
}

static void on_spinner_end(void *ctx)
{
    struct spinner *spinner = ctx;
    timer_stop(&spinner->spin);
    loop_stop(&spinner->loop);
}

/* A timer that starts itself again at once does not keep others from ringing. */
static void a_busy_timer_starves_nobody(void **state)
{
    (void)state;
    struct spinner spinner = {0};
    assert_int_equal(loop_init(&spinner.loop, "spinner", NULL), 0);
    timer_init(&spinner.spin, &spinner.loop, on_spin, &spinner);
    timer_init(&spinner.end, &spinner.loop, on_spinner_end, &spinner);
    timer_start(&spinner.spin, 0);
    timer_start(&spinner.end, 20);
    loop_run(&spinner.loop);
    loop_release(&spinner.loop);
    assert_true(spinner.turns > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_ring_once_and_in_order),
        cmocka_unit_test(stopping_and_restarting),
        cmocka_unit_test(a_busy_timer_starves_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
