#include "unit/config/fixture.h"

static const char *route_host(const struct config *c, const char *domain)
{
    return config_route(c, str_of(domain))->host.at;
}

static void the_closest_route_wins(void **state)
{
    (void)state;
    struct config *c = load_with("route \"*.example\" { host = suffix }\n"
                                 "route \"*.deep.example\" { host = deep }\n"
                                 "route \"a.deep.example\" { host = exact }\n");
    assert_string_equal(route_host(c, "a.deep.example"), "exact");
    assert_string_equal(route_host(c, "A.DEEP.Example"), "exact");
    assert_string_equal(route_host(c, "b.deep.example"), "deep");
    assert_string_equal(route_host(c, "x.y.deep.example"), "deep");
    assert_string_equal(route_host(c, "deep.example"), "suffix");
    assert_string_equal(route_host(c, "example"), "127.0.0.1");
    assert_string_equal(route_host(c, "notexample"), "127.0.0.1");
    assert_string_equal(route_host(c, ".example"), "127.0.0.1");
    assert_string_equal(route_host(c, ""), "127.0.0.1");
    config_unref(c);
}

static void without_a_route_mail_goes_by_mx(void **state)
{
    (void)state;
    struct config *c = load(DATA_DIR CONTROL IDENTITY SOURCE);
    assert_int_equal(c->route_count, 0);
    assert_null(config_route(c, STR("dest.example")));
    config_unref(c);
    c = load(DATA_DIR CONTROL IDENTITY SOURCE "route \"*.example\" { host = h }\n");
    assert_string_equal(route_host(c, "dest.example"), "h");
    assert_null(config_route(c, STR("dest.test")));
    config_unref(c);
}

static void the_first_identity_is_the_default(void **state)
{
    (void)state;
    struct config *c = load_with("identity \"second\" { domain = b.example }\n");
    assert_ptr_equal(config_identity(c, STR("")), &c->identities[0]);
    assert_ptr_equal(config_identity(c, STR("example")), &c->identities[0]);
    assert_ptr_equal(config_identity(c, STR("second")), &c->identities[1]);
    assert_null(config_identity(c, STR("third")));
    config_unref(c);
}

static void a_footer_may_have_several_lines(void **state)
{
    (void)state;
    struct config *c =
        load_with("identity \"second\" { domain = b.example  footer = \"A\\nB\" }\n");
    assert_string_equal(c->identities[1].footer.at, "A\nB");
    assert_null(c->identities[0].footer.at);
    config_unref(c);
}

static void a_reference_keeps_it_alive(void **state)
{
    (void)state;
    struct config *c = load(MINIMAL);
    struct config *again = config_ref(c);
    assert_ptr_equal(again, c);
    config_unref(c);
    assert_string_equal(again->sources[0].name.at, "local");
    config_unref(again);
    config_unref(NULL);
}

static void what_needs_a_restart_is_told(void **state)
{
    (void)state;
    struct config *old = load(MINIMAL);
    struct config *changed =
        load("data_dir = other\n"
             "control { socket = new.sock mode = \"0600\" }\n" IDENTITY SOURCE ROUTE
             "metrics { listen = \"127.0.0.1:9125\" }\n"
             "store { map_size = 1MiB commit_records = 5 }\n"
             "site \"*\" { connections = 99 }\n"
             "route \"a.example\" { host = \"192.0.2.1\" }\n");
    struct buf said = BUF_INIT;
    assert_int_equal(config_diff_needs_restart(old, changed, &said), 6);
    assert_string_equal(
        said.at,
        "data_dir cannot change while tocsind runs: restart it to use the new value.\n"
        "control.socket cannot change while tocsind runs: restart it to use the new value.\n"
        "control.mode cannot change while tocsind runs: restart it to use the new value.\n"
        "metrics.listen cannot change while tocsind runs: restart it to use the new value.\n"
        "store.map_size cannot change while tocsind runs: restart it to use the new value.\n"
        "store.commit_records cannot change while tocsind runs: restart it to use the new "
        "value.\n");
    buf_release(&said);
    config_unref(old);
    config_unref(changed);
}

static void the_same_file_needs_no_restart(void **state)
{
    (void)state;
    struct config *one = load_with("metrics { listen = \"[::1]:9125\" }\n");
    struct config *two = load_with("metrics { listen = \"[::1]:9125\" }\n");
    struct buf said = BUF_INIT;
    assert_int_equal(config_diff_needs_restart(one, two, &said), 0);
    assert_int_equal(said.len, 0);
    config_unref(one);
    config_unref(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_closest_route_wins),
        cmocka_unit_test(without_a_route_mail_goes_by_mx),
        cmocka_unit_test(the_first_identity_is_the_default),
        cmocka_unit_test(a_footer_may_have_several_lines),
        cmocka_unit_test(a_reference_keeps_it_alive),
        cmocka_unit_test(what_needs_a_restart_is_told),
        cmocka_unit_test(the_same_file_needs_no_restart),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
