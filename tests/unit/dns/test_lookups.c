#include "dns/lookups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "loop/loop.h"

enum { SENT_MOST = 64, SECOND_US = 1000000 };

/* Nobody sends anything: what would be sent is written down, and the clock stands. */
struct desk {
    struct loop loop;
    struct lookups lookups;
    struct lookup *sent[SENT_MOST];
    size_t sent_count;
    int64_t now_us;
};

struct asker {
    struct wait wait;
    int ready;
};

static void on_send(void *ctx, struct lookup *lookup)
{
    struct desk *desk = ctx;
    desk->sent[desk->sent_count++] = lookup;
    assert_true(desk->sent_count < SENT_MOST);
}

static void on_ready(struct wait *wait)
{
    struct asker *asker = (struct asker *)(void *)wait;
    asker->ready++;
    assert_non_null(wait->records);
}

static int open_desk(void **state)
{
    static struct desk desk;
    desk = (struct desk){.now_us = (int64_t)1000 * SECOND_US};
    assert_int_equal(loop_init(&desk.loop, "desk", NULL), 0);
    lookups_init(&desk.lookups, &desk.loop, on_send, &desk);
    clock_hold(desk.now_us);
    *state = &desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    clock_hold(-1);
    lookups_release(&desk->lookups);
    loop_release(&desk->loop);
    return 0;
}

static void pass_seconds(struct desk *desk, int seconds)
{
    desk->now_us += (int64_t)seconds * SECOND_US;
    clock_hold(desk->now_us);
}

static bool ask(struct desk *desk, const char *host, struct asker *asker)
{
    asker->wait.on_ready = on_ready;
    return lookups_ask(&desk->lookups, str_of(host), DNS_TYPE_A, &asker->wait);
}

static void leave(struct desk *desk, struct asker *asker)
{
    lookups_cancel(&desk->lookups, &asker->wait);
}

static void answer(struct desk *desk, size_t which, enum dns_result result, uint32_t ttl_s)
{
    struct dns_message message = {.result = result, .ttl_s = ttl_s};
    message.count = result == DNS_RECORDS;
    message.v4[0][0] = 192;
    lookups_answered(&desk->lookups, desk->sent[which], &message);
}

static void many_who_ask_are_one_question(void **state)
{
    struct desk *desk = *state;
    struct asker askers[100] = {0};
    for (size_t i = 0; i < 100; i++)
        assert_false(ask(desk, "example.org", &askers[i]));
    lookups_work(&desk->lookups);
    assert_int_equal(desk->sent_count, 1);
    answer(desk, 0, DNS_RECORDS, 60);
    assert_int_equal(askers[0].ready, 0); /* not from inside */
    lookups_work(&desk->lookups);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(askers[i].ready, 1);
        assert_int_equal(askers[i].wait.records->bytes[0], 192);
        leave(desk, &askers[i]);
    }
}

/* How long an answer is kept: asked for again after that many seconds, not before. */
static void assert_kept(struct desk *desk, enum dns_result result, uint32_t ttl_s, int seconds)
{
    static unsigned names;
    struct asker first = {0}, before = {0}, after = {0};
    char host[32];
    snprintf(host, sizeof(host), "kept%u.example", names++);
    assert_false(ask(desk, host, &first));
    lookups_work(&desk->lookups);
    answer(desk, desk->sent_count - 1, result, ttl_s);
    lookups_work(&desk->lookups);
    assert_int_equal(first.ready, 1);
    pass_seconds(desk, seconds - 1);
    assert_true(ask(desk, host, &before));
    lookups_work(&desk->lookups);
    assert_int_equal(before.ready, 1);
    pass_seconds(desk, 1);
    assert_false(ask(desk, host, &after));
    leave(desk, &first);
    leave(desk, &before);
    leave(desk, &after);
}

static void answers_are_kept_within_bounds(void **state)
{
    struct desk *desk = *state;
    assert_kept(desk, DNS_RECORDS, 300, 300);
    assert_kept(desk, DNS_RECORDS, 0, 5);
    assert_kept(desk, DNS_RECORDS, 86400, 3600);
    assert_kept(desk, DNS_NO_NAME, 600, 600);
    assert_kept(desk, DNS_NO_RECORDS, 1, 30);
    assert_kept(desk, DNS_NO_NAME, 86400, 3600);
    assert_kept(desk, DNS_NULL_RECORD, 0, 30);
    assert_kept(desk, DNS_REFUSAL, 600, 10);
    assert_kept(desk, DNS_TIMEOUT, 0, 10);
    assert_kept(desk, DNS_ALIASES, 600, 10);
}

/* Each question for a fresh host; the answer is in the cache afterwards. */
static void learn(struct desk *desk, const char *host)
{
    struct asker asker = {0};
    assert_false(ask(desk, host, &asker));
    lookups_work(&desk->lookups);
    answer(desk, desk->sent_count - 1, DNS_RECORDS, 300);
    lookups_work(&desk->lookups);
    leave(desk, &asker);
}

static bool is_known(struct desk *desk, const char *host)
{
    struct asker asker = {0};
    bool known = ask(desk, host, &asker);
    leave(desk, &asker);
    return known;
}

static void the_least_recently_used_goes(void **state)
{
    struct desk *desk = *state;
    desk->lookups.most = 3;
    learn(desk, "a.example");
    learn(desk, "b.example");
    learn(desk, "c.example");
    assert_true(is_known(desk, "a.example"));
    learn(desk, "d.example");
    assert_int_equal(HASH_COUNT(desk->lookups.all), 3);
    assert_true(is_known(desk, "a.example"));
    assert_true(is_known(desk, "c.example"));
    assert_true(is_known(desk, "d.example"));
    assert_false(is_known(desk, "b.example"));
}

