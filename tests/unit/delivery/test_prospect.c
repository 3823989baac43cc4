#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/prospect.h"

enum { NOW = 1700000000, DAY_S = 86400 };

static const char settings[] =
    "data_dir = \"data\"\ncontrol { socket = \"control.sock\" }\n"
    "identity \"example\" { domain = \"send.example\" }\n"
    "source \"old\" { ehlo = \"old.example\" }\n"
    "source \"new\" { ehlo = \"new.example\"  warm_up { start = \"2023-11-14\"  days = { 50, 100 } "
    "} "
    "}\n"
    "pool \"all\" { sources = { \"old\", \"new\" } }\n"
    "pool \"fresh\" { sources = { \"new\" } }\n"
    "site \"*\" { connections = 10  rate = \"20/s\" }\n"
    "site \"mx.slow.example\" { rate = \"1/s\" }\n"
    "provider \"orange\" { mx = { \"*.orange.example\" }  connections = 2 }\n"
    "threads { composers = 2 }\n";

struct scene {
    struct config *config;
    struct survey survey;
    struct prospector *p;
    struct destination *added[64];
    size_t added_count;
    struct prospect got;
};

static void begin(struct scene *s, const char *pool, unsigned weight)
{
    struct prospect_job job = {.id = 12,
                               .weight = weight,
                               .pool = config_pool(s->config, str_of(pool)),
                               .now_s = NOW,
                               .wall_s = NOW};
    s->p = prospect_new(s->config, &s->survey, &job);
}

static int set_up(void **state)
{
    static struct scene scene;
    struct config_errors errors = CONFIG_ERRORS_INIT;
    scene = (struct scene){.config = config_load_text(str_of(settings), "test.conf", "/", &errors)};
    if (!scene.config)
        fail_msg("%s", errors.text.at);
    config_errors_release(&errors);
    begin(&scene, "all", 1);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    prospect_free(s->p);
    for (size_t i = 0; i < s->added_count; i++) {
        free(s->added[i]->key);
        free(s->added[i]);
    }
    config_unref(s->config);
    return 0;
}

static void begin_again(struct scene *s, const char *pool, unsigned weight)
{
    prospect_free(s->p);
    begin(s, pool, weight);
}

static void add(struct scene *s, enum destination_kind kind, const char *host, const char *provider,
                uint64_t recipients)
{
    struct destination *to = calloc(1, sizeof(*to) + sizeof(to->hosts[0]));
    to->kind = kind;
    to->key = strdup(host);
    to->provider = str_of(provider);
    to->host_count = 1;
    snprintf(to->hosts[0].name, sizeof(to->hosts[0].name), "%s", host);
    s->added[s->added_count++] = to; /* as long as the prospector */
    prospect_add(s->p, to, recipients);
}

static void add_hosts(struct scene *s, const char *host, uint64_t recipients)
{
    add(s, DESTINATION_HOSTS, host, "", recipients);
}

static const struct prospect_group *group_named(const struct scene *s, const char *name)
{
    for (size_t i = 0; i < s->got.count; i++)
        if (str_eq(s->got.groups[i].name, str_of(name)))
            return &s->got.groups[i];
    fail_msg("there is no group %s", name);
    return NULL;
}

static void assert_between(double got, double low, double high)
{
    if (!(got >= low && got <= high))
        fail_msg("%f is not in %f to %f", got, low, high);
}

