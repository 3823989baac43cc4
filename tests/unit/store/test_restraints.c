#include "store/restraints.h"

#include "unit/store/help.h"

#define SITE STR("mx.example:25")
#define KEY_OF_EXAMPLE "01 6d782e6578616d706c653a3235 00 6d61696c31 00 01 00000000 62757379"

static void put(struct txn *txn, void *ctx)
{
    restraint_write(txn, ctx);
}

static void forget(struct txn *txn, void *ctx)
{
    restraint_forget(txn, ctx);
}

static struct restraint_record example(void)
{
    return (struct restraint_record){.scope = RESTRAINT_AT_SITE,
                                     .action = RESTRAINT_SUSPEND,
                                     .place = SITE,
                                     .source = STR("mail1"),
                                     .rule = STR("busy"),
                                     .began = 0x65000000,
                                     .until = 0x65000384,
                                     .text = STR("421")};
}

/* How many there are; the last of them stays in `out`, its texts in `texts`. */
static size_t read_all(struct place *p, struct restraint_record *out, struct buf *texts)
{
    struct restraint_record at = {0};
    struct txn txn;
    size_t count = 0;
    txn_begin(p->store, &txn);
    for (; restraint_next(&txn, &at); count++)
        *out = at;
    if (count)
        restraint_keep(out, texts);
    read_end(&txn);
    return count;
}

static size_t count_all(struct place *p)
{
    struct restraint_record last;
    struct buf texts = BUF_INIT;
    size_t count = read_all(p, &last, &texts);
    buf_release(&texts);
    return count;
}

static void assert_same(const struct restraint_record *got, const struct restraint_record *want)
{
    assert_int_equal(got->scope, want->scope);
    assert_int_equal(got->action, want->action);
    assert_int_equal(got->job, want->job);
    assert_str(got->place, want->place);
    assert_str(got->source, want->source);
    assert_str(got->rule, want->rule);
    assert_int_equal(got->began, want->began);
    assert_int_equal(got->until, want->until);
    assert_int_equal(got->strikes, want->strikes);
    assert_int_equal(got->rate.count, want->rate.count);
    assert_int_equal(got->rate.period_ms, want->rate.period_ms);
    assert_int_equal(got->connections, want->connections);
    assert_str(got->text, want->text);
}

static void it_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    struct restraint_record r = example();
    write_now(p->store, put, &r);
    assert_stored(p->store, TABLE_RESTRAINTS, hex(KEY_OF_EXAMPLE),
                  hex("01 65000000 65000384 00 00000000 00000000 00000000 0003 343231"));
}

static void each_kind_comes_back_after_a_restart(void **state)
{
    struct place *p = *state;
    struct restraint_record all[] = {example(), example(), example(), example(), example()}, got;
    all[0].text = STR("");
    all[1].action = RESTRAINT_SLOW, all[1].rate = (struct rate){UINT32_MAX, 24 * 3600 * 1000};
    all[1].connections = 2, all[1].strikes = RESTRAINT_STRIKES_MAX;
    all[2].scope = RESTRAINT_AT_PROVIDER, all[2].place = STR("google");
    all[2].action = RESTRAINT_HOLD_JOB, all[2].job = 12;
    all[3].scope = RESTRAINT_EVERYWHERE, all[3].place = STR(""), all[3].action = RESTRAINT_BLOCK;
    all[4].action = RESTRAINT_PLAIN, all[4].source = STR(""), all[4].rule = STR("");
    all[4].until = RESTRAINT_UNTIL_RESUMED;
    for (size_t i = 0; i < 5; i++) {
        struct buf texts = BUF_INIT;
        write_now(p->store, put, &all[i]);
        store_close(p->store);
        place_open(p);
        assert_int_equal(read_all(p, &got, &texts), 1);
        assert_same(&got, &all[i]);
        write_now(p->store, forget, &got);
        assert_int_equal(count_all(p), 0);
        buf_release(&texts);
    }
}

static void those_of_a_place_stand_together(void **state)
{
    static const char *const in_order[] = {"a.example", "b.example", "b.example", "b.example2"};
    struct place *p = *state;
    struct restraint_record r = example(), at = {0};
    struct txn txn;
    for (size_t i = 4; i-- > 0;) {
        r.place = str_of(in_order[i]);
        r.source = i == 2 ? STR("mail2") : STR("mail1");
        write_now(p->store, put, &r);
    }
    txn_begin(p->store, &txn);
    for (size_t i = 0; i < 4; i++) {
        assert_true(restraint_next(&txn, &at));
        assert_str(at.place, str_of(in_order[i]));
        assert_str(at.source, i == 2 ? STR("mail2") : STR("mail1"));
    }
    assert_false(restraint_next(&txn, &at));
    read_end(&txn);
}

/* Whatever its key says makes it another one; what it says replaces what it said. */
static void each_part_of_the_key_counts(void **state)
{
    struct place *p = *state;
    struct restraint_record all[] = {example(), example(), example(), example(), example()};
    all[1].scope = RESTRAINT_AT_PROVIDER;
    all[2].source = STR("mail2");
    all[3].action = RESTRAINT_BLOCK;
    all[4].rule = STR("bus");
    for (size_t i = 0; i < 5; i++)
        write_now(p->store, put, &all[i]);
    assert_int_equal(count_all(p), 5);
    all[0].until++, all[0].text = STR("421 again");
    write_now(p->store, put, &all[0]);
    assert_int_equal(count_all(p), 5);
    for (size_t i = 0; i < 5; i++) {
        write_now(p->store, forget, &all[i]);
        assert_int_equal(count_all(p), 4 - i);
    }
    write_now(p->store, forget, &all[0]);
}

