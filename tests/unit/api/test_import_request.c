/* What an upload of contacts says in its query. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/import_request.h"

static void takes_a_list_and_maps(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct import_options o;
    struct err err;
    struct str query =
        STR("list=petition+signers&map=Pr%C3%A9nom%3Dfirst_name&map=a%3Db=c&map=x%3D");
    assert_int_equal(import_request_parse(query, &arena, &o, &err), 0);
    assert_true(str_eq(o.list, STR("petition signers")));
    assert_int_equal(o.map_count, 3);
    assert_true(str_eq(o.maps[0].column, STR("Pr\xC3\xA9nom")));
    assert_true(str_eq(o.maps[0].attribute, STR("first_name")));
    assert_true(str_eq(o.maps[1].column, STR("a=b")));
    assert_true(str_eq(o.maps[1].attribute, STR("c")));
    assert_true(str_eq(o.maps[2].column, STR("x")));
    assert_int_equal(o.maps[2].attribute.len, 0);
    assert_true(o.max_bytes > 0);
    arena_release(&arena);
}

static void needs_nothing(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct import_options o;
    struct err err;
    assert_int_equal(import_request_parse(STR(""), &arena, &o, &err), 0);
    assert_int_equal(o.list.len + o.map_count, 0);
    arena_release(&arena);
}

static void assert_refused(struct str query, const char *says)
{
    struct arena arena = ARENA_INIT;
    struct import_options o;
    struct err err = {""};
    assert_int_equal(import_request_parse(query, &arena, &o, &err), -1);
    if (!strstr(err.text, says))
        fail_msg("%s", err.text);
    arena_release(&arena);
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    assert_refused(STR("lst=x"), "no parameter \"lst\"");
    assert_refused(STR("list=%zz"), "badly encoded");
    assert_refused(STR("list=a%00b"), "badly encoded");
    assert_refused(STR("map=column"), "not COLUMN=ATTRIBUTE");
    assert_refused(STR("map="), "not COLUMN=ATTRIBUTE");
}

static void bounds_the_maps(void **state)
{
    (void)state;
    struct buf query = BUF_INIT;
    for (int i = 0; i < 257; i++)
        buf_add_text(&query, "map=a%3Db&");
    assert_refused(buf_str(&query), "At most 256");
    buf_release(&query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_list_and_maps),
        cmocka_unit_test(needs_nothing),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(bounds_the_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
