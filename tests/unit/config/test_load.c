#include "unit/config/fixture.h"

static void the_minimal_configuration_of_the_manual_loads(void **state)
{
    (void)state;
    struct config *c = load("data_dir = \"data\"\n"
                            "control { socket = \"control.sock\" }\n"
                            "metrics { listen = \"127.0.0.1:9125\" }\n"
                            "identity \"example\" {\n"
                            "    domain = \"send.example\"\n"
                            "    dkim { selector = \"s1\"  key = \"dkim.pem\" }\n"
                            "}\n"
                            "source \"local\" { ehlo = \"mail.send.example\" }\n"
                            "route \"*\" { host = \"127.0.0.1\"  port = 2525 }\n"
                            "tls { policy = \"opportunistic\"  verify = false }\n"
                            "site \"*\" { connections = 20  messages_per_connection = 1000  "
                            "in_flight = 4 }\n");
    char path[256];
    snprintf(path, sizeof(path), "%s/data", folder);
    assert_string_equal(c->data_dir.at, path);
    snprintf(path, sizeof(path), "%s/control.sock", folder);
    assert_string_equal(c->control.socket.at, path);
    assert_int_equal(c->control.mode, 0660);
    assert_string_equal(c->metrics_listen.host, "127.0.0.1");
    assert_int_equal(c->metrics_listen.port, 9125);
    assert_int_equal(c->identity_count, 1);
    assert_string_equal(c->identities[0].name.at, "example");
    assert_string_equal(c->identities[0].domain.at, "send.example");
    assert_int_equal(c->identities[0].dkim_count, 1);
    assert_string_equal(c->identities[0].dkim[0].selector.at, "s1");
    snprintf(path, sizeof(path), "%s/dkim.pem", folder);
    assert_string_equal(c->identities[0].dkim[0].key.at, path);
    assert_string_equal(c->sources[0].ehlo.at, "mail.send.example");
    assert_null(c->sources[0].address.at);
    assert_string_equal(c->routes[0].host.at, "127.0.0.1");
    assert_int_equal(c->routes[0].port, 2525);
    assert_int_equal(c->tls.policy, TLS_POLICY_OPPORTUNISTIC);
    assert_int_equal(c->site_count, 1);
    assert_int_equal(c->sites[0].throttle.connections, 20);
    assert_int_equal(c->sites[0].connection.messages, 1000);
    assert_int_equal(c->sites[0].connection.in_flight, 4);
    config_unref(c);
}

static void what_is_left_out_has_its_default(void **state)
{
    (void)state;
    struct config *c = load(MINIMAL);
    assert_int_equal(c->metrics_listen.port, 0);
    assert_null(c->log.file.at);
    assert_int_equal(c->log.level, LOG_INFO);
    assert_in_range(c->threads.delivery, 1, 64);
    assert_in_range(c->threads.composers, 1, 64);
    assert_int_equal(c->tls.policy, TLS_POLICY_OPPORTUNISTIC);
    assert_false(c->tls.verify);
    assert_null(c->tls.ca_file.at);
    assert_int_equal(c->retry.first_ms, 300000);
    assert_float_equal(c->retry.factor, 2, 0);
    assert_int_equal(c->retry.max_ms, 4 * 3600000);
    assert_int_equal(c->retry.max_age_ms, 3 * 86400000);
    assert_int_equal(c->timeouts.connect_ms, 30000);
    assert_int_equal(c->timeouts.tls_handshake_ms, 60000);
    assert_int_equal(c->timeouts.data_init_ms, 120000);
    assert_int_equal(c->timeouts.data_end_ms, 600000);
    assert_int_equal(c->timeouts.stop_ms, 10000);
    assert_int_equal(c->store.map_size, 268435456);
    assert_int_equal(c->store.commit_interval_ms, 50);
    assert_int_equal(c->store.commit_records, 10000);
    assert_int_equal(c->store.min_free, 64 << 20);
    assert_int_equal(c->identities[0].dkim_count, 0);
    assert_null(c->identities[0].from.at);
    assert_string_equal(c->identities[0].base_url.at, "https://send.example");
    assert_int_equal(c->site_count, 1);
    assert_string_equal(c->sites[0].pattern.at, "*");
    assert_int_equal(c->sites[0].throttle.connections, 10);
    assert_int_equal(c->sites[0].connection.messages, 100);
    assert_int_equal(c->sites[0].connection.in_flight, 1);
    assert_int_equal(c->sites[0].throttle.rates.count, 0);
    assert_int_equal(c->sites[0].connection.idle_ms, 60000);
    config_unref(c);
}

