#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/parcel.h"
#include "delivery/site.h"

static const int64_t S = 1000, D = 24 * 60 * 60 * 1000;

static struct retry_config ages(int64_t transactional, int64_t bulk)
{
    return (struct retry_config){
        .max_ages_ms = {[LANE_TRANSACTIONAL] = transactional, [LANE_BULK] = bulk}};
}

static void rounds_come_as_often_as_the_shortest_age_asks_for(void **state)
{
    (void)state;
    struct retry_config retry = ages(60 * S, 3 * D);
    assert_int_equal(expiry_interval_ms(&retry), 3 * S);
    retry = ages(3 * D, 60 * S);
    assert_int_equal(expiry_interval_ms(&retry), 3 * S);
}

static void rounds_are_bounded(void **state)
{
    (void)state;
    struct retry_config retry = ages(10, 10);
    assert_int_equal(expiry_interval_ms(&retry), 200);
    retry = ages(30 * D, 30 * D);
    assert_int_equal(expiry_interval_ms(&retry), 300 * S);
}

/* A parcel with all around it that its age is seen from. */
struct surroundings {
    struct config config;
    struct delivery_settings settings;
    struct delivery_thread thread;
    struct site site;
    struct mailing mailing;
    struct feed feed;
    struct parcel parcel;
};

static void surround(struct surroundings *s, uint32_t opened_at)
{
    *s = (struct surroundings){.config = {.retry = ages(60 * S, 600 * S)}};
    s->settings.config = &s->config;
    s->thread.settings = &s->settings;
    s->site.thread = &s->thread;
    s->mailing.lane = LANE_BULK;
    atomic_init(&s->mailing.opened_at, opened_at);
    s->feed.site = &s->site;
    s->parcel.feed = &s->feed;
    s->parcel.copy.mailing = &s->mailing;
}

static void what_was_never_tried_ages_with_its_job(void **state)
{
    (void)state;
    static struct surroundings s;
    surround(&s, 1000);
    assert_false(expiry_is_due(&s.parcel, 1600));
    assert_true(expiry_is_due(&s.parcel, 1601));
    s.mailing.lane = LANE_TRANSACTIONAL;
    assert_true(expiry_is_due(&s.parcel, 1061));
}

static void what_was_tried_has_an_age_of_its_own(void **state)
{
    (void)state;
    static struct surroundings s;
    surround(&s, 1000);
    s.parcel.copy.since = 1500;
    assert_false(expiry_is_due(&s.parcel, 2100));
    assert_true(expiry_is_due(&s.parcel, 2101));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_come_as_often_as_the_shortest_age_asks_for),
        cmocka_unit_test(rounds_are_bounded),
        cmocka_unit_test(what_was_never_tried_ages_with_its_job),
        cmocka_unit_test(what_was_tried_has_an_age_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
