/* What a name stands for, which restraints concern a site, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/place.h"

enum { NOW = 5000 };

static struct provider providers[] = {{.name = STR("orange")}};
static struct source sources[] = {{.name = STR("mail1")}};
static const struct config config = {
    .providers = providers, .provider_count = 1, .sources = sources, .source_count = 1};

static struct restraint_record restraint(enum restraint_scope scope, enum restraint_action action,
                                         struct str place, uint32_t until)
{
    bool source = scope == RESTRAINT_EVERYWHERE;
    return (struct restraint_record){.scope = scope,
                                     .action = action,
                                     .place = source ? STR("") : place,
                                     .source = source ? place : STR(""),
                                     .rule = STR("slow-down"),
                                     .began = 1,
                                     .until = until,
                                     .text = STR("450 Slow down")};
}

static void assert_place(const struct survey *survey, const char *name, enum restraint_scope scope,
                         const char *found)
{
    struct place place;
    assert_true(place_find(&config, survey, str_of(name), &place));
    assert_int_equal(place.scope, scope);
    assert_true(str_eq(place.name, str_of(found)));
}

static void names_are_found_wherever_they_stand(void **state)
{
    (void)state;
    struct restraint_view dead = {
        NULL, restraint(RESTRAINT_AT_SITE, RESTRAINT_SUSPEND, STR("mx.gone.test"), 9000)};
    struct site_view site = {.key = STR("mx1.a.test+1#0011aabb"), .provider = STR("old")};
    struct survey survey = {.sites = &site, .restraints = &dead};
    struct place place;
    assert_place(&survey, "ORANGE", RESTRAINT_AT_PROVIDER, "orange");
    assert_place(&survey, "old", RESTRAINT_AT_PROVIDER, "old");
    assert_place(&survey, "MX1.a.test+1#0011aabb", RESTRAINT_AT_SITE, "mx1.a.test+1#0011aabb");
    assert_place(&survey, "mail1", RESTRAINT_EVERYWHERE, "mail1");
    assert_place(&survey, "mx.gone.test", RESTRAINT_AT_SITE, "mx.gone.test");
    assert_false(place_find(&config, &survey, STR("mx1.a.test"), &place));
    assert_false(place_find(&config, &survey, STR(""), &place));
}

static void a_suspension_is_of_its_place_only(void **state)
{
    (void)state;
    static const struct place places[] = {{RESTRAINT_AT_SITE, STR("x")},
                                          {RESTRAINT_AT_PROVIDER, STR("x")},
                                          {RESTRAINT_EVERYWHERE, STR("x")}};
    for (size_t i = 0; i < 3; i++) {
        struct restraint_record r = place_suspension(&places[i]);
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(restraint_is_of(&r, &places[k]), i == k);
    }
}

static void a_site_feels_its_own_its_providers_and_a_sources(void **state)
{
    (void)state;
    struct site_view site = {.key = STR("mx.a.test"), .provider = STR("orange")};
    struct site_view other = {.key = STR("mx.b.test"), .provider = STR("")};
    struct restraint_record own =
        restraint(RESTRAINT_AT_SITE, RESTRAINT_SLOW, STR("mx.a.test"), 9000);
    struct restraint_record wide =
        restraint(RESTRAINT_AT_PROVIDER, RESTRAINT_SLOW, STR("orange"), 9000);
    struct restraint_record all =
        restraint(RESTRAINT_EVERYWHERE, RESTRAINT_SLOW, STR("mail1"), 9000);
    struct survey survey = {.sites = &other};
    assert_true(restraint_concerns(&own, &site) && !restraint_concerns(&own, &other));
    assert_true(restraint_concerns(&wide, &site) && !restraint_concerns(&wide, &other));
    assert_true(restraint_concerns(&all, &site) && restraint_concerns(&all, &other));
    assert_true(restraint_is_elsewhere(&own, &survey));
    assert_false(restraint_is_elsewhere(&all, &survey));
}

static void assert_said(const struct restraint_record *r, enum site_state is, const char *word,
                        const char *why)
{
    struct restraint_view in_force = {NULL, *r};
    struct site_view site = {.key = STR("mx.a.test"), .state = is, .why = STR("As it said.")};
    struct survey survey = {.sites = &site, .restraints = &in_force};
    struct buf said = BUF_INIT;
    assert_string_equal(site_state_word(&survey, &site, NOW), word);
    site_say_why(&said, &survey, &site, NOW);
    assert_string_equal(said.at, why);
    buf_release(&said);
}

static void what_sends_less_than_usual_is_slowed(void **state)
{
    (void)state;
    struct restraint_record slow =
        restraint(RESTRAINT_AT_SITE, RESTRAINT_SLOW, STR("mx.a.test"), 9000);
    struct restraint_record back =
        restraint(RESTRAINT_AT_SITE, RESTRAINT_SUSPEND, STR("mx.a.test"), 4000);
    struct restraint_record plain =
        restraint(RESTRAINT_AT_SITE, RESTRAINT_PLAIN, STR("mx.a.test"), 9000);
    const char *slowed = "Slowed by rule slow-down: 450 Slow down";
    assert_said(&slow, SITE_SENDING, "slowed", slowed);
    assert_said(&slow, SITE_WAITING, "slowed", slowed);
    assert_said(&slow, SITE_LIMITED, "slowed", slowed);
    assert_said(&slow, SITE_IDLE, "idle", "As it said.");
    assert_said(&slow, SITE_UNREACHABLE, "unreachable", "As it said.");
    assert_said(&plain, SITE_SENDING, "sending", "As it said.");
    assert_said(&back, SITE_SENDING, "slowed",
                "Comes back step by step after a suspension by rule slow-down: 450 Slow down");
    back.until = RESTRAINT_UNTIL_RESUMED;
    assert_said(&back, SITE_SENDING, "sending", "As it said.");
    back = (struct restraint_record){.scope = RESTRAINT_AT_SITE,
                                     .action = RESTRAINT_SUSPEND,
                                     .place = STR("mx.a.test"),
                                     .until = 4000};
    assert_said(&back, SITE_SENDING, "slowed",
                "Comes back step by step after a suspension by hand.");
}

/* Whether or not a source was ever there: a site is suspended before its first connection, too. */
static void what_suspends_a_site_is_named(void **state)
{
    (void)state;
    struct restraint_record r =
        restraint(RESTRAINT_AT_SITE, RESTRAINT_SUSPEND, STR("mx.a.test"), 9000);
    assert_said(&r, SITE_SUSPENDED, "suspended", "Suspended by rule slow-down: 450 Slow down");
    r.action = RESTRAINT_BLOCK;
    assert_said(&r, SITE_SUSPENDED, "suspended", "Blocked by rule slow-down: 450 Slow down");
    r.action = RESTRAINT_SLOW;
    assert_said(&r, SITE_SUSPENDED, "suspended", "As it said.");
    r = place_suspension(&(struct place){RESTRAINT_EVERYWHERE, STR("mail1")});
    r.until = RESTRAINT_UNTIL_RESUMED;
    assert_said(&r, SITE_SUSPENDED, "suspended", "Suspended by hand.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_wherever_they_stand),
        cmocka_unit_test(a_suspension_is_of_its_place_only),
        cmocka_unit_test(a_site_feels_its_own_its_providers_and_a_sources),
        cmocka_unit_test(what_sends_less_than_usual_is_slowed),
        cmocka_unit_test(what_suspends_a_site_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
