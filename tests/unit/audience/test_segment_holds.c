/* Expressions asked about one contact, and the lists that they rest on. */
#include "unit/audience/help.h"

#include "audience/segment.h"
#include "store/jobs.h"
#include "store/sets.h"

static void write_jobs(struct txn *txn, void *ctx)
{
    (void)ctx;
    struct job_record first = {.id = 1, .segment = STR("list:first"), .recipients = 2};
    struct job_record again = {.id = 2, .segment = STR("job:1:bounced"), .recipients = 1};
    job_write(txn, &first);
    job_write(txn, &again);
    set_add(txn, SET_JOB, 1, (const uint32_t[]){1, 2, 3}, 3);
    set_add(txn, SET_JOB, 2, (const uint32_t[]){2, 3}, 2);
}

/* a and b are on "first", b and c on "second"; c was on "first" when job 1 was submitted to it. */
static void make(const struct place *p)
{
    import_whole(p, "first", STR("email\na@x.example\nb@x.example\n"));
    import_whole(p, "second", STR("email\nb@x.example\nc@x.example\n"));
    write_now(p->store, write_jobs, NULL);
}

static void assert_holds(const struct place *p, const char *text, const char *expect)
{
    struct segment segment;
    struct txn txn;
    struct err err = {""};
    struct buf got = BUF_INIT;
    assert_int_equal(segment_parse(str_of(text), &segment, &err), 0);
    assert_int_equal(txn_begin(p->store, &txn), 0);
    buf_add_text(&got, "");
    for (uint32_t id = 1; id < 5; id++)
        if (segment_holds(&txn, &segment, id))
            buf_add_byte(&got, (char)('a' + id - 1));
    read_end(&txn);
    segment_release(&segment);
    assert_string_equal(got.at, expect);
    buf_release(&got);
}

static void a_contact_is_in_or_out(void **state)
{
    struct place *p = *state;
    make(p);
    assert_holds(p, "list:first", "ab");
    assert_holds(p, "list:first or list:second", "abc");
    assert_holds(p, "list:first and list:second", "b");
    assert_holds(p, "list:first and not list:second", "a");
    assert_holds(p, "email:C@x.example or list:none", "c");
    assert_holds(p, "all", "abcd");
}

static void a_job_stands_for_its_audience(void **state)
{
    struct place *p = *state;
    make(p);
    assert_holds(p, "job:1", "ab");
    assert_holds(p, "job:1:bounced or list:second", "abc");
    assert_holds(p, "job:2:expired", "b");
    assert_holds(p, "job:9", "");
}

static void assert_lists(const struct place *p, const char *text, const char *expect)
{
    struct segment segment;
    struct txn txn;
    struct err err = {""};
    struct buf got = BUF_INIT;
    const struct str *lists;
    assert_int_equal(segment_parse(str_of(text), &segment, &err), 0);
    assert_int_equal(txn_begin(p->store, &txn), 0);
    size_t count = segment_lists(&txn, &segment, &lists);
    buf_add_text(&got, "");
    for (size_t i = 0; i < count; i++)
        buf_addf(&got, "%s%.*s", i ? "," : "", STR_ARG(lists[i]));
    read_end(&txn);
    segment_release(&segment);
    assert_string_equal(got.at, expect);
    buf_release(&got);
}

static void lists_are_those_where_being_on_them_helps(void **state)
{
    struct place *p = *state;
    make(p);
    assert_lists(p, "all", "");
    assert_lists(p, "list:first", "first");
    assert_lists(p, "list:first and not list:second", "first");
    assert_lists(p, "not (list:a or not list:b)", "b");
    assert_lists(p, "list:a or (list:b and list:a)", "a,b");
    assert_lists(p, "job:2 and list:second", "first,second");
    assert_lists(p,
                 "list:1 or list:2 or list:3 or list:4 or list:5 or list:6 or list:7 or list:8 "
                 "or list:9 or list:10",
                 "1,2,3,4,5,6,7,8,9,10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_contact_is_in_or_out),
        STORE_TEST(a_job_stands_for_its_audience),
        STORE_TEST(lists_are_those_where_being_on_them_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
