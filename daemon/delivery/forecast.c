#include "delivery/forecast.h"

#include <math.h>

#include "delivery/limits.h"
#include "delivery/pace.h"

/* STEPS_MAX: of changes looked at, one after the other; what restrains has a few tens at most. */
enum { CONCERNED_MAX = 64, STEPS_MAX = 1024 };

/* How fast at a moment, and because of what. */
struct flow {
    double pace;
    struct forecast_limit limit;
};

/* One way to look at a group: one of its sites, or what all of them share. */
struct line {
    const struct forecast_terms *terms;
    const struct provider *provider;  /* or NULL */
    const struct forecast_site *site; /* NULL: what they share */
    const struct restraint *concerned[CONCERNED_MAX];
    size_t concerned_count;
    double seconds, messages; /* of a connection: for a message, and in all */
};

static const struct flow free_flow = {INFINITY, {.cause = FORECAST_BY_NOTHING}};

double forecast_rate(struct rate rate)
{
    enum { PERIODS = 1000 };
    struct pace pace;
    int64_t span_us = rate.period_ms * 1000 * PERIODS;
    pace_init(&pace, rate, 0);
    return (double)pace_allows(&pace, span_us, 0) * 1e6 / (double)span_us;
}

/* -- What limits let go. */

static void narrow(struct flow *flow, double pace, struct forecast_limit limit)
{
    if (pace < flow->pace)
        *flow = (struct flow){pace, limit};
}

static struct flow flow_of(const struct line *line, const struct throttle_limits *limits)
{
    struct flow flow = free_flow;
    if (limits->connections)
        narrow(&flow, limits->connections / line->seconds,
               (struct forecast_limit){.cause = FORECAST_BY_CONNECTIONS,
                                       .connections = limits->connections});
    if (limits->connection_rate.count)
        narrow(&flow, forecast_rate(limits->connection_rate) * line->messages,
               (struct forecast_limit){.cause = FORECAST_BY_CONNECTION_RATE,
                                       .rate = limits->connection_rate});
    for (size_t i = 0; i < limits->rates.count; i++)
        narrow(&flow, forecast_rate(limits->rates.at[i]),
               (struct forecast_limit){.cause = FORECAST_BY_RATE, .rate = limits->rates.at[i]});
    return flow;
}

static bool is_of_source(const struct restraint *r, struct str source)
{
    return !r->is.source.len || str_eq(r->is.source, source);
}

/* As delivery/restraints.c has it: what slows a provider is shared by its sites, what suspends it
 * each of them feels. */
static struct effect effect_at(const struct line *line, struct str source, bool shared,
                               int64_t at_s)
{
    struct effect effect = {.suspended = false};
    const struct throttle_limits *usual =
        shared ? &line->provider->together : &line->site->throttle;
    for (size_t i = 0; i < line->concerned_count; i++) {
        const struct restraint *r = line->concerned[i];
        bool of_provider = r->is.scope == RESTRAINT_AT_PROVIDER;
        if (is_of_source(r, source) && of_provider == shared)
            restraint_add_to(r, at_s, usual, &effect);
    }
    return effect;
}

static struct flow lessened(const struct line *line, const struct throttle_limits *usual,
                            const struct effect *effect)
{
    struct throttle_limits limits = *usual;
    struct flow before = flow_of(line, usual);
    if (effect->suspended || effect->blocked)
        return (struct flow){0, {.cause = FORECAST_BY_SUSPENSION, .until = effect->until}};
    limits_lessen(&limits, effect);
    struct flow flow = flow_of(line, &limits);
    flow.limit.restrained = flow.pace < before.pace;
    return flow;
}

static struct flow source_flow(const struct line *line, struct str source, int64_t at_s)
{
    struct flow flow = free_flow;
    if (line->site) {
        struct effect effect = effect_at(line, source, false, at_s);
        flow = lessened(line, &line->site->throttle, &effect);
    }
    if (line->provider) {
        struct effect effect = effect_at(line, source, true, at_s);
        struct flow shared = lessened(line, &line->provider->together, &effect);
        narrow(&flow, shared.pace, shared.limit);
    }
    return flow;
}

/* What the sources give together; the limit of the one that gives most stands for all. Where none
 * may send, the one that may again first. */
static struct flow sources_flow(const struct line *line, int64_t at_s)
{
    struct flow sum = {0, {.cause = FORECAST_BY_NOTHING}};
    double most = -1;
    unsigned sending = 0;
    for (size_t i = 0; i < line->terms->source_count; i++) {
        struct flow one = source_flow(line, line->terms->sources[i], at_s);
        bool sooner = one.pace == 0 && most == 0 && one.limit.until < sum.limit.until;
        sum.pace += one.pace;
        sending += one.pace > 0;
        if (one.pace > most || sooner)
            sum.limit = one.limit;
        most = one.pace > most ? one.pace : most;
    }
    sum.limit.sources = sending;
    return sum;
}

static struct flow flow_at(const struct line *line, int64_t at_s)
{
    struct flow flow = sources_flow(line, at_s);
    double observed = line->site ? line->site->observed : 0;
    if (line->provider) {
        struct flow total = flow_of(line, &line->provider->total);
        narrow(&flow, total.pace, total.limit);
    }
    if (observed > 0 && line->concerned_count == 0)
        narrow(&flow, observed, (struct forecast_limit){.cause = FORECAST_BY_OBSERVED});
    if (line->terms->machine > 0)
        narrow(&flow, line->terms->machine, (struct forecast_limit){.cause = FORECAST_BY_MACHINE});
    return flow;
}

