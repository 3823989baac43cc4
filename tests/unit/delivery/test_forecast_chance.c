/* What holds for forecasts whatever the numbers are. */
#include <math.h>

#include "delivery/forecast.h"
#include "unit/delivery/dice.h"
#include "unit/delivery/restraint_help.h"

enum { SITES = 3, RESTRAINTS = 4 };

static struct dice dice;

static uint64_t chance(uint64_t below)
{
    return dice_below(&dice, below);
}

static struct rate any_rate(void)
{
    static const int64_t periods[] = {1000, MINUTE_MS, 60 * MINUTE_MS, DAY_MS};
    return (struct rate){1 + chance((uint64_t)1 << chance(16)), periods[chance(4)]};
}

static struct throttle_limits any_limits(void)
{
    struct throttle_limits l = {.connections = (unsigned)chance(2) * (1 + (unsigned)chance(30))};
    l.rates.count = chance(RATES_MAX);
    for (size_t i = 0; i < l.rates.count; i++)
        l.rates.at[i] = any_rate();
    if (chance(3) == 0)
        l.connection_rate = any_rate();
    return l;
}

/* A group and what restrains it, as chance has it. */
struct scene {
    struct provider provider;
    bool has_provider;
    struct forecast_site sites[SITES];
    size_t site_count;
    struct restraint restraints[RESTRAINTS];
    struct str sources[2];
    struct forecast_terms terms;
};

static void any_restraint(struct restraint *r)
{
    struct rule rule = rule_of((enum rule_action)chance(3));
    rule.scope = (enum rule_scope)chance(3);
    rule.for_ms = 1000 + (int64_t)chance(60 * MINUTE_MS);
    rule.rate = any_rate();
    rule.connections = (unsigned)chance(4);
    struct restraint_record record = record_at(&rule, NOW - (int64_t)chance(3000));
    if (chance(2))
        record.source = STR("");
    restraint_init(r, &record, NOW);
}

static void scene_init(struct scene *s)
{
    static const char *const keys[SITES] = {"mx.example", "mx.other", "mx.third"};
    *s = (struct scene){.has_provider = chance(2), .site_count = 1 + chance(SITES)};
    s->sources[0] = SOURCE;
    s->sources[1] = STR("mail2");
    s->provider = (struct provider){
        .name = PROVIDER, .together = any_limits(), .each = any_limits(), .total = any_limits()};
    for (size_t i = 0; i < s->site_count; i++) {
        uint64_t recipients = 1 + chance(20000);
        s->sites[i] = (struct forecast_site){
            .key = str_of(keys[i]),
            .throttle = any_limits(),
            .connection = {.messages = 1 + (unsigned)chance(200), .in_flight = 1},
            .observed = (double)chance(2) * (double)chance(50),
            .recipients = recipients,
            .work = (double)(recipients + chance(2) * chance(9000)),
            .not_before = (uint32_t)chance(2) * (NOW + (uint32_t)chance(4000))};
    }
    s->terms = (struct forecast_terms){.now_s = NOW,
                                       .sources = s->sources,
                                       .source_count = 1 + chance(2),
                                       .restraints = s->restraints,
                                       .restraint_count = chance(RESTRAINTS + 1),
                                       .machine = 1000};
    for (size_t i = 0; i < s->terms.restraint_count; i++)
        any_restraint(&s->restraints[i]);
}

static void scene_release(struct scene *s)
{
    for (size_t i = 0; i < s->terms.restraint_count; i++)
        restraint_release(&s->restraints[i]);
    s->terms.restraint_count = 0;
}

static struct forecast forecast_of(const struct scene *s)
{
    struct forecast out;
    forecast_make(&s->terms, s->has_provider ? &s->provider : NULL, s->sites, s->site_count, &out);
    return out;
}

static double work_of(const struct scene *s)
{
    double work = 0;
    for (size_t i = 0; i < s->site_count; i++)
        work += s->sites[i].work;
    return work;
}

/* A rounding error is no disorder. */
static void assert_not_before(double later, double earlier)
{
    assert_true(later >= earlier - 1e-6 * (1 + fabs(earlier)) || (isinf(later) && isinf(earlier)));
}

static void more_recipients_are_never_served_sooner(void **state)
{
    struct scene s;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        scene_init(&s);
        /* Of the same kind: else the average of what the sites share is another one then. */
        for (size_t i = 0; i < s.site_count; i++)
            s.sites[i].connection.messages = s.sites[0].connection.messages;
        double before = forecast_of(&s).seconds;
        s.sites[chance(s.site_count)].work += (double)(1 + chance(5000));
        assert_true(before >= 0);
        assert_not_before(forecast_of(&s).seconds, before);
        scene_release(&s);
    }
}

static void a_limit_more_is_never_faster(void **state)
{
    struct scene s;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        scene_init(&s);
        scene_release(&s); /* after those, the usual limits say how one comes back */
        struct forecast before = forecast_of(&s);
        struct rates *rates = &s.sites[chance(s.site_count)].throttle.rates;
        rates->at[rates->count++] = any_rate();
        struct forecast after = forecast_of(&s);
        assert_not_before(after.seconds, before.seconds);
        assert_not_before(before.pace, after.pace);
    }
}

/* The machine alone would take so long; the wait of a site cannot be shortened either. */
static void nothing_is_finished_before_it_can_be(void **state)
{
    struct scene s;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        scene_init(&s);
        struct forecast f = forecast_of(&s);
        assert_true(f.pace >= 0);
        if (s.has_provider)
            assert_not_before(f.seconds, work_of(&s) / s.terms.machine);
        for (size_t i = 0; i < s.site_count; i++)
            if (s.sites[i].not_before)
                assert_not_before(f.seconds, (double)s.sites[i].not_before - NOW);
        scene_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_recipients_are_never_served_sooner),
        cmocka_unit_test(a_limit_more_is_never_faster),
        cmocka_unit_test(nothing_is_finished_before_it_can_be),
    };
    dice = dice_of(20261122);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
