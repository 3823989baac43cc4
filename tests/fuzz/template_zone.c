/*
 * Any bytes as a zone file, or as the rule at the end of one: what is taken has a name and a
 * bounded offset at every moment, the same for whoever asks twice. A rule gives the same again
 * after 400 years, when the calendar does, and changes at most twice in any of them.
 */
#include <assert.h>

#include "template/zone.h"
#include "template/zone_rule.h"

static const int64_t cycle = INT64_C(146097) * 86400;

static const int64_t moments[] = {
    INT64_MIN,  -2840140800, -1,         0,          1,          951782400,    1711846799,
    1711846800, 1729990800,  2147483647, 2208988800, 4102444799, 253402300799, INT64_MAX,
};

static void check_at(const struct zone *zone, int64_t unix_s)
{
    const char *name, *again;
    int32_t offset = zone_offset(zone, unix_s, &name);
    assert(offset >= ZONE_OFFSET_LEAST && offset <= ZONE_OFFSET_MOST);
    assert(*name && strlen(name) < ZONE_ABBREVIATION_SIZE);
    assert(zone_offset(zone, unix_s, &again) == offset && again == name);
}

static void check_zone(struct str bytes)
{
    struct err err = {""};
    struct zone *zone = zone_parse(bytes, &err);
    assert(zone || err.text[0]);
    assert(!zone || bytes.len <= ZONE_FILE_MOST);
    for (size_t i = 0; zone && i < sizeof(moments) / sizeof(moments[0]); i++)
        check_at(zone, moments[i]);
    zone_free(zone);
}

static void check_rule(struct str text)
{
    struct zone_rule rule;
    if (!zone_rule_parse(text, &rule))
        return;
    const struct zone_time *last = zone_rule_time(&rule, 0);
    unsigned changes = 0;
    for (int64_t t = 0; t < INT64_C(10) * 366 * 86400; t += 43200) {
        const struct zone_time *time = zone_rule_time(&rule, t);
        assert(time == &rule.standard || (rule.has_daylight && time == &rule.daylight));
        assert(time->offset >= ZONE_OFFSET_LEAST && time->offset <= ZONE_OFFSET_MOST);
        assert(strlen(time->name) >= 3);
        assert(zone_rule_time(&rule, t + 3 * cycle) == time);
        assert(zone_rule_time(&rule, t - 7 * cycle) == time);
        changes += time != last;
        last = time;
    }
    assert(changes <= 22);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_from(data, size);
    if (str_starts(bytes, STR("TZif")))
        check_zone(bytes);
    else
        check_rule(bytes);
    return 0;
}
