#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/utm.h"

static void assert_utm_of(const struct utm *utm, const char *url, const char *expected)
{
    struct buf out = BUF_INIT;
    bool added = utm_add(str_of(url), utm, &out);
    assert_string_equal(out.at, expected);
    assert_int_equal(added, strcmp(url, expected) != 0);
    buf_release(&out);
}

/* With utm_source=s and utm_medium=m. */
static void assert_utm(const char *url, const char *expected)
{
    assert_utm_of(&(struct utm){.source = STR("s"), .medium = STR("m")}, url, expected);
}

static void assert_alone(const char *url)
{
    assert_utm(url, url);
}

static void parameters_come_last_in_the_query(void **state)
{
    (void)state;
    assert_utm("https://x.org", "https://x.org?utm_source=s&utm_medium=m");
    assert_utm("https://x.org/a?b=1", "https://x.org/a?b=1&utm_source=s&utm_medium=m");
    assert_utm("HTTP://x.org/a#b?c", "HTTP://x.org/a?utm_source=s&utm_medium=m#b?c");
    assert_utm("https://x.org/?a#b#c", "https://x.org/?a&utm_source=s&utm_medium=m#b#c");
    assert_utm("https://x.org/?", "https://x.org/?utm_source=s&utm_medium=m");
    assert_utm("https://x.org/?a&#b", "https://x.org/?a&utm_source=s&utm_medium=m#b");
    assert_utm("https://x.org/a&", "https://x.org/a&?utm_source=s&utm_medium=m");
}

static void all_five_are_encoded(void **state)
{
    (void)state;
    struct utm utm = {.source = STR("tocsin"),
                      .medium = STR("e-mail"),
                      .campaign = STR("Été & hiver"),
                      .term = STR("a=b#c"),
                      .content = STR("{{ x }}")};
    assert_utm_of(&utm, "https://x.org/",
                  "https://x.org/?utm_source=tocsin&utm_medium=e-mail&utm_campaign="
                  "%C3%89t%C3%A9%20%26%20hiver&utm_term=a%3Db%23c&utm_content=%7B%7B%20x%20%7D%7D");
    assert_utm_of(&(struct utm){.campaign = STR("")}, "https://x.org/", "https://x.org/");
}

static void what_is_there_is_not_doubled(void **state)
{
    (void)state;
    assert_utm("https://x.org/?UTM_Source=z", "https://x.org/?UTM_Source=z&utm_medium=m");
    assert_utm("https://x.org/?a&utm_medium#b", "https://x.org/?a&utm_medium&utm_source=s#b");
    assert_utm("https://x.org/?{{ a }}utm_medium=b&c",
               "https://x.org/?{{ a }}utm_medium=b&c&utm_source=s");
    assert_utm("https://x.org/?a{% if b %}&utm_source={{ c }}{% endif %}",
               "https://x.org/?a{% if b %}&utm_source={{ c }}{% endif %}&utm_medium=m");
    assert_alone("https://x.org/?utm_source=1&utm_medium=2");
    assert_utm("https://x.org/utm_source?my_utm_source=1&utm_sources=2",
               "https://x.org/utm_source?my_utm_source=1&utm_sources=2&utm_source=s&utm_medium=m");
}

static void only_the_web_has_them(void **state)
{
    (void)state;
    assert_alone("mailto:a@x.org");
    assert_alone("");
    assert_alone("/a?b");
    assert_alone("{{ links.unsubscribe }}");
}

static void liquid_is_kept_where_it_cannot_matter(void **state)
{
    (void)state;
    assert_utm("https://x.org/?a={{ b }}#{{ c }}",
               "https://x.org/?a={{ b }}&utm_source=s&utm_medium=m#{{ c }}");
    assert_utm("https://x.org/{{ b | downcase | url_encode }}",
               "https://x.org/{{ b | downcase | url_encode }}?utm_source=s&utm_medium=m");
    assert_utm("https://x.org/{% if a > b %}c{% elsif d %}e{% endif %}",
               "https://x.org/{% if a > b %}c{% elsif d %}e{% endif %}"
               "?utm_source=s&utm_medium=m");
    assert_utm("https://x.org/?{% if a %}b=?&{% endif %}",
               "https://x.org/?{% if a %}b=?&{% endif %}&utm_source=s&utm_medium=m");
    assert_utm("https://x.org/?{{ a }}", "https://x.org/?{{ a }}&utm_source=s&utm_medium=m");
    assert_utm("https://x.org/{% comment %}?{% endcomment %}",
               "https://x.org/{% comment %}?{% endcomment %}?utm_source=s&utm_medium=m");
}

static void liquid_that_may_matter_leaves_the_url_alone(void **state)
{
    (void)state;
    assert_alone("https://x.org/{{ page }}");
    assert_alone("https://x.org/{{ page }}?a");
    assert_alone("https://x.org/{{ a | append: '| url_encode' }}");
    assert_alone("https://x.org/{% if a %}?b{% endif %}");
    assert_alone("https://x.org/?a{% if b %}#c{% endif %}");
    assert_alone("https://x.org/?a{% render 'b' %}");
    assert_alone("https://x.org/?{% raw %}#{% endraw %}");
    assert_alone("https://x.org/?a{% if b %}");
    assert_alone("https://x.org/?a{% endif %}");
    assert_alone("https://x.org/?a{{ b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_come_last_in_the_query),
        cmocka_unit_test(all_five_are_encoded),
        cmocka_unit_test(what_is_there_is_not_doubled),
        cmocka_unit_test(only_the_web_has_them),
        cmocka_unit_test(liquid_is_kept_where_it_cannot_matter),
        cmocka_unit_test(liquid_that_may_matter_leaves_the_url_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
