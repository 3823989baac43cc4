#include "mail/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define LABEL_63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define LOCAL_64 LABEL_63 "l"
/* 189 octets: with a local part of 64 and the @, an address of 254. */
#define DOMAIN_189 \
    LABEL_63 "." LABEL_63 ".abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz.abcdefgh"

struct accepted {
    const char *text;
    const char *normal;
    const char *key;
};

static const struct accepted accepted[] = {
    {"paul@example.org", "paul@example.org", "paul@example.org"},
    {"Paul.Mc-Cartney+news@Mail.EXAMPLE.org", "Paul.Mc-Cartney+news@mail.example.org",
     "paul.mc-cartney+news@mail.example.org"},
    {"!#$%&'*+/=?^_`{|}~-@example.org", "!#$%&'*+/=?^_`{|}~-@example.org",
     "!#$%&'*+/=?^_`{|}~-@example.org"},
    {"a@1.2.3.example", "a@1.2.3.example", "a@1.2.3.example"},
    {"a@c--n.com", "a@c--n.com", "a@c--n.com"},
    {"a@b.co", "a@b.co", "a@b.co"},
    /* Quoted local parts: unquoted where that says the same, else with as few escapes as possible.
     */
    {"\"paul\"@example.org", "paul@example.org", "paul@example.org"},
    {"\"P\\a\\ul.x\"@example.org", "Paul.x@example.org", "paul.x@example.org"},
    {"\"\"@example.org", "\"\"@example.org", "\"\"@example.org"},
    {"\"A B\"@example.org", "\"A B\"@example.org", "\"a b\"@example.org"},
    {"\"a\\ \\\"@\\\\\"@example.org", "\"a \\\"@\\\\\"@example.org", "\"a \\\"@\\\\\"@example.org"},
    {"\"a..b\"@example.org", "\"a..b\"@example.org", "\"a..b\"@example.org"},
    {"\".a\"@example.org", "\".a\"@example.org", "\".a\"@example.org"},
    /* International domains and local parts. */
    {"info@M\xC3\xBCnchen.de", "info@xn--mnchen-3ya.de", "info@xn--mnchen-3ya.de"},
    {"info@fa\xC3\x9F.de", "info@xn--fa-hia.de", "info@xn--fa-hia.de"},
    {"a@\xCE\xB4\xCE\xBF\xCE\xBA\xCE\xB9\xCE\xBC\xCE\xAE.example", "a@xn--jxalpdlp.example",
     "a@xn--jxalpdlp.example"},
    {"a@ex\xEF\xBD\x81mple\xE3\x80\x82org", "a@example.org", "a@example.org"},
    {"Jos\xC3\xA9@example.org", "Jos\xC3\xA9@example.org", "jos\xC3\xA9@example.org"},
    {"\"\xC3\xA9\"@example.org", "\xC3\xA9@example.org", "\xC3\xA9@example.org"},
    /* Address literals. */
    {"a@[192.0.2.1]", "a@[192.0.2.1]", "a@[192.0.2.1]"},
    {"a@[ipv6:2001:DB8:0:0:0:0:0:1]", "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
    {"a@[IPv6:::ffff:192.0.2.1]", "a@[IPv6:::ffff:192.0.2.1]", "a@[IPv6:::ffff:192.0.2.1]"},
    /* The longest that there are. */
    {LOCAL_64 "@example.org", LOCAL_64 "@example.org", LOCAL_64 "@example.org"},
    {"a@" LABEL_63 ".org", "a@" LABEL_63 ".org", "a@" LABEL_63 ".org"},
    {LOCAL_64 "@" DOMAIN_189, LOCAL_64 "@" DOMAIN_189, LOCAL_64 "@" DOMAIN_189},
};

static void takes_what_the_grammar_allows_and_gives_its_normal_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        struct address a;
        struct address_fault why = {ADDRESS_OK, {NULL, 0}};
        char key[ADDRESS_MAX + 1];
        if (address_parse(str_of(accepted[i].text), &a, &why))
            fail_msg("%s is refused (%d)", accepted[i].text, why.kind);
        assert_string_equal(address_text(&a).at, accepted[i].normal);
        assert_int_equal(address_text(&a).len, strlen(accepted[i].normal));
        assert_string_equal(address_key(&a, key).at, accepted[i].key);
    }
}

