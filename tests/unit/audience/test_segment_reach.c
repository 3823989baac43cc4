/* Expressions asked about one contact, and the lists that they rest on. */
#include "unit/audience/help.h"

#include "audience/segment_reach.h"
#include "store/jobs.h"
#include "store/ledger.h"
#include "store/sets.h"

static void write_state(struct txn *txn, uint32_t job, uint32_t contact, enum recipient_state state)
{
    struct ledger_entry entry = {.job = job, .contact = contact, .state = state};
    ledger_write(txn, &entry);
}

static void write_jobs(struct txn *txn, void *ctx)
{
    (void)ctx;
    struct job_record first = {.id = 1, .segment = STR("list:first"), .recipients = 2};
    struct job_record again = {.id = 2, .segment = STR("job:1:bounced"), .recipients = 1};
    job_write(txn, &first);
    job_write(txn, &again);
    set_add(txn, SET_JOB, 1, (const uint32_t[]){1, 2, 3}, 3);
    set_add(txn, SET_JOB, 2, (const uint32_t[]){2, 3}, 2);
    write_state(txn, 1, 1, RECIPIENT_DELIVERED);
    write_state(txn, 1, 2, RECIPIENT_BOUNCED);
    write_state(txn, 1, 3, RECIPIENT_BOUNCED);
}

/* a and b are on "first", b and c on "second"; c was on "first" when job 1 was submitted to it. */
static void make(const struct place *p)
{
    import_whole(p, "first", STR("email\na@x.example\nb@x.example\n"));
    import_whole(p, "second", STR("email\nb@x.example\nc@x.example\n"));
    write_now(p->store, write_jobs, NULL);
}

static struct segment_reach *reach_of(struct txn *txn, struct str text)
{
    struct segment segment;
    struct err err = {""};
    if (segment_parse(text, &segment, &err) < 0)
        fail_msg("%s", err.text);
    struct segment_reach *reach = segment_reach_new(txn, &segment);
    segment_release(&segment); /* empty by now */
    return reach;
}

static void assert_holds(const struct place *p, const char *text, const char *expect)
{
    struct txn txn;
    struct buf got = BUF_INIT;
    assert_int_equal(txn_begin(p->store, &txn), 0);
    struct segment_reach *reach = reach_of(&txn, str_of(text));
    buf_add_text(&got, "");
    for (uint32_t id = 1; id < 5; id++)
        if (segment_reach_holds(reach, &txn, id))
            buf_add_byte(&got, (char)('a' + id - 1));
    read_end(&txn);
    segment_reach_free(reach);
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
    assert_holds(p, "job:2", "b");
    assert_holds(p, "job:9", "");
    assert_holds(p, "job:1 and job:9", "");
}

/* c bounced, too, and has left the list that job 1 was for. */
static void a_state_is_that_recipients_own(void **state)
{
    struct place *p = *state;
    make(p);
    assert_holds(p, "job:1:bounced", "b");
    assert_holds(p, "job:1:delivered", "a");
    assert_holds(p, "job:1:queued", "");
    assert_holds(p, "list:second or job:1:delivered", "abc");
    assert_holds(p, "job:2:queued", "b");
    assert_holds(p, "job:2:expired", "");
}

/* Who was a recipient of job 1 stays one, whatever list they left since. */
static void what_is_left_out_is_what_a_job_did(void **state)
{
    struct place *p = *state;
    make(p);
    assert_holds(p, "list:second and not job:1:delivered", "bc");
    assert_holds(p, "list:second and not job:1:bounced", "");
    assert_holds(p, "all and not job:1", "d");
    assert_holds(p, "not (not job:1)", "ab");
}

static void assert_lists(const struct place *p, const char *text, const char *expect)
{
    struct txn txn;
    struct buf got = BUF_INIT;
    const struct str *lists;
    assert_int_equal(txn_begin(p->store, &txn), 0);
    struct segment_reach *reach = reach_of(&txn, str_of(text));
    size_t count = segment_reach_lists(reach, &lists);
    buf_add_text(&got, "");
    for (size_t i = 0; i < count; i++)
        buf_addf(&got, "%s%.*s", i ? "," : "", STR_ARG(lists[i]));
    read_end(&txn);
    segment_reach_free(reach);
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
    assert_lists(p, "job:2 and list:second", "second,first");
    assert_lists(p,
                 "list:1 or list:2 or list:3 or list:4 or list:5 or list:6 or list:7 or list:8 "
                 "or list:9 or list:10",
                 "1,2,3,4,5,6,7,8,9,10");
}

