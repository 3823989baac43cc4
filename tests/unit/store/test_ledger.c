#include "unit/store/help.h"

#include "store/ledger.h"

static void write_entry(struct txn *txn, void *ctx)
{
    ledger_write(txn, ctx);
}

static struct ledger_entry example(void)
{
    return (struct ledger_entry){.job = 12,
                                 .contact = 17,
                                 .state = RECIPIENT_DEFERRED,
                                 .attempts = 1,
                                 .first = 0x65000000,
                                 .last = 0x65000000,
                                 .due = 0x6500012c,
                                 .since = 0x65000000,
                                 .source = 1,
                                 .message_version = 1,
                                 .code = 450,
                                 .enhanced = {4, 2, 1},
                                 .text = STR("busy")};
}

static void an_entry_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    struct ledger_entry entry = example();
    write_now(p->store, write_entry, &entry);
    assert_stored(p->store, TABLE_LEDGER, hex("0000000c 00000011"),
                  hex("02 01 00 00 0001 00 65000000 65000000 00000001 0001 01c2 040201 6500012c "
                      "65000000 62757379"));
}

static void is_read_as_it_was_written(void **state)
{
    struct place *p = *state;
    struct ledger_entry entry = example(), got;
    struct txn txn;
    entry.reason = SKIP_RENDER;
    write_now(p->store, write_entry, &entry);
    txn_begin(p->store, &txn);
    assert_true(ledger_read(&txn, 12, 17, &got));
    assert_int_equal(got.job, 12);
    assert_int_equal(got.contact, 17);
    assert_int_equal(got.state, RECIPIENT_DEFERRED);
    assert_int_equal(got.reason, SKIP_RENDER);
    assert_int_equal(got.attempts, 1);
    assert_int_equal(got.due, 0x6500012c);
    assert_int_equal(got.code, 450);
    assert_memory_equal(got.enhanced, entry.enhanced, 3);
    assert_str(got.text, STR("busy"));
    assert_false(ledger_read(&txn, 12, 18, &got));
    read_end(&txn);
}

static void text_is_cut_at_a_character(void **state)
{
    struct place *p = *state;
    struct ledger_entry entry = example(), got;
    struct txn txn;
    char text[LEDGER_TEXT_MAX + 8];
    memset(text, 'a', sizeof(text));
    memcpy(text + LEDGER_TEXT_MAX - 2, "\xe2\x82\xac", 3); /* half of this would stay */
    entry.text = str_from(text, sizeof(text));
    write_now(p->store, write_entry, &entry);
    txn_begin(p->store, &txn);
    assert_true(ledger_read(&txn, 12, 17, &got));
    assert_int_equal(got.text.len, LEDGER_TEXT_MAX - 2);
    read_end(&txn);
}

static void rewrite_from_view(struct txn *txn, void *ctx)
{
    struct ledger_entry entry;
    (void)ctx;
    assert_true(ledger_read(txn, 12, 17, &entry));
    entry.attempts = 2;
    ledger_write(txn, &entry);
}

static void an_entry_may_be_rewritten_with_its_own_text(void **state)
{
    struct place *p = *state;
    struct ledger_entry entry = example();
    write_now(p->store, write_entry, &entry);
    write_now(p->store, rewrite_from_view, NULL);
    assert_stored(p->store, TABLE_LEDGER, hex("0000000c 00000011"),
                  hex("02 01 00 01 0002 00 65000000 65000000 00000001 0001 01c2 040201 6500012c "
                      "65000000 00000001"));
}

/* The first time, a text stands for itself; when it comes again it gets a number. */
static void a_text_that_comes_again_is_stored_once(void **state)
{
    struct place *p = *state;
    struct ledger_entry entry = example(), got;
    struct txn txn;
    for (entry.contact = 1; entry.contact <= 3; entry.contact++)
        write_now(p->store, write_entry, &entry);
    txn_begin(p->store, &txn);
    for (uint32_t contact = 1; contact <= 3; contact++) {
        assert_true(ledger_read(&txn, 12, contact, &got));
        assert_str(got.text, STR("busy"));
        assert_int_equal(got.text_number != 0, contact > 1);
    }
    read_end(&txn);
}

