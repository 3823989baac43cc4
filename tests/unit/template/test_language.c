#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/language.h"

static void assert_found(const char *tag, const char *expected)
{
    const struct template_language *found = template_language_find(str_of(tag));
    const char *got = found ? found->tag : "nothing";
    if (strcmp(got, expected) != 0)
        fail_msg("\"%s\" found %s, not %s", tag, got, expected);
}

static void a_tag_finds_its_language(void **state)
{
    (void)state;
    assert_found("fr", "fr");
    assert_found("FR", "fr");
    assert_found("fr-BE", "fr");
    assert_found("FR_be", "fr");
    assert_found("fr-Latn-BE-x-any", "fr");
    assert_found(" nl ", "nl");
    assert_found("no", "nb");
    assert_found("no-NO", "nb");
}

static void a_region_that_differs_is_found_itself(void **state)
{
    (void)state;
    assert_found("de_ch", "de-CH");
    assert_found("de-DE", "de");
    assert_found("pt-BR", "pt");
    assert_found("pt-pt", "pt-PT");
    assert_found("de-Latn-CH", "de");
}

static void other_tags_find_nothing(void **state)
{
    (void)state;
    static const char *const tags[] = {"",  " ",   "-",   "--",  "x",
                                       "f", "fra", "-fr", "tlh", "français"};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        assert_found(tags[i], "nothing");
    assert_null(template_language_find((struct str){NULL, 0}));
    assert_null(template_language_find((struct str){"fr\0", 3}));
}

static void assert_names(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_non_null(names[i]);
        struct str name = str_of(names[i]);
        assert_true(name.len > 0 && name.len < 40 && str_is_utf8(name));
        /* Dates and numbers are not markup, but nothing here should need escaping either. */
        assert_null(strpbrk(names[i], "&<>\"'"));
    }
}

static void every_language_is_complete(void **state)
{
    (void)state;
    assert_string_equal(template_language_english()->tag, "en");
    for (size_t i = 0; i < language_count; i++) {
        const struct template_language *l = &language_table[i];
        assert_names(l->months, 12);
        assert_names(l->months_short, 12);
        assert_names(l->days, 7);
        assert_names(l->days_short, 7);
        if (l->months_alone[0])
            assert_names(l->months_alone, 12);
        assert_true(l->group[0] && l->decimal[0] && strcmp(l->group, l->decimal) != 0);
        assert_true(l->group_from == 4 || l->group_from == 5);
        assert_ptr_equal(template_language_find(str_of(l->tag)), l);
    }
}

static void names_and_marks_are_those_of_the_cldr(void **state)
{
    (void)state;
    const struct template_language *fr = template_language_find(STR("fr"));
    assert_string_equal(fr->months[7], "août");
    assert_string_equal(fr->months_short[6], "juil.");
    assert_string_equal(fr->group, "\xe2\x80\xaf");
    const struct template_language *de = template_language_find(STR("de"));
    assert_string_equal(de->months[2], "März");
    assert_string_equal(de->days_short[0], "So.");
    assert_int_equal(template_language_find(STR("es"))->group_from, 5);
    assert_string_equal(template_language_find(STR("de-AT"))->months[0], "Jänner");
    assert_string_equal(template_language_find(STR("ca"))->months[3], "d’abril");
    assert_string_equal(template_language_find(STR("ca"))->months_alone[3], "abril");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_finds_its_language),
        cmocka_unit_test(a_region_that_differs_is_found_itself),
        cmocka_unit_test(other_tags_find_nothing),
        cmocka_unit_test(every_language_is_complete),
        cmocka_unit_test(names_and_marks_are_those_of_the_cldr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
