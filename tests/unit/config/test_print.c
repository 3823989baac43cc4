#include "unit/config/project_file.h"

static void the_manual_is_what_the_daemon_prints(void **state)
{
    (void)state;
    struct buf printed = BUF_INIT, manual = BUF_INIT;
    config_print_options(&printed);
    read_project_file("docs/configuration.md", &manual);
    /* When this fails: tocsind --options > docs/configuration.md */
    assert_string_equal(manual.at, printed.at);
    buf_release(&printed);
    buf_release(&manual);
}

static void the_sample_configuration_loads(void **state)
{
    (void)state;
    struct buf sample = BUF_INIT;
    read_project_file("conf/tocsin.conf", &sample);
    config_unref(load(sample.at));
    buf_release(&sample);
}

/* Uncomments each "# option = value" that ends the comments' prose: one inside a block. */
static void uncomment(struct str text, struct buf *out)
{
    while (text.at) {
        struct str line = str_cut(&text, '\n');
        struct str option = str_skip(line, STR("    # ").len);
        bool shown = str_starts(line, STR("    # ")) && memmem(option.at, option.len, " = ", 3);
        buf_add_str(out, shown ? option : line);
        buf_add_byte(out, '\n');
    }
}

/* What the sample shows as defaults must be accepted, and be the defaults. */
static void the_sample_shows_the_defaults(void **state)
{
    (void)state;
    struct buf sample = BUF_INIT, whole = BUF_INIT;
    read_project_file("conf/tocsin.conf", &sample);
    write_file("ca.pem", "not looked into\n");
    uncomment(buf_str(&sample), &whole);
    struct config *plain = load(sample.at), *shown = load(whole.at);
    assert_int_equal(plain->control.mode, shown->control.mode);
    assert_memory_equal(&plain->threads, &shown->threads, sizeof(plain->threads));
    assert_memory_equal(&plain->retry, &shown->retry, sizeof(plain->retry));
    assert_memory_equal(&plain->timeouts, &shown->timeouts, sizeof(plain->timeouts));
    assert_int_equal(config_diff_needs_restart(plain, shown, &whole), 0);
    assert_int_equal(plain->sites[0].throttle.connections, shown->sites[0].throttle.connections);
    assert_int_equal(plain->sites[0].connection.idle_ms, shown->sites[0].connection.idle_ms);
    assert_string_equal(shown->sources[0].address.at, "192.0.2.10");
    config_unref(plain);
    config_unref(shown);
    buf_release(&sample);
    buf_release(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_is_what_the_daemon_prints),
        cmocka_unit_test(the_sample_configuration_loads),
        cmocka_unit_test(the_sample_shows_the_defaults),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