/* The writer may be asked to forget what it walks over. */
static void forget_each(struct txn *txn, void *ctx)
{
    struct restraint_record at = {0};
    struct buf texts = BUF_INIT;
    size_t *count = ctx;
    for (; restraint_next(txn, &at); ++*count) {
        restraint_keep(&at, &texts);
        restraint_forget(txn, &at);
    }
    buf_release(&texts);
}

static void a_walk_may_forget_as_it_goes(void **state)
{
    struct place *p = *state;
    struct restraint_record r = example();
    char place[] = "a.example";
    size_t count = 0;
    for (r.place = str_of(place); place[0] <= 'z'; place[0]++)
        write_now(p->store, put, &r);
    write_now(p->store, forget_each, &count);
    assert_int_equal(count, 26);
    assert_int_equal(count_all(p), 0);
}

static void a_long_text_is_cut_at_a_character(void **state)
{
    struct place *p = *state;
    struct restraint_record r = example(), got;
    struct buf texts = BUF_INIT;
    char text[RESTRAINT_TEXT_MAX + 8];
    memset(text, 'a', sizeof(text));
    memcpy(text + RESTRAINT_TEXT_MAX - 2, "\xe2\x82\xac", 3); /* half of this would stay */
    r.text = str_from(text, sizeof(text));
    write_now(p->store, put, &r);
    assert_int_equal(read_all(p, &got, &texts), 1);
    assert_str(got.text, str_from(text, RESTRAINT_TEXT_MAX - 2));
    buf_release(&texts);
}

/* Two places whose names differ at their end only must never be taken for each other. */
static void names_that_are_too_long_are_not_kept(void **state)
{
    struct place *p = *state;
    struct restraint_record r = example();
    char text[RESTRAINT_NAMES_MAX];
    memset(text, 'm', sizeof(text));
    r.place = str_from(text, sizeof(text) - r.source.len - r.rule.len + 1);
    write_now(p->store, put, &r);
    assert_int_equal(count_all(p), 0);
    r.place.len--;
    write_now(p->store, put, &r);
    assert_int_equal(count_all(p), 1);
    r.place.len++;
    write_now(p->store, forget, &r);
    assert_int_equal(count_all(p), 1);
}

static void what_could_not_be_read_is_not_written(void **state)
{
    struct place *p = *state;
    struct restraint_record bad[] = {example(), example(), example(), example(),
                                     example(), example(), example()};
    bad[0].place = STR("");
    bad[1].source = STR("mail\0001");
    bad[2].job = 1;
    bad[3].action = RESTRAINT_HOLD_JOB;
    bad[4].connections = 1;
    bad[5].action = RESTRAINT_SLOW;
    bad[6].until = bad[6].began - 1;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_now(p->store, put, &bad[i]);
        assert_int_equal(count_all(p), 0);
    }
}

static void raw_delete(struct txn *txn, void *ctx)
{
    const struct raw *raw = ctx;
    struct key key = raw_key(raw->key);
    assert_true(table_delete(txn, raw->table, &key));
}

static void damaged(struct place *p, const char *key, const char *value)
{
    struct restraint_record at = {0};
    struct raw raw = {TABLE_RESTRAINTS, hex(key), hex(value)};
    struct txn txn;
    write_now(p->store, raw_put, &raw);
    txn_begin(p->store, &txn);
    assert_false(restraint_next(&txn, &at));
    assert_damaged(&txn, "`restraints`", "");
    txn_end(&txn);
    write_now(p->store, raw_delete, &raw);
}

#define SLOW_KEY "02 67 00 00 02 00000000"
#define HELD_KEY "02 67 00 00 04 0000000c"
#define VALUE "01 65000000 65000384 00 00000000 00000000 00000000 0001 61"

static void damage_is_found(void **state)
{
    static const char *const pairs[][2] = {
        {"04 61 00 00 01 00000000", VALUE},                                    /* scope */
        {"03 61 00 00 01 00000000", VALUE},                                    /* a place */
        {HELD_KEY, "01 65000000 65000384 00 00000001 000003e8 00000000 0000"}, /* a rate */
        {SLOW_KEY, "01 65000000 65000384 00 00000001 00000000 00000000 0000"}, /* no period */
        {SLOW_KEY, "01 65000000 65000384 03 00000001 000003e8 00000000 0000"}, /* strikes */
        {"02 00 00 01 00000000", VALUE},                                       /* no place */
        {"01 67 00 00 06 00000000", VALUE},                                    /* action */
        {"01 67 00 00 04 00000000", VALUE},                                    /* no job */
        {"01 67 00 00 01 0000", VALUE},                                        /* short */
        {"01 67 00 00 01 00000000", "02 65000000 65000384 00 00000000 00000000 00000000 0000"},
        {"01 67 00 00 01 00000000", "01 65000384 65000000 00 00000000 00000000 00000000 0000"},
        {"01 67 00 00 01 00000000", "01 65000000 65000384 00 00000000 00000000 00000000 0002 61"},
        {"01 67 00 00 01 00000000", "01 65000000 65000384 00 00000000 00000000 00000000 0000 61"},
        {"01 67 00", VALUE},
        {"00", VALUE},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        damaged(*state, pairs[i][0], pairs[i][1]);
    assert_int_equal(count_all(*state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(it_is_stored_as_documented),
        STORE_TEST(each_kind_comes_back_after_a_restart),
        STORE_TEST(those_of_a_place_stand_together),
        STORE_TEST(each_part_of_the_key_counts),
        STORE_TEST(a_walk_may_forget_as_it_goes),
        STORE_TEST(a_long_text_is_cut_at_a_character),
        STORE_TEST(names_that_are_too_long_are_not_kept),
        STORE_TEST(what_could_not_be_read_is_not_written),
        STORE_TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
