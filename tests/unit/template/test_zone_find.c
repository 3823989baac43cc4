/*
 * The zones of this system, held against the C library, which reads the same files by code of its
 * own. Where there are no zone files, what needs them is skipped, and says so.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "template/zone.h"

static struct err err;

static void need_zones(void)
{
    if (access("/usr/share/zoneinfo/Europe/Brussels", R_OK) == 0)
        return;
    print_message("SKIPPED: this system has no zone files; install tzdata\n");
    skip();
}

/* Everybody's favourite zones, and those with the oddest histories. */
static const char *const names[] = {
    "UTC",
    "Europe/Brussels",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/Moscow",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "America/Nuuk",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Tehran",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Etc/GMT+12",
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static void compare_at(const char *name, const struct template_zone *zone, int64_t unix_s)
{
    time_t moment = unix_s;
    struct tm tm;
    const char *given;
    localtime_r(&moment, &tm);
    int32_t offset = zone->offset(zone->ctx, unix_s, &given);
    if (offset != tm.tm_gmtoff || strcmp(given, tm.tm_zone) != 0)
        fail_msg("%s at %lld: %s %d, not %s %ld", name, (long long)unix_s, given, offset,
                 tm.tm_zone, tm.tm_gmtoff);
}

/* Looks every few hours; where the offset changes, to the second. */
static void compare(const char *name, int64_t from, int64_t to)
{
    const struct template_zone *zone = zone_find(str_of(name), &err);
    const char *given;
    if (!zone)
        fail_msg("%s", err.text);
    setenv("TZ", name, 1);
    tzset();
    int32_t last = zone->offset(zone->ctx, from, &given);
    for (int64_t t = from; t < to; t += 5 * 3600) {
        compare_at(name, zone, t);
        int64_t low = t - 5 * 3600, high = t;
        int32_t offset = zone->offset(zone->ctx, t, &given);
        while (offset != last && high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (zone->offset(zone->ctx, middle, &given) == last)
                low = middle;
            else
                high = middle;
        }
        if (offset != last) {
            compare_at(name, zone, low);
            compare_at(name, zone, high);
        }
        last = offset;
    }
    unsetenv("TZ");
    tzset();
}

static void the_library_says_the_same_from_1970_to_2045(void **state)
{
    (void)state;
    need_zones();
    for (size_t i = 0; i < NAMES; i++)
        compare(names[i], 0, INT64_C(2366841600));
}

static void long_ago_and_far_ahead_too(void **state)
{
    (void)state;
    need_zones();
    compare("Europe/Brussels", -INT64_C(2840140800), 0); /* from 1880 */
    compare("America/New_York", -INT64_C(2840140800), 0);
    compare("Europe/Brussels", INT64_C(16725225600), INT64_C(16756761600)); /* 2500 */
}

static void facts_that_will_not_change(void **state)
{
    (void)state;
    need_zones();
    const struct fact {
        const char *zone, *name;
        int64_t unix_s;
        int32_t offset;
    } facts[] = {
        {"Europe/Brussels", "CET", 1711846799, 3600},
        {"Europe/Brussels", "CEST", 1711846800, 7200},
        {"America/New_York", "EST", 1704067318, -18000},
        {"Asia/Kathmandu", "+0545", 1704067318, 20700},
        {"Pacific/Apia", "-10", 1325239199, -36000}, /* the last second of 29 December 2011 … */
        {"Pacific/Apia", "+14", 1325239200, 50400},  /* … before the 31st */
        {"UTC", "UTC", 1704067318, 0},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        const struct template_zone *zone = zone_find(str_of(facts[i].zone), &err);
        const char *name;
        assert_non_null(zone);
        assert_int_equal(zone->offset(zone->ctx, facts[i].unix_s, &name), facts[i].offset);
        assert_string_equal(name, facts[i].name);
    }
}

static void a_zone_is_read_once(void **state)
{
    (void)state;
    need_zones();
    const struct template_zone *zone = zone_find(STR("Europe/Paris"), &err);
    assert_non_null(zone);
    assert_ptr_equal(zone_find(STR("Europe/Paris"), &err), zone);
    assert_ptr_not_equal(zone_find(STR("Europe/Berlin"), &err), zone);
}

static void *find_all(void *found)
{
    const struct template_zone **out = found;
    struct err ignored;
    for (size_t i = 0; i < NAMES; i++)
        out[i] = zone_find(str_of(names[i]), &ignored);
    return NULL;
}

static void threads_find_the_same_zones(void **state)
{
    (void)state;
    need_zones();
    static const struct template_zone *found[4][NAMES];
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_all, found[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 1; i < 4; i++)
        assert_memory_equal(found[i], found[0], sizeof(found[0]));
    assert_non_null(found[0][0]);
}

static void no_name_leaves_the_folder(void **state)
{
    (void)state;
    const char *wrong[] = {"",
                           "/",
                           "/etc/localtime",
                           "..",
                           "../zoneinfo/UTC",
                           "Europe/",
                           "Europe//Rome",
                           "Europe/../UTC",
                           ".",
                           "zone.tab",
                           "UTC\n",
                           "Euro pe",
                           "Europe/Bruxellés",
                           "*"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(zone_find(str_of(wrong[i]), &err));
        assert_non_null(strstr(err.text, "is no name of a time zone"));
    }
    assert_null(zone_find(STR("UTC\0"), &err));
    char longer[ZONE_NAME_MOST + 1];
    memset(longer, 'a', sizeof(longer));
    assert_null(zone_find((struct str){longer, sizeof(longer)}, &err));
    assert_non_null(strstr(err.text, "is no name of a time zone"));
    assert_null(zone_find((struct str){longer, ZONE_NAME_MOST}, &err));
    assert_non_null(strstr(err.text, "There is no time zone"));
}

static void what_is_no_zone_is_refused(void **state)
{
    (void)state;
    need_zones();
    assert_null(zone_find(STR("Europe/Bruxelles"), &err));
    assert_string_equal(err.text, "There is no time zone \"Europe/Bruxelles\" on this system: "
                                  "/usr/share/zoneinfo/Europe/Bruxelles: No such file or "
                                  "directory.");
    assert_null(zone_find(STR("Europe"), &err));
    assert_string_equal(err.text, "There is no time zone \"Europe\" on this system: "
                                  "/usr/share/zoneinfo/Europe is no file.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_says_the_same_from_1970_to_2045),
        cmocka_unit_test(long_ago_and_far_ahead_too),
        cmocka_unit_test(facts_that_will_not_change),
        cmocka_unit_test(a_zone_is_read_once),
        cmocka_unit_test(threads_find_the_same_zones),
        cmocka_unit_test(no_name_leaves_the_folder),
        cmocka_unit_test(what_is_no_zone_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