static void domains_roll_up_to_sites_and_providers(void **state)
{
    struct scene *s = *state;
    add_hosts(s, "mx.slow.example", 60);
    add_hosts(s, "mx.slow.example", 40);
    add(s, DESTINATION_HOSTS, "mx1.orange.example", "orange", 300);
    add(s, DESTINATION_HOSTS, "mx2.orange.example", "orange", 100);
    add(s, DESTINATION_NOWHERE, "none.example", "", 5);
    add(s, DESTINATION_UNKNOWN, "silent.example", "", 3);
    prospect_complete(s->p, 510, false);
    prospect_make(s->p, &s->got);
    assert_int_equal(s->got.count, 4);
    const struct prospect_group *orange = &s->got.groups[0], *slow = &s->got.groups[1];
    assert_true(str_eq(orange->name, STR("orange")));
    assert_int_equal(orange->kind, PROSPECT_PROVIDER);
    assert_int_equal(orange->site_count, 2);
    assert_int_equal(orange->recipients, 400);
    assert_int_equal(orange->forecast.limit.connections, 2);
    assert_int_equal(slow->recipients, 100);
    assert_between(slow->forecast.seconds, 100, 106);
    assert_int_equal(s->got.groups[2].kind, PROSPECT_OTHER_DOMAINS);
    assert_int_equal(s->got.groups[2].recipients, 3 + 2);
    assert_int_equal(s->got.groups[3].kind, PROSPECT_NO_MAIL);
    assert_float_equal((float)s->got.seconds, (float)slow->forecast.seconds, 0.001);
    assert_int_equal(s->got.slowest, 1);
}

static void nobody_takes_no_time(void **state)
{
    struct scene *s = *state;
    prospect_complete(s->p, 0, false);
    prospect_make(s->p, &s->got);
    assert_int_equal(s->got.count, 0);
    assert_true(s->got.seconds == 0);
}

/* The slowest is listed, however small it is. */
static void many_small_sites_are_one_line(void **state)
{
    struct scene *s = *state;
    for (int i = 0; i < 60; i++) {
        char host[40];
        snprintf(host, sizeof(host), "mx.small%d.example", i);
        add_hosts(s, host, 100);
    }
    add_hosts(s, "mx.slow.example", 30);
    prospect_make(s->p, &s->got);
    assert_int_equal(s->got.count, PROSPECT_GROUPS_MAX);
    const struct prospect_group *rest = &s->got.groups[PROSPECT_GROUPS_MAX - 1];
    assert_int_equal(rest->kind, PROSPECT_SMALL_SITES);
    assert_int_equal(rest->site_count, 61 - (PROSPECT_GROUPS_MAX - 1));
    assert_true(str_eq(s->got.groups[s->got.slowest].name, STR("mx.slow.example")));
    uint64_t sum = 0;
    for (size_t i = 0; i < s->got.count; i++)
        sum += s->got.groups[i].recipients;
    assert_int_equal(sum, 6030);
}

static void tiny_sites_are_not_named(void **state)
{
    struct scene *s = *state;
    add_hosts(s, "mx.large.example", 1000000);
    for (int i = 0; i < 30; i++) {
        char host[40];
        snprintf(host, sizeof(host), "mx.tiny%d.example", i);
        add_hosts(s, host, 2);
    }
    prospect_make(s->p, &s->got);
    assert_int_equal(s->got.count, 13);
    assert_int_equal(s->got.groups[12].site_count, 31 - 12);
    assert_true(s->got.groups[12].forecast.pace <= 1000);
}

/* -- While it is sent. */

static struct share_view shares[3];
static struct site_view site;

static void survey_slow(struct scene *s)
{
    site = (struct site_view){.key = STR("mx.slow.example"),
                              .provider = STR(""),
                              .state = SITE_SENDING,
                              .shares = shares};
    config_site_terms(s->config, STR("mx.slow.example"), &site.terms);
    shares[0] = (struct share_view){.next = &shares[1], .job = 12, .queued = 100, .weight = 1};
    shares[1] = (struct share_view){.next = &shares[2], .job = 13, .queued = 1000, .weight = 1};
    shares[2] = (struct share_view){.job = 14, .queued = 7, .weight = 1, .transactional = true};
    s->survey.sites = &site;
    s->survey.site_count = 1;
}

static double slow_seconds(struct scene *s, unsigned weight)
{
    begin_again(s, "all", weight);
    prospect_add_found(s->p);
    prospect_make(s->p, &s->got);
    return group_named(s, "mx.slow.example")->forecast.seconds;
}