/* Else it would be kept when the person is erased whose address it quotes. */
static void a_text_that_may_quote_an_address_stands_for_itself(void **state)
{
    struct place *p = *state;
    struct ledger_entry entry = example(), got;
    struct txn txn;
    entry.text = STR("<paul@dest.example>: unknown");
    for (entry.contact = 1; entry.contact <= 3; entry.contact++)
        write_now(p->store, write_entry, &entry);
    txn_begin(p->store, &txn);
    for (uint32_t contact = 1; contact <= 3; contact++) {
        assert_true(ledger_read(&txn, 12, contact, &got));
        assert_str(got.text, entry.text);
        assert_int_equal(got.text_number, 0);
    }
    read_end(&txn);
}

static void an_entry_of_version_1_is_read(void **state)
{
    struct place *p = *state;
    struct ledger_entry got;
    struct txn txn;
    write_raw(p->store, TABLE_LEDGER, hex("0000000c 00000011"),
              hex("01 01 00 0001 65000000 65000010 6500012c 00000001 01c2 040201 62757379"));
    txn_begin(p->store, &txn);
    assert_true(ledger_read(&txn, 12, 17, &got));
    assert_true(got.attempts == 1 && got.first == 0x65000000 && got.last == 0x65000010);
    assert_true(got.since == 0x65000000 && got.due == 0x6500012c && got.code == 450);
    assert_true(got.doubts == 0 && got.source == 0 && got.message_version == 1);
    assert_str(got.text, STR("busy"));
    read_end(&txn);
}

static void seeks_within_a_job(void **state)
{
    struct place *p = *state;
    struct ledger_entry entry = example(), got;
    struct txn txn;
    uint32_t contact = 0;
    const uint32_t where[][2] = {{12, 17}, {12, 300}, {13, 1}};
    for (size_t i = 0; i < 3; i++) {
        entry.job = where[i][0];
        entry.contact = where[i][1];
        write_now(p->store, write_entry, &entry);
    }
    txn_begin(p->store, &txn);
    assert_true(ledger_seek(&txn, 12, &contact, &got));
    assert_int_equal(contact, 17);
    contact++;
    assert_true(ledger_seek(&txn, 12, &contact, &got));
    assert_int_equal(got.contact, 300);
    contact++;
    assert_false(ledger_seek(&txn, 12, &contact, &got));
    assert_int_equal(contact, 301);
    read_end(&txn);
}

static void damaged(struct place *p, const char *value)
{
    struct ledger_entry got;
    struct txn txn;
    write_raw(p->store, TABLE_LEDGER, hex("0000000c 00000011"), hex(value));
    txn_begin(p->store, &txn);
    assert_false(ledger_read(&txn, 12, 17, &got));
    assert_damaged(&txn, "`ledger`", "0000000c00000011");
    txn_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    damaged(p, "03 01 00 0001 65000000 65000000 6500012c 00000001 01c2 040201");
    damaged(p, "02 01 00 02 0001 00 65000000 65000000 00000001 0001 01c2 040201 6500012c 65000000");
    damaged(p, "02 01 00 01 0001 00 65000000 65000000 00000001 0001 01c2 040201 6500012c 65000000");
    damaged(p, "02 03 00 01 0001 00 65000000 65000000 00000001 0001 01c2 040201 00000099");
    damaged(p, "01 08 00 0001 65000000 65000000 6500012c 00000001 01c2 040201");
    damaged(p, "01 01 00 0001 65000000 65000000 6500012c 00000001 01c2 0402");
}

static void reasons_have_words(void **state)
{
    (void)state;
    for (int r = SKIP_SUPPRESSED; r <= SKIP_RENDER; r++)
        assert_non_null(strchr(skip_reason_text((enum skip_reason)r), ' '));
    assert_string_equal(skip_reason_text(SKIP_NONE), "");
    assert_non_null(skip_reason_text((enum skip_reason)200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_entry_is_stored_as_documented),
        STORE_TEST(is_read_as_it_was_written),
        STORE_TEST(text_is_cut_at_a_character),
        STORE_TEST(an_entry_may_be_rewritten_with_its_own_text),
        STORE_TEST(a_text_that_comes_again_is_stored_once),
        STORE_TEST(a_text_that_may_quote_an_address_stands_for_itself),
        STORE_TEST(an_entry_of_version_1_is_read),
        STORE_TEST(seeks_within_a_job),
        STORE_TEST(damage_is_found),
        cmocka_unit_test(reasons_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
