#include "unit/store/help.h"

#include "store/site_lessons.h"

#define SITE STR("mx.example:25")

static void learn(struct txn *txn, void *ctx)
{
    site_lesson_write(txn, SITE, ctx);
}

static void forget(struct txn *txn, void *ctx)
{
    (void)ctx;
    site_lesson_forget(txn, SITE);
}

static struct site_lesson example(void)
{
    return (struct site_lesson){SITE_NO_OVERLAP, 0x65000000, STR("lost count")};
}

static bool has_lesson(struct place *p, struct str site)
{
    struct site_lesson got;
    struct txn txn;
    txn_begin(p->store, &txn);
    bool found = site_lesson_read(&txn, site, &got);
    read_end(&txn);
    return found;
}

static void a_lesson_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    struct site_lesson lesson = example();
    write_now(p->store, learn, &lesson);
    assert_stored(p->store, TABLE_SITES, hex("6d782e6578616d706c653a3235"),
                  hex("01 01 65000000 000a 6c6f737420636f756e74"));
}

static void it_is_read_as_it_was_written(void **state)
{
    struct place *p = *state;
    struct site_lesson lesson = example(), got;
    struct txn txn;
    lesson.flags = SITE_PLAIN | SITE_NO_CHUNKING;
    write_now(p->store, learn, &lesson);
    txn_begin(p->store, &txn);
    assert_true(site_lesson_read(&txn, SITE, &got));
    assert_int_equal(got.flags, SITE_PLAIN | SITE_NO_CHUNKING);
    assert_int_equal(got.learned_at, 0x65000000);
    assert_str(got.why, STR("lost count"));
    read_end(&txn);
    assert_false(has_lesson(p, STR("mx.example:2")));
    assert_false(has_lesson(p, STR("mx.example:255")));
}

static void a_restart_forgets_nothing(void **state)
{
    struct place *p = *state;
    struct site_lesson lesson = example();
    write_now(p->store, learn, &lesson);
    store_close(p->store);
    place_open(p);
    assert_true(has_lesson(p, SITE));
}

static void a_lesson_replaces_the_one_before(void **state)
{
    struct place *p = *state;
    struct site_lesson lesson = example();
    write_now(p->store, learn, &lesson);
    lesson = (struct site_lesson){SITE_NO_CHUNKING, 0x65000001, STR("")};
    write_now(p->store, learn, &lesson);
    assert_stored(p->store, TABLE_SITES, hex("6d782e6578616d706c653a3235"),
                  hex("01 04 65000001 0000"));
}

static void forgetting_is_always_possible(void **state)
{
    struct place *p = *state;
    struct site_lesson lesson = example();
    write_now(p->store, forget, NULL);
    write_now(p->store, learn, &lesson);
    write_now(p->store, forget, NULL);
    assert_false(has_lesson(p, SITE));
}

static void a_long_text_is_cut_at_a_character(void **state)
{
    struct place *p = *state;
    struct site_lesson lesson = example(), got;
    struct txn txn;
    char text[SITE_LESSON_WHY_MAX + 8];
    memset(text, 'a', sizeof(text));
    memcpy(text + SITE_LESSON_WHY_MAX - 2, "\xe2\x82\xac", 3); /* half of this would stay */
    lesson.why = str_from(text, sizeof(text));
    write_now(p->store, learn, &lesson);
    txn_begin(p->store, &txn);
    assert_true(site_lesson_read(&txn, SITE, &got));
    assert_int_equal(got.why.len, SITE_LESSON_WHY_MAX - 2);
    read_end(&txn);
}

struct long_key {
    struct str site;
    struct site_lesson lesson;
};

static void learn_long(struct txn *txn, void *ctx)
{
    struct long_key *l = ctx;
    site_lesson_write(txn, l->site, &l->lesson);
    site_lesson_forget(txn, str_from(l->site.at, l->site.len - 1));
}

/* Two sites whose keys differ at their end only must never be taken for each other. */
static void keys_that_are_too_long_are_not_kept(void **state)
{
    struct place *p = *state;
    char text[SITE_LESSON_KEY_MAX + 1];
    memset(text, 'm', sizeof(text));
    struct long_key l = {str_from(text, sizeof(text)), example()};
    write_now(p->store, learn_long, &l);
    assert_false(has_lesson(p, l.site));
    assert_false(has_lesson(p, str_from(text, SITE_LESSON_KEY_MAX)));
    l.site.len--;
    write_now(p->store, learn_long, &l);
    assert_true(has_lesson(p, l.site));
}

static void damaged(struct place *p, const char *value)
{
    struct site_lesson got;
    struct txn txn;
    write_raw(p->store, TABLE_SITES, SITE, hex(value));
    txn_begin(p->store, &txn);
    assert_false(site_lesson_read(&txn, SITE, &got));
    assert_damaged(&txn, "`sites`", "6d782e6578616d706c653a3235");
    txn_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    damaged(p, "02 01 65000000 0001 61"); /* a version that there is not */
    damaged(p, "01 00 65000000 0001 61"); /* no lesson */
    damaged(p, "01 08 65000000 0001 61"); /* a lesson that there is not */
    damaged(p, "01 01 65000000 0002 61"); /* too short */
    damaged(p, "01 01 65000000 0000 61"); /* too long */
    damaged(p, "01 01 6500");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_lesson_is_stored_as_documented),
        STORE_TEST(it_is_read_as_it_was_written),
        STORE_TEST(a_restart_forgets_nothing),
        STORE_TEST(a_lesson_replaces_the_one_before),
        STORE_TEST(forgetting_is_always_possible),
        STORE_TEST(a_long_text_is_cut_at_a_character),
        STORE_TEST(keys_that_are_too_long_are_not_kept),
        STORE_TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
