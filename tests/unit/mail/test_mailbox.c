#include "mail/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct taken {
    const char *text;
    const char *name;
    const char *address;
};

static const struct taken taken[] = {
    {"agir@example.org", "", "agir@example.org"},
    {"  <agir@example.org> ", "", "agir@example.org"},
    {"Amnesty <agir@Example.org>", "Amnesty", "agir@example.org"},
    {"Amnesty<agir@example.org>", "Amnesty", "agir@example.org"},
    {"Amnesty   International (France) <agir@example.org>", "Amnesty International (France)",
     "agir@example.org"},
    {"\"Amnesty, section  fran\xC3\xA7"
     "aise\" <agir@example.org>",
     "Amnesty, section  fran\xC3\xA7"
     "aise",
     "agir@example.org"},
    {"J. \"the \\\"Boss\\\" <x>\" Doe <j@example.org>", "J. the \"Boss\" <x> Doe", "j@example.org"},
    {"Back\\slash <j@example.org>", "Back\\slash", "j@example.org"},
    {"\xD0\x9F\xD0\xB0\xD0\xB2\xD0\xB5\xD0\xBB <p@\xC3\xA9.example>",
     "\xD0\x9F\xD0\xB0\xD0\xB2\xD0\xB5\xD0\xBB", "p@xn--9ca.example"},
    {"\"a<b\"@example.org", "", "\"a<b\"@example.org"},
    {"Odd <\"a>b\"@example.org>", "Odd", "\"a>b\"@example.org"},
    {"paul@example.org <paul@example.org>", "paul@example.org", "paul@example.org"},
};

static void takes_what_staff_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct mailbox m;
        struct err err;
        if (mailbox_parse(str_of(taken[i].text), &arena, &m, &err))
            fail_msg("%s: %s", taken[i].text, err.text);
        if (!str_eq(m.name, str_of(taken[i].name)))
            fail_msg("%s has the name %.*s", taken[i].text, STR_ARG(m.name));
        assert_string_equal(address_text(&m.address).at, taken[i].address);
        arena_release(&arena);
    }
}

static const char *const refused[][2] = {
    {"", "The address \"\" is empty."},
    {"Amnesty", "The address \"Amnesty\" has no @."},
    {"Amnesty <agir>", "The address \"agir\" has no @."},
    {"Amnesty agir@example.org>", "ends with > but has no <."},
    {"\"Amnesty <agir@example.org>", "double quote that is not closed."},
    {"a@example.org, Paul <b@example.org>", "put the name in double quotes"},
    {"Amnesty\r\nBcc: x@example.org <agir@example.org>", "control character"},
    {"Amn\xFFsty <agir@example.org>", "not valid UTF-8"},
    {"A <a@localhost>",
     "The address \"a@localhost\" has the domain \"localhost\", which has no dot."},
    {"A <>", "The address \"\" is empty."},
    {">", "ends with > but has no <."},
};

static void refuses_the_rest_with_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct mailbox m;
        struct err err;
        if (mailbox_parse(str_of(refused[i][0]), &arena, &m, &err) == 0)
            fail_msg("%s is accepted", refused[i][0]);
        if (!strstr(err.text, refused[i][1]))
            fail_msg("%s: %s", refused[i][0], err.text);
        arena_release(&arena);
    }
}

static void bounds_the_text(void **state)
{
    (void)state;
    static char text[MAILBOX_TEXT_MAX + 1];
    struct arena arena = ARENA_INIT;
    struct mailbox m;
    struct err err;
    memset(text, 'x', sizeof(text));
    memcpy(text + sizeof(text) - 5, "<a@b>", 5);
    assert_int_equal(mailbox_parse(str_from(text, sizeof(text)), &arena, &m, &err), -1);
    assert_non_null(strstr(err.text, "1001 bytes"));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_staff_type),
        cmocka_unit_test(refuses_the_rest_with_a_sentence),
        cmocka_unit_test(bounds_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
