/*
 * The graded addresses of Dominic Sayers' isemail: what RFC 5321 allows must be accepted, errors
 * and the forms that only RFC 5322 has (comments, folding, obsolete syntax) must be refused. The
 * corpus is no part of this project: TOCSIN_CORPORA names its folder, else ../shared/corpora beside
 * the checkout is tried; without it the test says so and is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "mail/address.h"

enum { CORPUS_MAX = 1024 * 1024, CASES_LEAST = 160 };

static FILE *open_corpus(void)
{
    static const char name[] = "addresses/isemail-tests.xml";
    char path[4096];
    const char *folder = getenv("TOCSIN_CORPORA");
    if (folder) {
        snprintf(path, sizeof(path), "%s/%s", folder, name);
    } else {
        const char *end = strstr(__FILE__, "tests/unit/");
        int len = end ? (int)(end - __FILE__) : 0;
        snprintf(path, sizeof(path), "%.*s../shared/corpora/%s", len, __FILE__, name);
    }
    return fopen(path, "rb");
}

static char *read_corpus(void)
{
    FILE *file = open_corpus();
    if (!file)
        return NULL;
    char *text = alloc(CORPUS_MAX + 1);
    size_t len = fread(text, 1, CORPUS_MAX, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

/* What stands between <tag> and </tag> of this test; empty for <tag/>. */
static struct str element(struct str test, const char *tag)
{
    char open[32];
    char close[32];
    int n = snprintf(open, sizeof(open), "<%s>", tag);
    int m = snprintf(close, sizeof(close), "</%s>", tag);
    const char *start = memmem(test.at, test.len, open, (size_t)n);
    if (!start)
        return STR("");
    struct str rest = str_skip(test, (size_t)(start - test.at) + (size_t)n);
    const char *end = memmem(rest.at, rest.len, close, (size_t)m);
    assert_non_null(end);
    return str_from(rest.at, (size_t)(end - rest.at));
}

static void add_point(struct buf *out, unsigned long point)
{
    /* The corpus writes controls as the symbols for them, U+2400 and up. */
    if (point >= 0x2400 && point <= 0x2420)
        buf_add_byte(out, (char)(point - 0x2400));
    else if (point < 0x80)
        buf_add_byte(out, (char)point);
    else if (point < 0x800)
        buf_add(out, (char[]){(char)(0xC0 | point >> 6), (char)(0x80 | (point & 63))}, 2);
    else
        fail_msg("the corpus has a character reference that this test does not know");
}

static void add_entity(struct buf *out, struct str entity)
{
    static const struct {
        struct str name;
        char c;
    } named[] = {{{"amp", 3}, '&'}, {{"lt", 2}, '<'}, {{"gt", 2}, '>'}, {{"quot", 4}, '"'}};
    if (str_starts(entity, STR("#x"))) {
        add_point(out, strtoul(entity.at + 2, NULL, 16));
        return;
    }
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        if (str_eq(entity, named[i].name))
            buf_add_byte(out, named[i].c);
}

static void unescape(struct buf *out, struct str text)
{
    buf_reset(out);
    while (text.len) {
        if (text.at[0] == '&') {
            text = str_skip(text, 1);
            add_entity(out, str_cut(&text, ';'));
        } else {
            buf_add_byte(out, text.at[0]);
            text = str_skip(text, 1);
        }
    }
}

/* One label and a numeric last label are grammar, but no place that mail can be sent to. */
static bool is_expected(struct str category, struct str diagnosis)
{
    if (str_eq(category, STR("ISEMAIL_RFC5321")))
        return !str_starts(diagnosis, STR("ISEMAIL_RFC5321_TLD"));
    return str_eq(category, STR("ISEMAIL_VALID_CATEGORY")) ||
           str_eq(category, STR("ISEMAIL_DNSWARN"));
}

static bool check(struct str test, struct buf *address)
{
    struct address parsed;
    struct str category = element(test, "category");
    struct str diagnosis = element(test, "diagnosis");
    unescape(address, element(test, "address"));
    bool expected = is_expected(category, diagnosis) && !str_eq(buf_str(address), STR("test@io"));
    bool is = address_parse(buf_str(address), &parsed, NULL) == 0;
    if (is != expected)
        print_error("%.*s %.*s: <%.*s> is %s\n", STR_ARG(category), STR_ARG(diagnosis),
                    STR_ARG(buf_str(address)), is ? "accepted" : "refused");
    return is == expected;
}

static void judges_the_graded_addresses_as_their_author_does(void **state)
{
    (void)state;
    char *corpus = read_corpus();
    if (!corpus) {
        print_error("SKIPPED: no isemail corpus in TOCSIN_CORPORA or ../shared/corpora\n");
        skip();
    }
    struct buf address = BUF_INIT;
    int cases = 0;
    int wrong = 0;
    for (char *at = strstr(corpus, "<test "); at; at = strstr(at, "<test ")) {
        char *end = strstr(at, "</test>");
        assert_non_null(end);
        wrong += !check(str_from(at, (size_t)(end - at)), &address);
        cases++;
        at = end;
    }
    assert_int_equal(wrong, 0);
    assert_true(cases >= CASES_LEAST);
    buf_release(&address);
    free(corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_the_graded_addresses_as_their_author_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
