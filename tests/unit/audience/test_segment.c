/* Audience expressions: how they are read, and the sentences when they cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audience/segment.h"
#include "base/buf.h"

static void tree_add(struct buf *out, const struct segment_node *n)
{
    static const char *const names[] = {"all", "list", "email", "job", "not", "and", "or"};
    buf_addf(out, "(%s", names[n->kind]);
    if (n->text.at)
        buf_addf(out, " <%.*s>@%u", STR_ARG(n->text), n->column);
    if (n->left)
        tree_add(out, n->left);
    if (n->right)
        tree_add(out, n->right);
    buf_add_byte(out, ')');
}

static void assert_tree(const char *text, const char *expect)
{
    struct segment s;
    struct err err = {""};
    struct buf got = BUF_INIT;
    int rc = segment_parse(str_of(text), &s, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    tree_add(&got, s.root);
    assert_string_equal(got.at, expect);
    buf_release(&got);
    segment_release(&s);
}

static void assert_refused(const char *text, const char *sentence)
{
    struct segment s;
    struct err err = {""};
    assert_int_equal(segment_parse(str_of(text), &s, &err), -1);
    assert_string_equal(err.text, sentence);
    segment_release(&s);
}

static void reads_names(void **state)
{
    (void)state;
    assert_tree("list:everyone", "(list <everyone>@1)");
    assert_tree("  LIST:everyone ", "(list <everyone>@3)");
    assert_tree("list:\"did not open\"", "(list <did not open>@1)");
    assert_tree("list:and", "(list <and>@1)");
    assert_tree("list:2024:06", "(list <2024:06>@1)");
    assert_tree("email:a@b.example", "(email <a@b.example>@1)");
    assert_tree("All", "(all)");
}

static void binds_not_and_or(void **state)
{
    (void)state;
    assert_tree("not all and all or all", "(or(and(not(all))(all))(all))");
    assert_tree("all or all and not all", "(or(all)(and(all)(not(all))))");
    assert_tree("all and (all or all)", "(and(all)(or(all)(all)))");
    assert_tree("not (all or all)", "(not(or(all)(all)))");
    assert_tree("not not all", "(not(not(all)))");
    assert_tree("list:a and list:b and list:c", "(and(and(list <a>@1)(list <b>@12))(list <c>@23))");
}

static struct segment_node job_of(const char *text)
{
    struct segment s;
    struct err err = {""};
    assert_int_equal(segment_parse(str_of(text), &s, &err), 0);
    struct segment_node node = *s.root;
    segment_release(&s);
    assert_int_equal(node.kind, SEGMENT_JOB);
    return node;
}

static void reads_jobs(void **state)
{
    (void)state;
    assert_tree("all and not job:12", "(and(all)(not(job <12>@13)))");
    assert_tree("JOB:12:bounced", "(job <12:bounced>@1)");
    assert_tree("job:\"12:bounced\"", "(job <12:bounced>@1)");
    assert_int_equal(job_of("job:4294967295").job, UINT32_MAX);
    assert_false(job_of("job:12").by_state);
    assert_true(job_of("job:12:queued").by_state);
    assert_int_equal(job_of("job:12:queued").state, RECIPIENT_QUEUED);
    assert_int_equal(job_of("job:12:in_doubt").state, RECIPIENT_IN_DOUBT);
}

static void refuses_what_is_no_job(void **state)
{
    (void)state;
#define NUMBERS ". Write for example job:12, or job:12:bounced."
#define STATES \
    ". They are queued, deferred, in_doubt, delivered, bounced, skipped, expired or cancelled."
    assert_refused("job:", "A name is missing after \"job\" (column 1): write for example "
                           "list:everyone.");
    assert_refused("all or job:may",
                   "A job has a number: there can be no job \"may\" (column 8)" NUMBERS);
    assert_refused("job:0", "A job has a number: there can be no job \"0\" (column 1)" NUMBERS);
    assert_refused("job:4294967296",
                   "A job has a number: there can be no job \"4294967296\" (column 1)" NUMBERS);
    assert_refused("job::bounced",
                   "A job has a number: there can be no job \"\" (column 1)" NUMBERS);
    assert_refused("all and job:12:sent", "No recipient of a job is \"sent\" (column 9)" STATES);
    assert_refused("job:12:", "No recipient of a job is \"\" (column 1)" STATES);
    assert_refused("job:12:bounced:x", "No recipient of a job is \"bounced:x\" (column 1)" STATES);
#undef NUMBERS
#undef STATES
}

static void counts_columns_in_characters(void **state)
{
    (void)state;
    assert_tree("list:\xC3\xA9t\xC3\xA9 and list:x",
                "(and(list <\xC3\xA9t\xC3\xA9>@1)(list <x>@14))");
}

static void says_what_is_wrong_and_where(void **state)
{
    (void)state;
#define USE ". Use list:NAME, email:ADDRESS, job:NUMBER, all, and, or, not, and parentheses."
    assert_refused("", "The audience is empty: write for example list:everyone, or all.");
    assert_refused("everyone", "Not understood: \"everyone\" (column 1)" USE);
    assert_refused("all and country = \"BE\"",
                   "Conditions on attributes are not known yet: \"country\" (column 9)" USE);
    assert_refused("topic:torture", "An audience cannot be chosen by \"topic\" (column 1)" USE);
    assert_refused("list:", "A name is missing after \"list\" (column 1): write for example "
                            "list:everyone.");
    assert_refused("all list:x", "\"and\" or \"or\" is missing before column 5.");
    assert_refused("all and", "Something is missing at column 8: list:NAME, email:ADDRESS or all.");
    assert_refused("or all", "Something is missing at column 1: list:NAME, email:ADDRESS or all.");
    assert_refused("(all", "The parenthesis at column 1 is not closed.");
    assert_refused("all)", "The parenthesis at column 4 was never opened.");
    assert_refused("()", "Something is missing at column 2: list:NAME, email:ADDRESS or all.");
    assert_refused("list:\"x", "The quote at column 6 is not closed.");
    assert_refused("list:\xE9", "The audience is not valid UTF-8 text.");
#undef USE
}

static void bounds_what_it_reads(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < SEGMENT_MAX_DEPTH; i++)
        buf_add_byte(&text, '(');
    buf_add_text(&text, "all");
    assert_refused(text.at, "More than 64 levels deep (column 65).");
    buf_reset(&text);
    while (text.len <= SEGMENT_MAX_LENGTH)
        buf_add_text(&text, "not ");
    assert_refused(text.at, "The audience is longer than 4096 bytes.");
    buf_reset(&text);
    for (int i = 0; i < SEGMENT_MAX_WALKS; i++)
        buf_add_text(&text, "job:1:bounced or job:2 or ");
    buf_add_text(&text, "job:3:bounced");
    assert_refused(text.at, "Too many states of jobs are asked for at \"3:bounced\" (column 209): "
                            "there can be 8 in one audience.");
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names),
        cmocka_unit_test(binds_not_and_or),
        cmocka_unit_test(reads_jobs),
        cmocka_unit_test(refuses_what_is_no_job),
        cmocka_unit_test(counts_columns_in_characters),
        cmocka_unit_test(says_what_is_wrong_and_where),
        cmocka_unit_test(bounds_what_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
