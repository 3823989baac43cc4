/* Filters on lists of objects, of texts and of anything. */
#include "unit/template/rendered.h"

struct person {
    const char *name;
    int64_t gifts;
};

static bool person_get(const void *ctx, struct str member, struct value *out)
{
    const struct person *p = ctx;
    if (str_eq(member, STR("name")) && p->name)
        *out = value_str(str_of(p->name));
    else if (str_eq(member, STR("gifts")))
        *out = value_int(p->gifts);
    else if (str_eq(member, STR("active")))
        *out = value_bool(p->gifts > 0);
    else
        return false;
    return true;
}

static size_t person_count(const void *ctx)
{
    (void)ctx;
    return 2;
}

static void person_at(const void *ctx, size_t index, struct str *name, struct value *out)
{
    *name = index ? STR("gifts") : STR("name");
    *out = value_nil();
    person_get(ctx, *name, out);
}

static const struct object_type person_type = {person_get, person_count, person_at, NULL};

static const struct person people[] = {{"zoé", 3}, {"Anna", 0}, {NULL, 7}, {"anna", 0}, {"zoé", 3}};

/* people, mixed [2, nil, "b", 1.5, [["a", nil]]], one (a person), deep (an array in itself, 1000
 * times). */
static bool lookup(void *ctx, struct str name, struct value *out)
{
    static struct value persons[5], inner[2], middle[1], mixed[5], deep[1000];
    (void)ctx;
    for (size_t i = 0; i < 5; i++)
        persons[i] = value_object(&person_type, &people[i]);
    inner[0] = value_str(STR("a"));
    inner[1] = value_nil();
    middle[0] = value_array(inner, 2);
    mixed[0] = value_int(2);
    mixed[1] = value_nil();
    mixed[2] = value_str(STR("b"));
    mixed[3] = value_float(1.5);
    mixed[4] = value_array(middle, 1);
    deep[0] = value_int(1);
    for (size_t i = 1; i < 1000; i++)
        deep[i] = value_array(&deep[i - 1], 1);
    if (str_eq(name, STR("people")))
        *out = value_array(persons, 5);
    else if (str_eq(name, STR("mixed")))
        *out = value_array(mixed, 5);
    else if (str_eq(name, STR("deep")))
        *out = deep[999];
    else if (str_eq(name, STR("one")))
        *out = persons[0];
    else
        return false;
    return true;
}

static const char *listed_within(const char *source, struct render_limits limits)
{
    static struct buf out;
    struct arena scratch = ARENA_INIT;
    struct template_scope scope = {NULL, lookup};
    struct render_options options = {.escape = ESCAPE_HTML, .limits = limits};
    struct template_error error = {0};
    buf_reset(&out);
    struct template *t = template_compile(str_of(source), NULL, &error);
    if (!t || template_render(t, &scope, &options, &scratch, &out, &error) < 0)
        buf_add_text(&out, error.text);
    template_free(t);
    arena_release(&scratch);
    return out.at;
}

static void assert_listed(const char *source, const char *output)
{
    assert_string_equal(listed_within(source, (struct render_limits){0}), output);
}

static void items_are_chosen_by_a_property(void **state)
{
    (void)state;
    assert_listed("{{ people | where: 'active' | map: 'gifts' | join }}", "3 7 3");
    assert_listed("{{ people | where: 'gifts', 0 | map: 'name' | join }}", "Anna anna");
    assert_listed("{{ people | reject: 'active' | map: 'name' | join }}", "Anna anna");
    assert_listed("{{ people | reject: 'name', 'zoé' | size }}", "3");
    assert_listed("{{ people | where: 'nothing' | size }}{{ people | where: nothing | size }}",
                  "00");
}

static void one_item_is_found(void **state)
{
    (void)state;
    assert_listed("{% assign p = people | find: 'gifts', 7 %}{{ p.gifts }}{{ p.name }}", "7");
    assert_listed("{{ people | find_index: 'gifts', 7 }}{{ people | find_index: 'gifts', 8 }}",
                  "2");
    assert_listed("{{ people | has: 'gifts', 7 }} {{ people | has: 'gifts', 8 }}", "true false");
    assert_listed("{{ one | has: 'name', 'zoé' }} {{ nothing | has: 'x' }} {{ (1..3) | has: 2 }}",
                  "true false true");
}

static void texts_are_asked_for_a_part(void **state)
{
    (void)state;
    assert_listed("{{ 'cat,dog,cow' | split: ',' | where: 'c' | join }}", "cat cow");
    assert_listed("{{ 'cat,dog,cow' | split: ',' | reject: 'c' | join }}", "dog");
    assert_listed("{{ 'été,ah' | split: ',' | map: -1 | join }}", "é h");
}