static void jobs_share_by_weight_and_lane(void **state)
{
    struct scene *s = *state;
    survey_slow(s);
    assert_between(slow_seconds(s, 1), 207, 219);
    assert_between(slow_seconds(s, 4), 132, 140);
    shares[1].queued = 10;
    assert_between(slow_seconds(s, 1), 117, 124);
    shares[1].weight = 1000;
    assert_between(slow_seconds(s, 1), 117, 124);
}

static void what_was_seen_at_the_site_counts(void **state)
{
    struct scene *s = *state;
    survey_slow(s);
    site.pace = 0.5;
    assert_between(slow_seconds(s, 1), 2 * 207, 2 * 208);
    assert_true(group_named(s, "mx.slow.example")->observed == 0.5);
}

static void what_waits_is_waited_for(void **state)
{
    struct scene *s = *state;
    struct away_view away = {.key = STR("mx.away.example"),
                             .provider = STR(""),
                             .host = STR("mx.away.example"),
                             .queued = 20,
                             .due = NOW + 600};
    survey_slow(s);
    s->survey.away_domains = &away;
    shares[0].held_until = NOW + 3600;
    assert_between(slow_seconds(s, 1), 3600 + 207, 3600 + 219);
    const struct prospect_group *group = group_named(s, "mx.away.example");
    assert_between(group->forecast.seconds, 601, 602);
    assert_int_equal(group->forecast.limit.until, NOW + 600);
    s->survey.away_domains = NULL;
}

/* Those that are still to be queued are like those that are. */
static void what_is_not_queued_yet_is_like_the_rest(void **state)
{
    struct scene *s = *state;
    survey_slow(s);
    shares[1].queued = shares[2].queued = 0;
    begin_again(s, "all", 1);
    prospect_add_found(s->p);
    prospect_complete(s->p, 1000, true);
    prospect_make(s->p, &s->got);
    assert_int_equal(s->got.count, 1);
    assert_int_equal(s->got.groups[0].recipients, 1000);
    begin_again(s, "all", 1);
    prospect_add_found(s->p);
    prospect_complete(s->p, 1000, false);
    prospect_make(s->p, &s->got);
    assert_int_equal(s->got.count, 2);
    assert_int_equal(s->got.groups[0].kind, PROSPECT_OTHER_DOMAINS);
    assert_int_equal(s->got.groups[0].recipients, 900);
}

/* -- Warming up: it is the 14th of November 2023, 22:13 UTC. */

static void new_sources_alone_take_their_days(void **state)
{
    struct scene *s = *state;
    begin_again(s, "fresh", 1);
    add(s, DESTINATION_HOSTS, "mx1.orange.example", "orange", 40);
    add_hosts(s, "mx1.example", 80);
    add_hosts(s, "mx2.example", 90);
    prospect_make(s->p, &s->got);
    assert_true(group_named(s, "orange")->forecast.seconds < 30);
    /* 170 together: 50 today, 100 tomorrow, and then it is warm. */
    int64_t midnight = DAY_S - NOW % DAY_S;
    const struct prospect_group *group = group_named(s, "mx1.example");
    assert_float_equal((float)group->forecast.seconds, (float)(midnight + DAY_S), 1);
    assert_int_equal(group->forecast.limit.cause, FORECAST_BY_WARM_UP);
}

static void beside_warm_sources_new_ones_do_not_count(void **state)
{
    struct scene *s = *state;
    add(s, DESTINATION_HOSTS, "mx1.orange.example", "orange", 400);
    prospect_make(s->p, &s->got);
    assert_int_equal(s->got.groups[0].forecast.limit.sources, 1);
    assert_between(s->got.seconds, 50, 55);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(domains_roll_up_to_sites_and_providers),
        TEST(nobody_takes_no_time),
        TEST(many_small_sites_are_one_line),
        TEST(tiny_sites_are_not_named),
        TEST(jobs_share_by_weight_and_lane),
        TEST(what_was_seen_at_the_site_counts),
        TEST(what_waits_is_waited_for),
        TEST(what_is_not_queued_yet_is_like_the_rest),
        TEST(new_sources_alone_take_their_days),
        TEST(beside_warm_sources_new_ones_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
