/* What was taken of a day's budget stays taken, whatever happens, and is never more than it. */
#include "store/warm_up.h"

#include "unit/store/help.h"

enum { DAY = 0x5134, BUDGET = 50 };

#define KEY_OF_EXAMPLE "6d61696c33 00 676f6f676c65"

static const struct warm_up_place google = {STR("mail3"), STR("google")};
static const struct warm_up_place others = {STR("mail3"), STR("")};

struct ask {
    const struct warm_up_place *place;
    uint32_t day, budget, count;
    uint32_t got, taken;
};

static void take_of(struct txn *txn, void *ctx)
{
    struct ask *a = ctx;
    a->got = warm_up_take(txn, a->place, a->day, a->budget, a->count, &a->taken);
}

static void give_back_of(struct txn *txn, void *ctx)
{
    const struct ask *a = ctx;
    warm_up_give_back(txn, a->place, a->day, a->count);
}

static void forget_before(struct txn *txn, void *ctx)
{
    warm_up_forget(txn, *(uint32_t *)ctx);
}

static uint32_t take(struct place *p, const struct warm_up_place *place, uint32_t day,
                     uint32_t budget, uint32_t want)
{
    struct ask a = {.place = place, .day = day, .budget = budget, .count = want};
    write_now(p->store, take_of, &a);
    return a.got;
}

static void give_back(struct place *p, uint32_t day, uint32_t count)
{
    struct ask a = {.place = &google, .day = day, .count = count};
    write_now(p->store, give_back_of, &a);
}

static uint32_t taken(struct place *p, const struct warm_up_place *place)
{
    struct warm_up_record record;
    struct txn txn;
    txn_begin(p->store, &txn);
    bool found = warm_up_read(&txn, place, &record);
    read_end(&txn);
    return found ? record.taken : 0;
}

static void it_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    assert_int_equal(take(p, &google, DAY, BUDGET, 50), 50);
    assert_stored(p->store, TABLE_WARM_UP, hex(KEY_OF_EXAMPLE), hex("01 00005134 00000032"));
}

static void no_more_than_the_budget_is_given(void **state)
{
    struct place *p = *state;
    assert_int_equal(take(p, &google, DAY, BUDGET, 30), 30);
    assert_int_equal(take(p, &google, DAY, BUDGET, 30), 20);
    assert_int_equal(take(p, &google, DAY, BUDGET, 30), 0);
    assert_int_equal(taken(p, &google), BUDGET);
}

static void a_restart_forgets_nothing(void **state)
{
    struct place *p = *state;
    take(p, &google, DAY, BUDGET, 48);
    store_close(p->store);
    place_open(p);
    assert_int_equal(take(p, &google, DAY, BUDGET, 10), 2);
}

static void each_provider_has_its_own(void **state)
{
    struct place *p = *state;
    struct warm_up_place other_source = {STR("mail4"), STR("google")};
    assert_int_equal(take(p, &google, DAY, BUDGET, 50), 50);
    assert_int_equal(take(p, &others, DAY, BUDGET, 50), 50);
    assert_int_equal(take(p, &other_source, DAY, BUDGET, 50), 50);
}

static void another_day_begins_anew(void **state)
{
    struct place *p = *state;
    take(p, &google, DAY, BUDGET, 50);
    assert_int_equal(take(p, &google, DAY + 1, 100, 70), 70);
    assert_int_equal(take(p, &google, DAY + 1, 100, 70), 30);
}

static void a_clock_that_goes_back_gives_nothing_twice(void **state)
{
    struct place *p = *state;
    take(p, &google, DAY + 1, 100, 40);
    assert_int_equal(take(p, &google, DAY, BUDGET, 50), 10);
    assert_int_equal(take(p, &google, DAY + 1, 100, 60), 50);
}

static void a_lower_budget_counts_what_went(void **state)
{
    struct place *p = *state;
    take(p, &google, DAY, BUDGET, 30);
    assert_int_equal(take(p, &google, DAY, 20, 5), 0);
    assert_int_equal(take(p, &google, DAY, 33, 5), 3);
}

static void what_was_not_sent_can_be_given_back(void **state)
{
    struct place *p = *state;
    take(p, &google, DAY, BUDGET, 50);
    give_back(p, DAY, 4);
    assert_int_equal(take(p, &google, DAY, BUDGET, 10), 4);
    give_back(p, DAY - 1, 4); /* of a day that is over */
    assert_int_equal(taken(p, &google), 50);
    give_back(p, DAY, 60);
    assert_int_equal(taken(p, &google), 0);
}

static void old_days_are_erased(void **state)
{
    struct place *p = *state;
    uint32_t before = DAY;
    take(p, &google, DAY, BUDGET, 1);
    take(p, &others, DAY - 1, BUDGET, 1);
    write_now(p->store, forget_before, &before);
    assert_int_equal(taken(p, &google), 1);
    assert_int_equal(taken(p, &others), 0);
}

static void names_that_fit_no_key_get_nothing(void **state)
{
    struct place *p = *state;
    char name[WARM_UP_NAMES_MAX + 1];
    memset(name, 'a', sizeof(name));
    struct warm_up_place longest = {str_from(name, 200), str_from(name, 40)};
    struct warm_up_place too_long = {str_from(name, 200), str_from(name, 41)};
    struct warm_up_place none = {STR(""), STR("google")};
    assert_int_equal(take(p, &longest, DAY, BUDGET, 5), 5);
    assert_int_equal(take(p, &too_long, DAY, BUDGET, 5), 0);
    assert_int_equal(take(p, &none, DAY, BUDGET, 5), 0);
}

static void damaged(struct place *p, const char *value)
{
    struct warm_up_record got;
    struct txn txn;
    write_raw(p->store, TABLE_WARM_UP, hex(KEY_OF_EXAMPLE), hex(value));
    txn_begin(p->store, &txn);
    assert_false(warm_up_read(&txn, &google, &got));
    assert_damaged(&txn, "`warm_up`", "6d61696c3300676f6f676c65");
    txn_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    damaged(p, "02 00005134 00000032"); /* a version that there is not */
    damaged(p, "01 00005134 00000000"); /* nothing taken */
    damaged(p, "01 00005134 0000");
    damaged(p, "01 00005134 00000032 00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(it_is_stored_as_documented),
        STORE_TEST(no_more_than_the_budget_is_given),
        STORE_TEST(a_restart_forgets_nothing),
        STORE_TEST(each_provider_has_its_own),
        STORE_TEST(another_day_begins_anew),
        STORE_TEST(a_clock_that_goes_back_gives_nothing_twice),
        STORE_TEST(a_lower_budget_counts_what_went),
        STORE_TEST(what_was_not_sent_can_be_given_back),
        STORE_TEST(old_days_are_erased),
        STORE_TEST(names_that_fit_no_key_get_nothing),
        STORE_TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