static void divides_at_the_right_sign(void **state)
{
    (void)state;
    struct address a;
    assert_int_equal(address_parse(STR("\"x@y\"@Example.org"), &a, NULL), 0);
    assert_true(str_eq(address_local(&a), STR("\"x@y\"")));
    assert_true(str_eq(address_domain(&a), STR("example.org")));
}

static void says_what_is_special(void **state)
{
    (void)state;
    struct address a;
    assert_int_equal(address_parse(STR("a@example.org"), &a, NULL), 0);
    assert_false(a.utf8_local || a.literal);
    assert_int_equal(address_parse(STR("\xC3\xA9@example.org"), &a, NULL), 0);
    assert_true(a.utf8_local && !a.literal);
    assert_int_equal(address_parse(STR("a@\xC3\xA9.org"), &a, NULL), 0);
    assert_false(a.utf8_local || a.literal);
    assert_int_equal(address_parse(STR("a@[192.0.2.1]"), &a, NULL), 0);
    assert_true(a.literal && !a.utf8_local);
}

struct refused {
    const char *text;
    enum address_fault_kind kind;
    const char *part;
};

static const struct refused refused[] = {
    {"", ADDRESS_EMPTY, ""},
    {"paul", ADDRESS_NO_AT, ""},
    {"paul..example.org", ADDRESS_NO_AT, ""},
    {"paul smith", ADDRESS_NO_AT, ""},
    {"\"paul\"", ADDRESS_NO_AT, ""},
    {LOCAL_64 LOCAL_64, ADDRESS_NO_AT, ""},
    {"@example.org", ADDRESS_NO_LOCAL, ""},
    {"paul@", ADDRESS_NO_DOMAIN, ""},
    {".paul@example.org", ADDRESS_LOCAL_DOT, ""},
    {"paul.@example.org", ADDRESS_LOCAL_DOT, ""},
    {"pa..ul@example.org", ADDRESS_LOCAL_DOT, ""},
    {"pa(ul@example.org", ADDRESS_LOCAL_CHARACTER, "("},
    {"<paul@example.org>", ADDRESS_LOCAL_CHARACTER, "<"},
    {"a,b@example.org", ADDRESS_LOCAL_CHARACTER, ","},
    {"a\"b\"@example.org", ADDRESS_LOCAL_CHARACTER, "\""},
    {"pa ul@example.org", ADDRESS_SPACE, " "},
    {" paul@example.org", ADDRESS_SPACE, " "},
    {"paul@example.org ", ADDRESS_SPACE, ""},
    {"paul@exa mple.org", ADDRESS_SPACE, ""},
    {"pa\tul@example.org", ADDRESS_CONTROL, ""},
    {"paul@example.org\n", ADDRESS_CONTROL, ""},
    {"paul@ex\x7F.org", ADDRESS_CONTROL, ""},
    {"\"pa\rul\"@example.org", ADDRESS_CONTROL, ""},
    {"\"pa\\\tul\"@example.org", ADDRESS_CONTROL, ""},
    {"\"paul@example.org", ADDRESS_QUOTE_OPEN, ""},
    {"\"paul\\\"@example.org", ADDRESS_QUOTE_OPEN, ""},
    {"\"paul\"x@example.org", ADDRESS_AFTER_QUOTE, ""},
    {"\"\\\xC3\xA9\"@example.org", ADDRESS_QUOTE_ESCAPE, ""},
    {LOCAL_64 "m@example.org", ADDRESS_LOCAL_TOO_LONG, ""},
    {"\"" LABEL_63 "\"@example.org", ADDRESS_LOCAL_TOO_LONG, ""},
    {LOCAL_64 "@x" DOMAIN_189, ADDRESS_LABEL_TOO_LONG, "x" LABEL_63},
    {LOCAL_64 "@" DOMAIN_189 "x", ADDRESS_TOO_LONG, ""},
    {"a@" LOCAL_64 ".org", ADDRESS_LABEL_TOO_LONG, LOCAL_64},
    {"a@localhost", ADDRESS_DOMAIN_SINGLE, "localhost"},
    {"a@10.0.0.1", ADDRESS_DOMAIN_NUMERIC, "10.0.0.1"},
    {"a@.example.org", ADDRESS_DOMAIN_DOT, ""},
    {"a@example.org.", ADDRESS_DOMAIN_DOT, ""},
    {"a@example..org", ADDRESS_DOMAIN_DOT, ""},
    {"a@-example.org", ADDRESS_LABEL_HYPHEN, "-example"},
    {"a@example-.org", ADDRESS_LABEL_HYPHEN, "example-"},
    {"a@example.org-", ADDRESS_LABEL_HYPHEN, "org-"},
    {"a@www.exa_mple.org", ADDRESS_LABEL_CHARACTER, "exa_mple"},
    {"a@b@example.org", ADDRESS_LABEL_CHARACTER, "b@example"},
    {"a@example.org>", ADDRESS_LABEL_CHARACTER, "org>"},
    {"a@[192.0.2]", ADDRESS_LITERAL, "[192.0.2]"},
    {"a@[192.0.2.256]", ADDRESS_LITERAL, "[192.0.2.256]"},
    {"a@[192.0.2.1", ADDRESS_LITERAL, "[192.0.2.1"},
    {"a@[]", ADDRESS_LITERAL, "[]"},
    {"a@[IPv6:]", ADDRESS_LITERAL, "[IPv6:]"},
    {"a@[2001:db8::1]", ADDRESS_LITERAL, "[2001:db8::1]"},
    {"a@[IPv6:1:2:3:4:5:6::8]", ADDRESS_LITERAL, "[IPv6:1:2:3:4:5:6::8]"},
    {"a@[IPv6:1:2:3:4:5::192.0.2.1]", ADDRESS_LITERAL, "[IPv6:1:2:3:4:5::192.0.2.1]"},
    {"a@[x-tag:content]", ADDRESS_LITERAL, "[x-tag:content]"},
    {"\xFF@example.org", ADDRESS_NOT_UTF8, ""},
    {"\xC3@example.org", ADDRESS_NOT_UTF8, ""},
    {"paul\xC2\x85@example.org", ADDRESS_CONTROL, "\xC2\x85"},
    {"\xC2\xA0paul@example.org", ADDRESS_SPACE, "\xC2\xA0"},
    {"\xE2\x80\x8Bpaul@example.org", ADDRESS_INVISIBLE, "\xE2\x80\x8B"},
    {"\xEF\xBB\xBFpaul@example.org", ADDRESS_INVISIBLE, "\xEF\xBB\xBF"},
    {"a@ex\xC3.org", ADDRESS_NOT_UTF8, "ex\xC3.org"},
    {"a@\xE2\x98\x83\xE2\x80\xAE.org", ADDRESS_DOMAIN_IDNA, "\xE2\x98\x83\xE2\x80\xAE.org"},
    {"a@\xC3\xA9", ADDRESS_DOMAIN_SINGLE, "\xC3\xA9"},
    {"a@\xE2\x84\x80.org", ADDRESS_LABEL_CHARACTER, "\xE2\x84\x80.org"},
    {"a@\xC3\xA9 .org", ADDRESS_SPACE, ""},
};