static void what_is_waited_for_stays(void **state)
{
    struct desk *desk = *state;
    struct asker askers[5] = {0};
    desk->lookups.most = 2;
    for (size_t i = 0; i < 5; i++) {
        char host[32];
        snprintf(host, sizeof(host), "wait%zu.example", i);
        ask(desk, host, &askers[i]);
    }
    lookups_work(&desk->lookups);
    assert_int_equal(HASH_COUNT(desk->lookups.all), 5);
    for (size_t i = 0; i < 5; i++)
        answer(desk, i, DNS_RECORDS, 300);
    lookups_work(&desk->lookups);
    assert_int_equal(HASH_COUNT(desk->lookups.all), 2);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(askers[i].ready, 1);
        leave(desk, &askers[i]);
    }
}

static void the_wire_has_room_for_so_many(void **state)
{
    struct desk *desk = *state;
    struct asker askers[10] = {0};
    desk->lookups.wire_most = 4;
    for (size_t i = 0; i < 10; i++) {
        char host[32];
        snprintf(host, sizeof(host), "line%zu.example", i);
        ask(desk, host, &askers[i]);
    }
    lookups_work(&desk->lookups);
    assert_int_equal(desk->sent_count, 4);
    answer(desk, 2, DNS_RECORDS, 300);
    answer(desk, 0, DNS_NO_NAME, 300);
    lookups_work(&desk->lookups);
    assert_int_equal(desk->sent_count, 6);
    assert_string_equal(lookup_host(desk->sent[4]), "line4.example");
    for (size_t i = 0; i < 10; i++)
        leave(desk, &askers[i]);
}

static void whoever_left_is_not_told(void **state)
{
    struct desk *desk = *state;
    struct asker gone = {0}, here = {0}, late = {0};
    ask(desk, "example.org", &gone);
    ask(desk, "example.org", &here);
    lookups_work(&desk->lookups);
    leave(desk, &gone);
    answer(desk, 0, DNS_RECORDS, 300);
    ask(desk, "example.org", &late);
    leave(desk, &late); /* it had its answer, and had not heard it */
    lookups_work(&desk->lookups);
    assert_int_equal(gone.ready, 0);
    assert_int_equal(late.ready, 0);
    assert_int_equal(here.ready, 1);
    leave(desk, &here);
}

static void a_question_that_nobody_waits_for_is_not_sent(void **state)
{
    struct desk *desk = *state;
    struct asker asker = {0};
    ask(desk, "example.org", &asker);
    leave(desk, &asker);
    lookups_work(&desk->lookups);
    assert_int_equal(desk->sent_count, 0);
    assert_int_equal(HASH_COUNT(desk->lookups.all), 0);
}

static void an_answer_that_nobody_waits_for_is_kept(void **state)
{
    struct desk *desk = *state;
    struct asker asker = {0};
    ask(desk, "example.org", &asker);
    lookups_work(&desk->lookups);
    leave(desk, &asker);
    answer(desk, 0, DNS_RECORDS, 300);
    assert_true(is_known(desk, "example.org"));
}

static void what_is_on_the_wire_is_asked_again_first(void **state)
{
    struct desk *desk = *state;
    struct asker askers[3] = {0};
    desk->lookups.wire_most = 2;
    ask(desk, "a.example", &askers[0]);
    ask(desk, "b.example", &askers[1]);
    ask(desk, "c.example", &askers[2]);
    lookups_work(&desk->lookups);
    lookups_ask_again(&desk->lookups);
    lookups_work(&desk->lookups);
    assert_int_equal(desk->sent_count, 4);
    assert_string_equal(lookup_host(desk->sent[2]), "a.example");
    assert_string_equal(lookup_host(desk->sent[3]), "b.example");
    for (size_t i = 0; i < 3; i++)
        leave(desk, &askers[i]);
}

static void what_was_forgotten_is_asked_again(void **state)
{
    struct desk *desk = *state;
    learn(desk, "example.org");
    lookups_forget(&desk->lookups);
    assert_false(is_known(desk, "example.org"));
}

/* An asker keeps what it was given, also when a fresher answer has come. */
static void records_stay_with_their_asker(void **state)
{
    struct desk *desk = *state;
    struct asker early = {0}, late = {0};
    ask(desk, "example.org", &early);
    lookups_work(&desk->lookups);
    answer(desk, 0, DNS_RECORDS, 5);
    lookups_work(&desk->lookups);
    pass_seconds(desk, 6);
    ask(desk, "example.org", &late);
    lookups_work(&desk->lookups);
    answer(desk, 1, DNS_NO_NAME, 30);
    lookups_work(&desk->lookups);
    assert_int_equal(early.wait.records->result, DNS_RECORDS);
    assert_int_equal(late.wait.records->result, DNS_NO_NAME);
    leave(desk, &early);
    leave(desk, &late);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_who_ask_are_one_question),
        TEST(answers_are_kept_within_bounds),
        TEST(the_least_recently_used_goes),
        TEST(what_is_waited_for_stays),
        TEST(the_wire_has_room_for_so_many),
        TEST(whoever_left_is_not_told),
        TEST(a_question_that_nobody_waits_for_is_not_sent),
        TEST(an_answer_that_nobody_waits_for_is_kept),
        TEST(what_is_on_the_wire_is_asked_again_first),
        TEST(what_was_forgotten_is_asked_again),
        TEST(records_stay_with_their_asker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
