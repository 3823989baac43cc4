#include "store/health.h"

#include <stdatomic.h>

#include "unit/store/help.h"

enum { ALL_OF_IT = INT64_MAX };

static struct store_health health_now(struct place *p)
{
    struct store_health health;
    store_health(p->store, &health);
    return health;
}

static void wait_healthy(struct place *p, bool healthy)
{
    while (store_healthy(p->store) != healthy)
        usleep(1000);
}

/* No disk has as much room as is asked for: the next look finds it. */
static void fill_the_disk(struct place *p)
{
    store_set_min_free(p->store, (uint64_t)ALL_OF_IT);
    wait_healthy(p, false);
}

static void a_disk_with_room_is_fine(void **state)
{
    struct place *p = *state;
    struct store_health health = health_now(p);
    assert_true(health.writable && health.roomy);
    assert_true(health.free_bytes > 0);
    assert_string_equal(health.why, "");
}

static void little_room_is_seen_within_a_second_and_so_is_its_end(void **state)
{
    struct place *p = *state;
    fill_the_disk(p);
    struct store_health health = health_now(p);
    assert_true(health.writable);
    assert_false(health.roomy);
    assert_non_null(strstr(health.why, "The disk is nearly full"));
    assert_non_null(strstr(health.why, p->dir));
    store_set_min_free(p->store, 0);
    wait_healthy(p, true);
    assert_string_equal(health_now(p).why, "");
}

static void little_room_at_the_start_is_known_at_once(void **state)
{
    struct place *p = *state;
    store_close(p->store);
    p->options.min_free = (uint64_t)ALL_OF_IT;
    place_open(p);
    assert_false(store_healthy(p->store));
    assert_true(store_writable(p->store));
}

/* It stops at the bound and goes on at an eighth more. */
static void going_on_needs_more_room_than_stopping(void **state)
{
    struct place *p = *state;
    uint64_t left = health_now(p).free_bytes;
    fill_the_disk(p);
    store_set_min_free(p->store, left - left / 20);
    usleep(1300 * 1000);
    assert_false(store_healthy(p->store));
    store_set_min_free(p->store, left / 2);
    wait_healthy(p, true);
}

struct noted {
    struct write_op op;
    atomic_bool done;
};

static void apply_nothing(struct txn *txn, struct write_op *op)
{
    (void)txn, (void)op;
}

static void note_done(struct write_op *op)
{
    atomic_store(&((struct noted *)op)->done, true);
}

static struct noted noted_op(bool patient)
{
    return (struct noted){
        .op = {.apply = apply_nothing, .done = note_done, .urgent = true, .patient = patient}};
}

static void submit_and_wait(struct place *p, struct noted *n)
{
    store_submit(p->store, &n->op);
    while (!atomic_load(&n->done))
        usleep(1000);
}

static void what_is_known_is_written_and_what_is_new_waits_for_room(void **state)
{
    struct place *p = *state;
    struct noted patient = noted_op(true), second = noted_op(true), other = noted_op(false);
    fill_the_disk(p);
    store_submit(p->store, &patient.op);
    store_submit(p->store, &second.op);
    submit_and_wait(p, &other);
    usleep(50 * 1000);
    assert_false(atomic_load(&patient.done));
    store_set_min_free(p->store, 0);
    while (!atomic_load(&patient.done) || !atomic_load(&second.done))
        usleep(1000);
    assert_true(store_healthy(p->store));
}

static void closing_writes_what_waited_for_room(void **state)
{
    struct place *p = *state;
    struct noted patient = noted_op(true);
    fill_the_disk(p);
    store_submit(p->store, &patient.op);
    store_close(p->store);
    assert_true(atomic_load(&patient.done));
    p->options.min_free = 0;
    place_open(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_disk_with_room_is_fine),
        STORE_TEST(little_room_is_seen_within_a_second_and_so_is_its_end),
        STORE_TEST(little_room_at_the_start_is_known_at_once),
        STORE_TEST(going_on_needs_more_room_than_stopping),
        STORE_TEST(what_is_known_is_written_and_what_is_new_waits_for_room),
        STORE_TEST(closing_writes_what_waited_for_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
