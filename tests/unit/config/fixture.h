/*
 * A folder with a key in it, and a configuration around the lines that a test is about. Each
 * program makes its own folder where it runs and removes it at its end.
 */
#ifndef TOCSIN_TESTS_UNIT_CONFIG_FIXTURE_H
#define TOCSIN_TESTS_UNIT_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

/* The smallest configuration there is, seven lines of it. */
#define DATA_DIR "data_dir = \"data\"\n"
#define CONTROL "control { socket = \"control.sock\" }\n"
#define IDENTITY "identity \"example\" {\n    domain = \"send.example\"\n}\n"
#define SOURCE "source \"local\" { ehlo = \"mail.send.example\" }\n"
#define ROUTE "route \"*\" { host = \"127.0.0.1\"  port = 2525 }\n"
#define MINIMAL DATA_DIR CONTROL IDENTITY SOURCE ROUTE

static char folder[] = "config-test-XXXXXX";

static inline void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline int folder_make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    write_file("dkim.pem", "not looked into\n");
    return 0;
}

static inline int folder_remove(void **state)
{
    static const char *const names[] = {"dkim.pem", "my.conf", "ca.pem"};
    char path[256];
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

/* Loads text that must be right. */
static inline struct config *load(const char *text)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct config *config = config_load_text(str_of(text), "my.conf", folder, &errors);
    if (!config)
        fail_msg("refused: %s", errors.text.at);
    assert_int_equal(errors.count, 0);
    config_errors_release(&errors);
    return config;
}

/* Loads text that must be refused with exactly these lines. */
static inline void refuse(const char *text, const char *expected)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    int lines = 0;
    assert_null(config_load_text(str_of(text), "my.conf", folder, &errors));
    assert_string_equal(errors.text.at, expected);
    for (const char *c = expected; *c; c++)
        lines += *c == '\n';
    assert_int_equal(errors.count, lines);
    config_errors_release(&errors);
}

/* Lines added to the smallest configuration, where they begin on line 8. */
static inline struct config *load_with(const char *lines)
{
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s%s", MINIMAL, lines);
    struct config *config = load(text.at);
    buf_release(&text);
    return config;
}

static inline void refuse_with(const char *lines, const char *expected)
{
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s%s", MINIMAL, lines);
    refuse(text.at, expected);
    buf_release(&text);
}

#endif
