#include "http/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const struct http_route routes[] = {
    {.method = "GET", .path = "/jobs"},
    {.method = "POST", .path = "/jobs"},
    {.method = "GET", .path = "/jobs/latest"},
    {.method = "GET", .path = "/jobs/:id"},
    {.method = "POST", .path = "/jobs/:id/recipients/:address"},
    {.method = "GET", .path = "/"},
};

enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

static struct arena arena;

static struct http_match find(const char *method, const char *path)
{
    return http_route_find(routes, ROUTES, str_of(method), str_of(path), &arena);
}

static void the_first_that_fits_is_taken(void **state)
{
    (void)state;
    assert_ptr_equal(find("GET", "/jobs").route, &routes[0]);
    assert_ptr_equal(find("POST", "/jobs").route, &routes[1]);
    assert_ptr_equal(find("GET", "/jobs/latest").route, &routes[2]);
    assert_ptr_equal(find("GET", "/jobs/12").route, &routes[3]);
    assert_ptr_equal(find("GET", "/").route, &routes[5]);
    assert_ptr_equal(find("HEAD", "/jobs").route, &routes[0]);
}

static void parameters_are_bound_and_decoded(void **state)
{
    (void)state;
    struct http_match match = find("POST", "/jobs/7/recipients/a%2Fb%40example.org");
    assert_ptr_equal(match.route, &routes[4]);
    assert_int_equal(match.params_len, 2);
    assert_true(str_eq(match.params[0].name, STR("id")));
    assert_true(str_eq(match.params[0].value, STR("7")));
    assert_true(str_eq(match.params[1].value, STR("a/b@example.org")));
}

static void what_does_not_fit(void **state)
{
    (void)state;
    const char *const paths[] = {"/job",    "/jobs/",          "/jobs/12/",
                                 "/jobs//", "/jobs/1/unknown", "/jobs/%zz"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_null(find("GET", paths[i]).route);
        assert_false(find("GET", paths[i]).path_known);
    }
}

static void a_wrong_method_is_told_from_a_wrong_path(void **state)
{
    (void)state;
    struct http_match match = find("DELETE", "/jobs");
    assert_null(match.route);
    assert_true(match.path_known);
    assert_int_equal(match.params_len, 0);
    struct str methods = http_route_methods(routes, ROUTES, STR("/jobs"), &arena);
    assert_string_equal(methods.at, "GET, POST");
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_fits_is_taken),
        cmocka_unit_test(parameters_are_bound_and_decoded),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(a_wrong_method_is_told_from_a_wrong_path),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