static void every_kind_of_value_is_read(void **state)
{
    (void)state;
    struct config *c =
        load_with("tracking { base_url = \"https://t.example.org/\" }\n"
                  "log { file = '/var/log/tocsin.log' level = debug }\n"
                  "threads { delivery = 3 composers = 64 }\n"
                  "tls { policy = required verify = true ca_file = \"dkim.pem\" }\n"
                  "route \"dest.example\" { host = relay.example tls = none }\n"
                  "route \"*.example\" { host = \"::1\" }\n"
                  "site \"*.google.com\" { connections = 5 rate = \"200/min\" idle = 250ms }\n"
                  "source two { ehlo = b.example address = \"2001:db8::1\" }\n"
                  "identity \"other\" { domain = other.example from = \"A <a@other.example>\"\n"
                  "    list_unsubscribe_mailto = \"leave@other.example\"\n"
                  "    dkim { selector = rsa key = dkim.pem }\n"
                  "    dkim { selector = ed key = dkim.pem } }\n"
                  "retry { first = 10s factor = 1.5 max = 1m max_age = 2m }\n"
                  "store { map_size = 4MiB commit_interval = 0ms commit_records = 1\n"
                  "    min_free = 0B }\n");
    assert_string_equal(c->identities[0].base_url.at, "https://t.example.org");
    assert_string_equal(c->log.file.at, "/var/log/tocsin.log");
    assert_int_equal(c->log.level, LOG_DEBUG);
    assert_int_equal(c->threads.delivery, 3);
    assert_int_equal(c->threads.composers, 64);
    assert_true(c->tls.verify);
    assert_int_equal(c->routes[0].tls, TLS_POLICY_REQUIRED);
    assert_int_equal(c->routes[1].tls, TLS_POLICY_NONE);
    assert_int_equal(c->routes[1].port, 25);
    assert_string_equal(c->routes[2].host.at, "::1");
    assert_int_equal(c->sites[0].throttle.rates.at[0].count, 200);
    assert_int_equal(c->sites[0].throttle.rates.at[0].period_ms, 60000);
    assert_int_equal(c->sites[0].connection.idle_ms, 250);
    assert_int_equal(c->source_count, 2);
    assert_string_equal(c->sources[1].name.at, "two");
    assert_string_equal(c->sources[1].address.at, "2001:db8::1");
    assert_string_equal(c->identities[1].from.at, "A <a@other.example>");
    assert_string_equal(c->identities[1].list_unsubscribe_mailto.at, "leave@other.example");
    assert_int_equal(c->identities[1].dkim_count, 2);
    assert_string_equal(c->identities[1].dkim[1].selector.at, "ed");
    assert_float_equal(c->retry.factor, 1.5, 1e-9);
    assert_int_equal(c->store.map_size, 4194304);
    assert_int_equal(c->store.min_free, 0);
    assert_int_equal(c->store.commit_interval_ms, 0);
    config_unref(c);
}

static void a_file_is_read_and_its_paths_follow_it(void **state)
{
    (void)state;
    char path[256];
    write_file("my.conf", "# from a file\n" MINIMAL);
    snprintf(path, sizeof(path), "%s/my.conf", folder);
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct config *c = config_load(path, &errors);
    assert_non_null(c);
    assert_string_equal(c->file.at, path);
    snprintf(path, sizeof(path), "%s/data", folder);
    assert_string_equal(c->data_dir.at, path);
    config_unref(c);
}

static void a_file_that_is_not_there_is_one_error(void **state)
{
    (void)state;
    struct config_errors errors = CONFIG_ERRORS_INIT;
    assert_null(config_load("config-test-none.conf", &errors));
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.text.at,
                        "config-test-none.conf:1: The configuration cannot be read (No such file "
                        "or directory): check the path.\n");
    config_errors_release(&errors);
}

static void options_that_only_clash_together_are_refused(void **state)
{
    (void)state;
    refuse_with("\nretry { first = 1h\n max = 1m max_age = 30m }\n"
                "route \"a.example\" { host = \"127.0.0.1\" port = 2525 tls = none }\n",
                "my.conf:9: retry.max is shorter than retry.first: make it at least as long.\n"
                "my.conf:9: retry.max_age is shorter than retry.first: nothing would be tried "
                "again.\n"
                "my.conf:11: route \"*\" and route \"a.example\" lead to the same host and port "
                "with different tls: give both the same.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_minimal_configuration_of_the_manual_loads),
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(every_kind_of_value_is_read),
        cmocka_unit_test(a_file_is_read_and_its_paths_follow_it),
        cmocka_unit_test(a_file_that_is_not_there_is_one_error),
        cmocka_unit_test(options_that_only_clash_together_are_refused),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
