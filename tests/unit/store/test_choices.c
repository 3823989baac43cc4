#include "unit/store/help.h"

#include "store/choices.h"
#include "store/names.h"
#include "store/sets.h"

/* What one step says that it changed, and where contact 7 is then. */
struct step {
    bool (*list)(struct txn *txn, uint32_t list, uint32_t contact);
    bool (*topic)(struct txn *txn, struct str topic, uint32_t contact);
    const char *name;
    bool changed;
};

static void take(struct txn *txn, void *ctx)
{
    struct step *s = ctx;
    if (s->list)
        s->changed = s->list(txn, name_intern(txn, NAME_LIST, str_of(s->name)), 7);
    else
        s->changed = s->topic(txn, str_of(s->name), 7);
}

static bool step(struct place *p, struct step s)
{
    write_now(p->store, take, &s);
    return s.changed;
}

static void assert_at(struct place *p, bool on_list, bool left)
{
    struct txn txn;
    txn_begin(p->store, &txn);
    uint32_t list = name_find(&txn, NAME_LIST, STR("signers"));
    assert_int_equal(set_has(&txn, SET_LIST, list, 7), on_list);
    assert_int_equal(set_has(&txn, SET_LEFT_LIST, list, 7), left);
    read_end(&txn);
}

static void a_list_is_left_and_joined_again(void **state)
{
    struct place *p = *state;
    assert_true(step(p, (struct step){.list = list_join, .name = "signers"}));
    assert_at(p, true, false);
    assert_true(step(p, (struct step){.list = list_leave, .name = "signers"}));
    assert_at(p, false, true);
    assert_false(step(p, (struct step){.list = list_leave, .name = "signers"}));
    assert_true(step(p, (struct step){.list = list_join, .name = "signers"}));
    assert_at(p, true, false);
}

static void leaving_counts_without_having_been_there(void **state)
{
    struct place *p = *state;
    assert_true(step(p, (struct step){.list = list_leave, .name = "signers"}));
    assert_at(p, false, true);
}

static void topics_are_the_same_in_capitals(void **state)
{
    struct place *p = *state;
    struct txn txn;
    assert_false(step(p, (struct step){.topic = topic_return, .name = "Torture"}));
    assert_true(step(p, (struct step){.topic = topic_leave, .name = "Torture"}));
    assert_false(step(p, (struct step){.topic = topic_leave, .name = "torture"}));
    txn_begin(p->store, &txn);
    uint32_t topic = name_find(&txn, NAME_TOPIC, STR("torture"));
    assert_true(set_has(&txn, SET_LEFT_TOPIC, topic, 7));
    assert_int_equal(name_find(&txn, NAME_TOPIC, STR("Torture")), 0);
    read_end(&txn);
    assert_true(step(p, (struct step){.topic = topic_return, .name = "TORTURE"}));
    assert_false(step(p, (struct step){.topic = topic_return, .name = "torture"}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_list_is_left_and_joined_again),
        STORE_TEST(leaving_counts_without_having_been_there),
        STORE_TEST(topics_are_the_same_in_capitals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