static void write_job(struct txn *txn, uint32_t id, struct str segment)
{
    struct job_record job = {.id = id, .segment = segment, .recipients = 1};
    job_write(txn, &job);
    set_add(txn, SET_JOB, id, (const uint32_t[]){1}, 1);
}

/* Each of the jobs names the one before it many times over, and the first is for the list. */
static void write_chain(struct txn *txn, void *ctx)
{
    const unsigned *jobs = ctx;
    struct buf text = BUF_INIT;
    write_job(txn, 1, STR("list:first"));
    for (unsigned id = 2; id <= *jobs; id++) {
        buf_reset(&text);
        buf_addf(&text, "job:%u and (job:%u or job:%u) and job:%u", id - 1, id - 1, id - 1, id - 1);
        write_job(txn, id, buf_str(&text));
    }
    buf_release(&text);
}

static void a_long_chain_of_jobs_is_followed_once(void **state)
{
    struct place *p = *state;
    unsigned jobs = 100;
    import_whole(p, "first", STR("email\na@x.example\n"));
    write_now(p->store, write_chain, &jobs);
    assert_holds(p, "job:100", "a");
    assert_lists(p, "job:100", "first");
}

static int check(const struct place *p, struct str text, struct err *err)
{
    struct segment segment;
    struct txn txn;
    assert_int_equal(segment_parse(text, &segment, err), 0);
    assert_int_equal(txn_begin(p->store, &txn), 0);
    int rc = segment_reach_check(&txn, &segment, err);
    read_end(&txn);
    segment_release(&segment);
    return rc;
}

/* 4 terms in each of 150 jobs but the first are 597, and those of the question. */
static void what_is_too_much_holds_nobody(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    unsigned jobs = 150;
    import_whole(p, "first", STR("email\na@x.example\n"));
    write_now(p->store, write_chain, &jobs);
    assert_int_equal(check(p, STR("job:150 and all and all"), &err), 0);
    assert_holds(p, "job:150 and all and all", "a");
    assert_int_equal(check(p, STR("all and all and all and job:150"), &err), -1);
    assert_string_equal(err.text,
                        "The audience rests on too many lists and earlier jobs: with the audiences "
                        "of the jobs that it names there can be 600 of them. Put its people on a "
                        "list.");
    assert_holds(p, "all and all and all and job:150", "");
    assert_holds(p, "all or all or all or not not job:150", "");
}

static void one_expression_is_never_too_much(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    struct buf text = BUF_INIT;
    buf_add_text(&text, "all");
    while (text.len + 7 <= SEGMENT_MAX_LENGTH)
        buf_add_text(&text, " or all");
    assert_int_equal(check(p, buf_str(&text), &err), 0);
    buf_release(&text);
}

/* There is no such job; and one that would be for its own recipients has none by that. */
static void write_circle(struct txn *txn, void *ctx)
{
    (void)ctx;
    write_job(txn, 5, STR("job:6 or list:first"));
    write_job(txn, 6, STR("job:5"));
    write_job(txn, 7, STR("job:7"));
    write_job(txn, 8, STR("no audience"));
}

static void a_circle_has_an_end(void **state)
{
    struct place *p = *state;
    import_whole(p, "first", STR("email\na@x.example\n"));
    write_now(p->store, write_circle, NULL);
    assert_holds(p, "job:6", "a");
    assert_holds(p, "job:7", "");
    assert_holds(p, "job:8", "");
    assert_lists(p, "job:6 or job:7 or job:8", "first");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_contact_is_in_or_out),
        STORE_TEST(a_job_stands_for_its_audience),
        STORE_TEST(a_state_is_that_recipients_own),
        STORE_TEST(what_is_left_out_is_what_a_job_did),
        STORE_TEST(lists_are_those_where_being_on_them_helps),
        STORE_TEST(a_long_chain_of_jobs_is_followed_once),
        STORE_TEST(what_is_too_much_holds_nobody),
        STORE_TEST(one_expression_is_never_too_much),
        STORE_TEST(a_circle_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