static void refuses_the_rest_and_says_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct address a;
        struct address_fault why = {ADDRESS_OK, {NULL, 0}};
        if (address_parse(str_of(refused[i].text), &a, &why) == 0)
            fail_msg("%s is accepted as %s", refused[i].text, a.text);
        if (why.kind != refused[i].kind)
            fail_msg("%s is refused for %d, not %d", refused[i].text, why.kind, refused[i].kind);
        if (refused[i].part[0] && !str_eq(why.part, str_of(refused[i].part)))
            fail_msg("%s: the part at fault is %.*s", refused[i].text, STR_ARG(why.part));
    }
}

static void refuses_a_nul_wherever_it_stands(void **state)
{
    (void)state;
    struct address a;
    assert_int_equal(address_parse(STR("pa\0ul@example.org"), &a, NULL), -1);
    assert_int_equal(address_parse(STR("\"pa\0ul\"@example.org"), &a, NULL), -1);
    assert_int_equal(address_parse(STR("paul@example.org\0"), &a, NULL), -1);
    assert_int_equal(address_parse(STR("paul@\xC3\xA9\0.org"), &a, NULL), -1);
    assert_int_equal(address_parse(STR("paul@[192.0.2.1\0]"), &a, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_the_grammar_allows_and_gives_its_normal_form),
        cmocka_unit_test(divides_at_the_right_sign),
        cmocka_unit_test(says_what_is_special),
        cmocka_unit_test(refuses_the_rest_and_says_why),
        cmocka_unit_test(refuses_a_nul_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
