#include "mail/attachment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PNG "\x89PNG\r\n\x1A\n"

static struct arena memory;

static int tear_down(void **state)
{
    (void)state;
    arena_release(&memory);
    return 0;
}

static void assert_part(struct str name, struct str id, struct str bytes, const char *expected)
{
    struct attachment a;
    attachment_prepare(&a, name, id, bytes, &memory);
    assert_string_equal(a.part.at, expected);
    assert_int_equal(a.part.len, strlen(expected));
}

static void a_file_is_attached(void **state)
{
    (void)state;
    assert_part(STR("plan.pdf"), STR(""), STR("%PDF"),
                "Content-Type: application/pdf;\r\n"
                " name=\"plan.pdf\"\r\n"
                "Content-Transfer-Encoding: base64\r\n"
                "Content-Disposition: attachment;\r\n"
                " filename=\"plan.pdf\"\r\n"
                "\r\n"
                "JVBERg==\r\n");
}

static void an_image_stands_in_the_text(void **state)
{
    (void)state;
    assert_part(STR("logo.jpg"), STR("logo@example.org"), STR(PNG),
                "Content-Type: image/png;\r\n"
                " name=\"logo.jpg\"\r\n"
                "Content-Transfer-Encoding: base64\r\n"
                "Content-Disposition: inline;\r\n"
                " filename=\"logo.jpg\"\r\n"
                "Content-ID: <logo@example.org>\r\n"
                "\r\n"
                "iVBORw0KGgo=\r\n");
}

static void a_name_beyond_ascii_has_a_plain_one_beside_it(void **state)
{
    (void)state;
    assert_part(STR("R\xC3\xA9sum\xC3\xA9.txt"), STR(""), STR("a\n"),
                "Content-Type: text/plain; charset=utf-8;\r\n"
                " name=\"Resume.txt\"\r\n"
                "Content-Transfer-Encoding: base64\r\n"
                "Content-Disposition: attachment;\r\n"
                " filename*=utf-8''R%C3%A9sum%C3%A9.txt\r\n"
                "\r\n"
                "YQo=\r\n");
}

static struct str first_line(struct str name, struct str bytes)
{
    struct attachment a;
    attachment_prepare(&a, name, STR(""), bytes, &memory);
    struct str rest = a.part;
    return str_trim(str_cut(&rest, '\n'));
}

static void assert_first_line(const char *name, struct str bytes, const char *expected)
{
    struct str line = first_line(str_of(name), bytes);
    if (!str_eq(line, str_of(expected)))
        fail_msg("%s is sent as %.*s", name, STR_ARG(line));
}

static void text_says_utf8_only_where_it_is(void **state)
{
    (void)state;
    assert_first_line("a.csv", STR("pr\xC3\xA9nom"), "Content-Type: text/csv; charset=utf-8;");
    assert_first_line("a.csv", STR("pr\xE9nom"), "Content-Type: text/csv;");
    assert_first_line("a.txt", STR("U\0T\0F\0"), "Content-Type: text/plain;");
}

static void a_calendar_says_its_method(void **state)
{
    (void)state;
    struct attachment a;
    attachment_prepare(&a, STR("vigil.ics"), STR(""),
                       STR("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"), &memory);
    assert_true(str_starts(a.part, STR("Content-Type: text/calendar; charset=utf-8;\r\n"
                                       " method=\"REQUEST\";\r\n"
                                       " name=\"vigil.ics\"\r\n")));
    attachment_prepare(&a, STR("vigil.ics"), STR(""), STR("METHOD:a\"; b=c\n"), &memory);
    assert_null(memmem(a.part.at, a.part.len, "method", 6));
}

static void nothing_is_a_file_too(void **state)
{
    (void)state;
    struct attachment a;
    attachment_prepare(&a, STR(""), STR(""), STR(""), &memory);
    assert_true(str_eq(a.name, STR("attachment")));
    assert_true(str_eq(a.type, STR("application/octet-stream")));
    assert_true(str_ends(a.part, STR("filename=\"attachment\"\r\n\r\n")));
}

static void an_id_goes_by_the_content(void **state)
{
    (void)state;
    struct buf one = BUF_INIT, again = BUF_INIT, other = BUF_INIT;
    attachment_id(&one, STR("a"), STR("send.example"));
    attachment_id(&again, STR("a"), STR("send.example"));
    attachment_id(&other, STR("b"), STR("send.example"));
    assert_true(attachment_id_valid(buf_str(&one)));
    assert_string_equal(one.at, again.at);
    assert_string_not_equal(one.at, other.at);
    buf_release(&one);
    buf_release(&again);
    buf_release(&other);
}

static void ids_need_no_escape(void **state)
{
    (void)state;
    assert_true(attachment_id_valid(STR("logo.png@example.org")));
    const char *const bad[] = {"",      "logo", "@b",   "a@",     "a..b@c",  "a@b@c",
                               "a b@c", "a%@c", "a>@c", ".a@b.c", "a@b\r\n", "\xC3\xA9@b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (attachment_id_valid(str_of(bad[i])))
            fail_msg("%s is taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_attached),
        cmocka_unit_test(an_image_stands_in_the_text),
        cmocka_unit_test(a_name_beyond_ascii_has_a_plain_one_beside_it),
        cmocka_unit_test(text_says_utf8_only_where_it_is),
        cmocka_unit_test(a_calendar_says_its_method),
        cmocka_unit_test(nothing_is_a_file_too),
        cmocka_unit_test(an_id_goes_by_the_content),
        cmocka_unit_test(ids_need_no_escape),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
