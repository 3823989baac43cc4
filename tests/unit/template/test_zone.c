#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "template/zone.h"

enum { SHORT = 4, LONG = 8 };

static struct buf file;
static struct err err;

/* What a test puts into a zone file. */
struct content {
    char version;
    unsigned leaps;
    int64_t moments[3]; /* in which times[1], times[0] and times[1] begin */
    int32_t offsets[2];
    const char *letters;
    size_t letters_len;
    unsigned second_name; /* where in the letters the name of times[1] begins */
    const char *footer;   /* NULL: there is none */
};

static const struct content plain = {'2', 0,     {-1000, 0, 1000}, {0, 3600}, "AAA\0BBBB", 9,
                                     4,   "\n\n"};

static void add_signed(int64_t number, size_t size)
{
    if (size == LONG)
        buf_add_u32be(&file, (uint32_t)((uint64_t)number >> 32));
    buf_add_u32be(&file, (uint32_t)number);
}

static void add_half(const struct content *c, size_t size)
{
    buf_add_text(&file, "TZif");
    buf_add_byte(&file, c->version);
    buf_add(&file, "123456789012345", 15);
    const unsigned counts[] = {2, 2, c->leaps, 3, 2, (unsigned)c->letters_len};
    for (size_t i = 0; i < 6; i++)
        buf_add_u32be(&file, counts[i]);
    for (size_t i = 0; i < 3; i++)
        add_signed(c->moments[i], size);
    buf_add(&file, "\1\0\1", 3);
    for (size_t i = 0; i < 2; i++) {
        buf_add_u32be(&file, (uint32_t)c->offsets[i]);
        buf_add_byte(&file, (char)i);
        buf_add_byte(&file, (char)(i * c->second_name));
    }
    buf_add(&file, c->letters, c->letters_len);
    for (size_t i = 0; i < c->leaps * (size + 4); i++)
        buf_add_byte(&file, 0);
    buf_add(&file, "\0\0\0\0", 4);
}

static struct zone *parse(const struct content *c)
{
    buf_reset(&file);
    add_half(c, SHORT);
    if (c->version)
        add_half(c, LONG);
    if (c->footer)
        buf_add_text(&file, c->footer);
    struct zone *zone = zone_parse(buf_str(&file), &err);
    buf_release(&file);
    return zone;
}

static void is(const struct zone *zone, int64_t unix_s, const char *name, int32_t offset)
{
    const char *given;
    assert_int_equal(zone_offset(zone, unix_s, &given), offset);
    assert_string_equal(given, name);
}

static void each_moment_begins_a_time(void **state)
{
    (void)state;
    struct zone *zone = parse(&plain);
    assert_non_null(zone);
    is(zone, INT64_MIN, "AAA", 0);
    is(zone, -1001, "AAA", 0);
    is(zone, -1000, "BBBB", 3600);
    is(zone, -1, "BBBB", 3600);
    is(zone, 0, "AAA", 0);
    is(zone, 999, "AAA", 0);
    is(zone, 1000, "BBBB", 3600);
    is(zone, INT64_MAX, "BBBB", 3600);
    const struct template_zone *view = zone_for_template(zone);
    const char *name;
    assert_int_equal(view->offset(view->ctx, -1, &name), 3600);
    assert_string_equal(name, "BBBB");
    zone_free(zone);
}

static void the_rule_is_for_what_comes_after_the_last_moment(void **state)
{
    (void)state;
    struct content c = plain;
    c.footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    for (c.version = '2'; c.version <= '4'; c.version++) {
        struct zone *zone = parse(&c);
        assert_non_null(zone);
        is(zone, 999, "AAA", 0);
        is(zone, 1000, "CET", 3600);
        is(zone, 1719792000, "CEST", 7200); /* July 2024 */
        zone_free(zone);
    }
}

static void the_first_version_has_short_moments_and_no_rule(void **state)
{
    (void)state;
    struct content c = plain;
    c.version = '\0';
    c.footer = NULL;
    struct zone *zone = parse(&c);
    assert_non_null(zone);
    is(zone, -1000, "BBBB", 3600);
    is(zone, 0, "AAA", 0);
    is(zone, INT64_MAX, "BBBB", 3600);
    zone_free(zone);
}

static void moments_beyond_32_bits_are_read_whole(void **state)
{
    (void)state;
    struct content c = plain;
    c.moments[0] = INT64_MIN + 1;
    c.moments[2] = INT64_C(1) << 40;
    struct zone *zone = parse(&c);
    assert_non_null(zone);
    is(zone, -1, "BBBB", 3600);
    is(zone, (INT64_C(1) << 40) - 1, "AAA", 0);
    is(zone, INT64_C(1) << 40, "BBBB", 3600);
    zone_free(zone);
}

static void refuses(const struct content *c, const char *sentence)
{
    assert_null(parse(c));
    assert_string_equal(err.text, sentence);
}

static void what_is_damaged_is_refused(void **state)
{
    (void)state;
    const char *damaged = "This is no time zone file (TZif, RFC 8536), or a damaged one.";
    struct content c = plain;
    c.moments[1] = -1000; /* not after the one before */
    refuses(&c, damaged);
    c = plain;
    c.offsets[1] = 93600;
    refuses(&c, damaged);
    c.offsets[1] = -90000;
    refuses(&c, damaged);
    c = plain;
    c.second_name = 9; /* behind the letters */
    refuses(&c, damaged);
    c.second_name = 3; /* an empty name */
    refuses(&c, damaged);
    c = plain;
    c.letters_len = 8; /* the last name does not end */
    refuses(&c, damaged);
    c = plain;
    c.letters = "AAA\0B\nBB";
    refuses(&c, damaged);
    c = plain;
    c.version = '1';
    refuses(&c, damaged);
    const char *footers[] = {NULL, "", "\n", "UTC0\n", "\nUTC0", "\nnonsense\n"};
    for (size_t i = 0; i < sizeof(footers) / sizeof(footers[0]); i++) {
        c = plain;
        c.footer = footers[i];
        refuses(&c, damaged);
    }
}

static void leap_seconds_are_refused(void **state)
{
    (void)state;
    struct content c = plain;
    c.leaps = 1;
    refuses(&c, "The zone counts leap seconds, which Unix time does not have.");
}

static void a_file_that_was_cut_is_refused(void **state)
{
    (void)state;
    add_half(&plain, SHORT);
    add_half(&plain, LONG);
    buf_add_text(&file, "\nUTC0\n");
    for (size_t len = 0; len < file.len; len++)
        assert_null(zone_parse((struct str){file.at, len}, &err));
    struct zone *zone = zone_parse(buf_str(&file), &err);
    assert_non_null(zone);
    zone_free(zone);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_moment_begins_a_time),
        cmocka_unit_test(the_rule_is_for_what_comes_after_the_last_moment),
        cmocka_unit_test(the_first_version_has_short_moments_and_no_rule),
        cmocka_unit_test(moments_beyond_32_bits_are_read_whole),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(leap_seconds_are_refused),
        cmocka_unit_test(a_file_that_was_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