/* -- Over time. */

static int64_t next_change(const struct line *line, int64_t at_s)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < line->concerned_count; i++) {
        const struct restraint *r = line->concerned[i];
        bool shared = r->is.scope == RESTRAINT_AT_PROVIDER;
        const struct throttle_limits *usual = shared       ? &line->provider->together
                                              : line->site ? &line->site->throttle
                                                           : NULL;
        int64_t change = restraint_next_change(r, at_s, usual);
        if (change > at_s && change < next)
            next = change;
    }
    return next;
}

/* Seconds from now until so much work is done that begins at `at_s`. */
static double finish(const struct line *line, double work, int64_t at_s)
{
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        double pace = flow_at(line, at_s).pace, done = (double)(at_s - line->terms->now_s);
        int64_t next = next_change(line, at_s);
        if (isinf(pace))
            return done;
        if (pace > 0 && (next == INT64_MAX || work <= pace * (double)(next - at_s)))
            return done + work / pace;
        if (next == INT64_MAX)
            return FORECAST_NEVER;
        work -= pace * (double)(next - at_s);
        at_s = next;
    }
    return FORECAST_NEVER;
}

/* -- Lines. */

static bool concerns(const struct line *line, const struct restraint *r)
{
    if (r->is.action == RESTRAINT_HOLD_JOB || r->is.action == RESTRAINT_PLAIN)
        return false;
    switch (r->is.scope) {
    case RESTRAINT_AT_SITE:
        return line->site && str_eq(r->is.place, line->site->key);
    case RESTRAINT_AT_PROVIDER:
        return line->provider && str_eq(r->is.place, line->provider->name);
    case RESTRAINT_EVERYWHERE:
        return line->site != NULL;
    }
    return false;
}

static void line_init(struct line *line, const struct forecast_terms *terms,
                      const struct provider *provider, const struct forecast_site *site)
{
    *line = (struct line){.terms = terms, .provider = provider, .site = site};
    for (size_t i = 0; i < terms->restraint_count && line->concerned_count < CONCERNED_MAX; i++)
        if (concerns(line, &terms->restraints[i]))
            line->concerned[line->concerned_count++] = &terms->restraints[i];
}

/* How long a message keeps a connection, its part of opening it included. */
static double seconds_of(const struct forecast_site *site)
{
    unsigned in_flight = site->connection.in_flight ? site->connection.in_flight : 1;
    unsigned messages = site->connection.messages ? site->connection.messages : 1;
    double seconds = site->seconds > 0 ? site->seconds : FORECAST_MESSAGE_S / in_flight;
    return seconds + FORECAST_CONNECT_S / messages;
}

static struct forecast site_forecast(const struct forecast_terms *terms,
                                     const struct provider *provider,
                                     const struct forecast_site *site)
{
    struct line line;
    line_init(&line, terms, provider, site);
    line.seconds = seconds_of(site);
    line.messages = site->connection.messages ? site->connection.messages : 1;
    struct flow now = flow_at(&line, terms->now_s);
    if (site->not_before <= (uint64_t)terms->now_s)
        return (struct forecast){now.pace, finish(&line, site->work, terms->now_s), now.limit};
    struct forecast_limit waits = {.cause = FORECAST_BY_WAIT, .until = site->not_before};
    double seconds = site->not_before == UINT32_MAX ? FORECAST_NEVER
                                                    : finish(&line, site->work, site->not_before);
    return (struct forecast){0, seconds, waits};
}

/* As the sites need them, by their work. */
static void average(struct line *line, const struct forecast_site *sites, size_t count, double work)
{
    for (size_t i = 0; i < count; i++) {
        double part = sites[i].work / work;
        unsigned messages = sites[i].connection.messages ? sites[i].connection.messages : 1;
        line->seconds += seconds_of(&sites[i]) * part;
        line->messages += messages * part;
    }
}

static struct forecast shared_forecast(const struct forecast_terms *terms,
                                       const struct provider *provider,
                                       const struct forecast_site *sites, size_t count)
{
    struct line line;
    double work = 0;
    line_init(&line, terms, provider, NULL);
    for (size_t i = 0; i < count; i++)
        work += sites[i].work;
    average(&line, sites, count, work);
    struct flow now = flow_at(&line, terms->now_s);
    return (struct forecast){now.pace, finish(&line, work, terms->now_s), now.limit};
}

void forecast_make(const struct forecast_terms *terms, const struct provider *provider,
                   const struct forecast_site *sites, size_t count, struct forecast *out)
{
    struct forecast slowest = {.seconds = -1};
    double pace = 0;
    for (size_t i = 0; i < count; i++) {
        struct forecast one = site_forecast(terms, provider, &sites[i]);
        pace += one.pace;
        if (one.seconds > slowest.seconds)
            slowest = one;
    }
    *out = slowest;
    out->pace = pace;
    if (!provider)
        return;
    struct forecast shared = shared_forecast(terms, provider, sites, count);
    out->pace = pace < shared.pace ? pace : shared.pace;
    if (shared.seconds < slowest.seconds)
        return;
    out->seconds = shared.seconds;
    out->limit = shared.limit;
}
