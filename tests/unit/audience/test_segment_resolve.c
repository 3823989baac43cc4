/* Expressions over real lists. */
#include "unit/audience/help.h"

#include "audience/segment.h"
#include "store/ledger.h"
#include "store/sets.h"

/* a and b are on "first", b and c on "second", d on "other list". */
static void lists_make(const struct place *p)
{
    import_whole(p, "first", STR("email\na@x.example\nb@x.example\n"));
    import_whole(p, "second", STR("email\nb@x.example\nc@x.example\n"));
    import_whole(p, "other list", STR("email\nd@x.example\n"));
}

/* The contacts of an expression as letters, or the sentence. */
static void assert_resolves(const struct place *p, const char *text, const char *expect)
{
    struct segment segment;
    struct txn txn;
    struct err err = {""};
    roaring_bitmap_t *set = NULL;
    struct buf got = BUF_INIT;
    assert_int_equal(segment_parse(str_of(text), &segment, &err), 0);
    assert_int_equal(txn_begin(p->store, &txn), 0);
    if (segment_resolve(&txn, &segment, &set, &err) < 0) {
        assert_null(set);
        buf_add_text(&got, err.text);
    } else {
        buf_add_text(&got, "");
        for (uint32_t id = 1; id < 10; id++)
            if (roaring_bitmap_contains(set, id))
                buf_add_byte(&got, (char)('a' + id - 1));
        roaring_bitmap_free(set);
    }
    read_end(&txn);
    segment_release(&segment);
    assert_string_equal(got.at, expect);
    buf_release(&got);
}

static void set_algebra(void **state)
{
    struct place *p = *state;
    lists_make(p);
    assert_resolves(p, "list:first", "ab");
    assert_resolves(p, "all", "abcd");
    assert_resolves(p, "list:first and list:second", "b");
    assert_resolves(p, "list:first or list:second", "abc");
    assert_resolves(p, "list:first and not list:second", "a");
    assert_resolves(p, "not list:first", "cd");
    assert_resolves(p, "not list:first and not list:second", "d");
    assert_resolves(p, "not (list:first or list:\"other list\")", "c");
    assert_resolves(p, "all and not not list:first", "ab");
    assert_resolves(p, "email:C@X.example or list:first", "abc");
}

static void what_does_not_exist(void **state)
{
    struct place *p = *state;
    assert_resolves(p, "list:x",
                    "There is no list \"x\" (column 1). There are no lists yet: import "
                    "contacts with --list NAME.");
    lists_make(p);
    assert_resolves(p, "all and list:frist",
                    "There is no list \"frist\" (column 9). Did you mean \"first\"? Lists are: "
                    "\"first\", \"second\", \"other list\".");
    assert_resolves(p, "list:first or not list:everyone",
                    "There is no list \"everyone\" (column 19). Lists are: \"first\", \"second\", "
                    "\"other list\".");
    assert_resolves(p, "all and email:z@x.example",
                    "Column 9: There is no contact \"z@x.example\".");
}

/* Two job records: 12 was for a, b, c and for somebody who is gone; a has it, b bounced. 13 was the
 * same and is cancelled. */
static void write_jobs(struct txn *txn, void *ctx)
{
    (void)ctx;
    for (uint32_t id = 12; id <= 13; id++) {
        struct job_record job = {.id = id, .state = id == 12 ? JOB_SENDING : JOB_CANCELLED};
        struct ledger_entry delivered = {.job = id, .contact = 1, .state = RECIPIENT_DELIVERED};
        struct ledger_entry bounced = {.job = id, .contact = 2, .state = RECIPIENT_BOUNCED};
        struct ledger_entry gone = {.job = id, .contact = 9, .state = RECIPIENT_BOUNCED};
        job_write(txn, &job);
        set_add(txn, SET_JOB, id, (const uint32_t[]){1, 2, 3, 9}, 4);
        ledger_write(txn, &delivered);
        ledger_write(txn, &bounced);
        ledger_write(txn, &gone);
    }
}

static void earlier_jobs(void **state)
{
    struct place *p = *state;
    lists_make(p);
    write_now(p->store, write_jobs, NULL);
    assert_resolves(p, "job:12", "abc");
    assert_resolves(p, "job:12:delivered", "a");
    assert_resolves(p, "job:12:bounced", "b");
    assert_resolves(p, "job:12:queued", "c");
    assert_resolves(p, "job:12:cancelled", "");
    assert_resolves(p, "job:13:queued", "");
    assert_resolves(p, "job:13:cancelled", "c");
    assert_resolves(p, "all and not job:12", "d");
    assert_resolves(p, "not job:12:delivered", "bcd");
    assert_resolves(p, "list:second and not (job:12:delivered or job:12:bounced)", "c");
    assert_resolves(p, "all and not job:14", "There is no job 14 (column 13).");
    assert_resolves(p, "job:14:bounced", "There is no job 14 (column 1).");
}

/* One address is one contact, however two files spell it, and so has one place in any set. */
static void overlapping_lists_have_each_address_once(void **state)
{
    struct place *p = *state;
    import_whole(p, "first",
                 STR("email\nanna@b\xC3\xBC"
                     "cher.example\nBOB@dest.example\ncarl@dest.example\n"));
    import_whole(p, "second",
                 STR("email\nAnna@xn--bcher-kva.example\nbob@DEST.Example\n"
                     "anna@B\xC3\x9C"
                     "CHER.EXAMPLE\n\"\"\"bob\"\"@dest.example\"\ndora@dest.example\n"));
    assert_resolves(p, "all", "abcd");
    assert_resolves(p, "list:first and list:second", "ab");
    assert_resolves(p, "list:first or list:second", "abcd");
    assert_resolves(p, "list:second or email:ANNA@xn--bcher-kva.example", "abd");
}

static void counts(void **state)
{
    struct place *p = *state;
    struct txn txn;
    uint64_t count = 0;
    struct err err;
    lists_make(p);
    assert_int_equal(txn_begin(p->store, &txn), 0);
    assert_int_equal(segment_count(&txn, STR("not list:first or list:first"), &count, &err), 0);
    assert_int_equal(count, 4);
    assert_int_equal(segment_count(&txn, STR("list:"), &count, &err), -1);
    assert_int_equal(segment_count(&txn, STR("list:nobody"), &count, &err), -1);
    read_end(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(set_algebra),  STORE_TEST(what_does_not_exist),
        STORE_TEST(earlier_jobs), STORE_TEST(overlapping_lists_have_each_address_once),
        STORE_TEST(counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