static void numbers_have_no_properties(void **state)
{
    (void)state;
    static const char *const filters[] = {"where", "reject", "find", "has", "map", "sum"};
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        char source[80], expected[160];
        snprintf(source, sizeof(source), "{{ (1..3) | %s: 'name' }}", filters[i]);
        snprintf(
            expected, sizeof(expected),
            "Line 1, column 1: \"%s\" cannot look for this property in every item of the list.",
            filters[i]);
        assert_listed(source, expected);
    }
}

static void lists_in_lists_are_one_list(void **state)
{
    (void)state;
    assert_listed("{{ mixed | compact | join: ',' }} {{ mixed | sum }} {{ mixed | concat: mixed | "
                  "size }} {{ mixed | reverse | compact | first }}",
                  "2,b,1.5,a 3.5 12 a");
    assert_listed("{{ deep | compact | size }} {{ deep | sum }} {{ deep | uniq | size }}", "1 0 1");
}

static void lists_are_sorted(void **state)
{
    (void)state;
    assert_listed("{{ people | sort: 'gifts' | map: 'gifts' | join }}", "0 0 3 3 7");
    assert_listed("{{ people | sort: 'name' | map: 'name' | join: ',' }}", "Anna,anna,zoé,zoé,");
    assert_listed("{{ people | sort_natural: 'name' | map: 'gifts' | join }}", "0 0 3 3 7");
    assert_listed("{{ 'ÉB,éa,b,A' | split: ',' | sort_natural | join }}", "A b éa ÉB");
    assert_listed("{{ '10,9' | split: ',' | concat: (1..2) | sort }}",
                  "Line 1, column 1: \"sort\" cannot put values of different kinds in order.");
}

static void what_is_there_already_goes(void **state)
{
    (void)state;
    assert_listed("{{ 'b,a,b,B,a' | split: ',' | uniq | join }}", "b a B");
    assert_listed("{{ people | uniq | size }} {{ people | uniq: 'gifts' | map: 'gifts' | join }}",
                  "4 3 0 7");
    assert_listed("{{ (1..5) | concat: (3..7) | uniq | join: '' }}", "1234567");
}

static void only_lists_are_concatenated(void **state)
{
    (void)state;
    assert_listed("{{ mixed | concat: 'x' }}",
                  "Line 1, column 1: the argument of \"concat\" must be a list.");
    assert_listed("{{ nothing | concat: (1..2) | join }}{{ 'a' | concat: (1..2) | join }}",
                  "1 2a 1 2");
}

static void large_sums_become_real(void **state)
{
    (void)state;
    assert_listed("{% assign x = '9223372036854775807,1' | split: ',' %}{{ x | sum }}",
                  "9.22337203685478e+18");
    assert_listed("{% assign x = '0.1,0.2' | split: ',' %}{{ x | sum }}", "0.3");
    assert_listed("{{ people | sum: 'gifts' }}", "13");
}

static void assert_bounded(const char *source, const char *reason)
{
    struct render_limits limits = {.scratch = 1 << 20, .output = 1 << 16, .work = 1 << 20};
    const char *got = listed_within(source, limits);
    if (!strstr(got, reason))
        fail_msg("%s gave %.200s", source, got);
}

static void lists_have_limits(void **state)
{
    (void)state;
    static const char *const filters[] = {"compact", "reverse", "sort",     "uniq",        "sum",
                                          "has: 0",  "map: 1",  "where: 1", "sort_natural"};
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        char source[80];
        snprintf(source, sizeof(source), "{{ (0..9223372036854775806) | %s }}", filters[i]);
        assert_bounded(source, "need more than");
    }
    assert_bounded(
        "{{ (1..100) | join: '' | split: '' | join: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' | "
        "replace: 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}",
        "the output is longer than");
}

static void comparing_objects_has_a_limit(void **state)
{
    (void)state;
    assert_bounded("{% for i in (1..3000) %}{% assign x = people | uniq %}{% endfor %}",
                   "too much work");
    assert_bounded("{% for i in (1..5000) %}{% assign x = people | has: 'gifts', 9 %}{% endfor %}",
                   "too much work");
}

static void a_search_from_the_end_has_a_limit(void **state)
{
    (void)state;
    assert_bounded("{% capture s %}{% for i in (1..8000) %}aaaa{% endfor %}{% endcapture %}"
                   "{% assign p = s | slice: 0, 16000 | prepend: 'ab' %}"
                   "{{ s | replace_last: p, '' }}",
                   "too much work");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_chosen_by_a_property),
        cmocka_unit_test(one_item_is_found),
        cmocka_unit_test(texts_are_asked_for_a_part),
        cmocka_unit_test(numbers_have_no_properties),
        cmocka_unit_test(lists_in_lists_are_one_list),
        cmocka_unit_test(lists_are_sorted),
        cmocka_unit_test(what_is_there_already_goes),
        cmocka_unit_test(only_lists_are_concatenated),
        cmocka_unit_test(large_sums_become_real),
        cmocka_unit_test(lists_have_limits),
        cmocka_unit_test(comparing_objects_has_a_limit),
        cmocka_unit_test(a_search_from_the_end_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
