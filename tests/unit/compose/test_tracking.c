#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/tracking.h"

#define TRACKED(n, was) \
    "{% if links.tracked %}{{ links.click[\"" n "\"] }}{% else %}" was "{% endif %}"

static void check(const struct tracking *tracking, const char *html, const char *want,
                  size_t want_count)
{
    struct buf out = BUF_INIT;
    struct arena memory = ARENA_INIT;
    struct str *links;
    size_t count;
    struct err err;
    assert_int_equal(
        tracking_apply(tracking, str_of(html), NULL, &memory, &links, &count, &out, &err), 0);
    assert_string_equal(out.at, want);
    assert_int_equal(count, want_count);
    arena_release(&memory);
    buf_release(&out);
}

static void links_are_tracked_and_others_are_left_alone(void **state)
{
    static const struct tracking tracking = {.track = true};
    (void)state;
    check(&tracking,
          "<a href=\"https://a.example/?x=1&amp;y=2\">a</a> <a href='mailto:b@c.example'>b</a> "
          "<a href=\"{{ links.unsubscribe }}\">u</a> <area href=\"http://d.example/\">",
          "<a href=\"" TRACKED(
              "1", "https://a.example/?x=1&amp;y=2") "\">a</a> "
                                                     "<a href='mailto:b@c.example'>b</a> <a "
                                                     "href=\"{{ links.unsubscribe }}\">u</a> "
                                                     "<area href=\"" TRACKED(
                                                         "2", "http://d.example/") "\">",
          2);
}

/* A click knows the contact, and nothing of the loop that it stood in. */
static void names_of_their_place_are_not_tracked(void **state)
{
    static const struct tracking tracking = {.track = true};
    (void)state;
    check(&tracking,
          "{% for x in y %}<a href=\"https://a.example/{{ x }}\">a</a>{% endfor %}"
          "<a href=\"https://a.example/{{ contact.id }}\">a</a>",
          "{% for x in y %}<a href=\"https://a.example/{{ x }}\">a</a>{% endfor %}"
          "<a href=\"" TRACKED("1", "https://a.example/{{ contact.id }}") "\">a</a>",
          1);
}

/* Nor what would not be the same again, or is another's name there. */
static void what_remembers_is_not_tracked(void **state)
{
    static const struct tracking tracking = {.track = true};
    static const char *const left_alone[] = {
        "<a href=\"https://a.example/{% cycle 1, 2 %}\">a</a>",
        "<a href=\"https://a.example/{% increment n %}\">a</a>",
        "<a href=\"https://a.example/{% assign z = 5 %}\">a</a>{{ z }}",
        "{% for job in l %}<a href=\"https://a.example/{{ job.id }}\">a</a>{% endfor %}",
        "{% assign contact = 1 %}<a href=\"https://a.example/{{ contact.id }}\">a</a>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(left_alone) / sizeof(left_alone[0]); i++)
        check(&tracking, left_alone[i], left_alone[i], 0);
}

static void utm_parameters_are_added_with_and_without(void **state)
{
    struct tracking tracking = {.track = false};
    struct err err;
    (void)state;
    assert_int_equal(
        tracking_parse_utm(STR("source=news, Campaign = spring 26"), &tracking.utm, &err), 0);
    check(&tracking, "<a href=\"https://a.example/#b\">a</a>",
          "<a href=\"https://a.example/?utm_source=news&amp;utm_campaign=spring%2026#b\">a</a>", 0);
    tracking.track = true;
    check(&tracking, "<a href=\"https://a.example/\">a</a>",
          "<a href=\"" TRACKED(
              "1", "https://a.example/?utm_source=news&amp;utm_campaign=spring%2026") "\">a</a>",
          1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_tracked_and_others_are_left_alone),
        cmocka_unit_test(names_of_their_place_are_not_tracked),
        cmocka_unit_test(what_remembers_is_not_tracked),
        cmocka_unit_test(utm_parameters_are_added_with_and_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
