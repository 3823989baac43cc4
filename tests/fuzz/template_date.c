/*
 * Any bytes as a date, and as directives: a date that was read is a moment of the years 1 to 9999
 * (or a day beside them, by its offset), and written out again it is read as the same moment. What
 * is written for a directive fits, is UTF-8 and is the same twice. The first byte chooses the
 * language and the zone.
 */
#include <assert.h>

#include "template/date.h"

static int32_t offset(const void *ctx, int64_t unix_s, const char **name)
{
    const uint8_t *shift = ctx;
    *name = unix_s < 0 ? NULL : "ZONE";
    return ((int32_t)(unix_s >> 24 & 1) + *shift - 128) * 450;
}

static void check_round_trip(struct str s, const struct template_zone *zone)
{
    struct date_moment moment = {0}, back = {0};
    struct date d;
    char text[80];
    if (!date_parse(s, zone, &moment))
        return;
    assert(moment.nanosecond >= 0 && moment.nanosecond < 1000000000);
    if (!date_from_unix(moment.unix_s, NULL, &d)) {
        assert(moment.unix_s < -62135596800 || moment.unix_s > 253402300799);
        return;
    }
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", d.year, d.month, d.day,
             d.hour, d.minute, d.second, (int)moment.nanosecond);
    assert(date_parse(str_of(text), zone, &back));
    assert(back.unix_s == moment.unix_s && back.nanosecond == moment.nanosecond);
}

static void check_directive(struct str spec, const struct template_zone *zone,
                            const struct template_language *language)
{
    struct date d;
    char once[DATE_TEXT_SIZE], twice[DATE_TEXT_SIZE];
    size_t used, again;
    assert(date_from_unix(1709211909, zone, &d));
    d.nanosecond = 123456789;
    size_t len = date_directive(&d, language, spec, once, &used);
    assert(used <= spec.len && len < DATE_TEXT_SIZE && (used || !len));
    assert(str_is_utf8((struct str){once, len}));
    assert(date_directive(&d, language, spec, twice, &again) == len && again == used);
    assert(memcmp(once, twice, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct template_zone zone = {data, offset};
    struct str s = {(const char *)data + 1, size - 1};
    check_round_trip(s, NULL);
    check_round_trip(s, &zone);
    for (size_t at = 0; at < s.len && at < 200; at++)
        check_directive(str_skip(s, at), &zone, &language_table[data[0] % language_count]);
    return 0;
}
