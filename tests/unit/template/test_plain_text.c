/* What the filters that make HTML do where the text stays plain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/liquid.h"

static void assert_rendered(enum render_escape escape, const char *source, const char *want)
{
    struct template_error error;
    struct arena scratch = ARENA_INIT;
    struct buf out = BUF_INIT;
    struct render_options options = {.escape = escape};
    struct template *t = template_compile(str_of(source), NULL, &error);
    assert_non_null(t);
    assert_int_equal(template_render(t, NULL, &options, &scratch, &out, &error), 0);
    assert_string_equal(out.at, want);
    buf_release(&out);
    arena_release(&scratch);
    template_free(t);
}

static void filters_for_html_leave_plain_text_as_it_is(void **state)
{
    (void)state;
    assert_rendered(ESCAPE_TEXT, "{{ 'Tom & Ann' | escape }}", "Tom & Ann");
    assert_rendered(ESCAPE_TEXT, "{{ 'a &amp; <b' | escape_once | upcase }}", "A &AMP; <B");
    assert_rendered(ESCAPE_TEXT, "{{ 'a|b' | replace: '|', '\n' | newline_to_br }}", "a\nb");
    assert_rendered(ESCAPE_TEXT, "{{ 5 | escape }}", "5");
}

static void elsewhere_they_do_what_they_say(void **state)
{
    (void)state;
    assert_rendered(ESCAPE_NONE, "{{ 'Tom & Ann' | escape }}", "Tom &amp; Ann");
    assert_rendered(ESCAPE_HTML, "{{ 'Tom & Ann' | escape }}", "Tom &amp; Ann");
    assert_rendered(ESCAPE_NONE, "{{ 'a|b' | replace: '|', '\n' | newline_to_br }}", "a<br />\nb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_for_html_leave_plain_text_as_it_is),
        cmocka_unit_test(elsewhere_they_do_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
