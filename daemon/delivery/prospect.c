#include "delivery/prospect.h"

#include <math.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "config/warm_up.h"
#include "delivery/budget.h"

/* What one composer is supposed to compose and sign a second. */
static const double COMPOSER_PACE = 500;

/* A site that has recipients of the job, or that the survey knows. */
struct place {
    struct forecast_site site;
    struct str provider;          /* empty: none */
    const struct site_view *view; /* NULL: it is not in memory now */
    UT_hash_handle hh;            /* by key */
};

struct prospector {
    const struct config *config;
    const struct survey *survey;
    struct prospect_job job;
    struct place *places;
    uint64_t unknown, no_mail; /* recipients */
    struct str sources[SOURCES_MAX];
    struct restraint *restraints;
    bool budgets; /* all sources are new */
    struct forecast_terms terms;
    struct prospect_group *groups; /* while they are made */
    size_t group_count;
    struct arena memory;
};

/* What new sources take beside warm ones is little, and is left out. */
static void take_sources(struct prospector *p)
{
    uint32_t day = warm_up_day(p->job.wall_s);
    p->budgets = budget_binds(p->config, p->job.pool, p->job.wall_s);
    for (size_t i = 0; i < p->config->source_count; i++) {
        const struct source *source = &p->config->sources[i];
        if ((p->job.pool->members >> i & 1) &&
            (p->budgets || !warm_up_is_new(&source->warm_up, day)))
            p->sources[p->terms.source_count++] = source->name;
    }
    p->terms.sources = p->sources;
}

static void take_restraints(struct prospector *p)
{
    size_t count = 0;
    for (const struct restraint_view *r = p->survey->restraints; r; r = r->next)
        count++;
    p->restraints = alloc((count + 1) * sizeof(*p->restraints));
    for (const struct restraint_view *r = p->survey->restraints; r; r = r->next)
        restraint_init(&p->restraints[p->terms.restraint_count++], &r->is, p->job.now_s);
    p->terms.restraints = p->restraints;
}

static struct place *place_get(struct prospector *p, struct str key, struct str provider)
{
    struct place *place;
    HASH_FIND(hh, p->places, key.at, (unsigned)key.len, place);
    if (place)
        return place;
    place = ARENA_NEW(&p->memory, struct place);
    place->site.key = key;
    place->provider = provider;
    HASH_ADD_KEYPTR(hh, p->places, key.at, (unsigned)key.len, place);
    return place;
}

static void take_terms(struct place *place, const struct site_terms *terms)
{
    place->site.throttle = terms->throttle;
    place->site.connection = terms->connection;
}

static struct place *place_new(struct prospector *p, struct str key, struct str provider,
                               struct str host)
{
    struct site_terms terms;
    struct place *place = place_get(p, key, provider);
    if (place->view || place->site.connection.messages)
        return place;
    config_site_terms(p->config, host, &terms);
    take_terms(place, &terms);
    return place;
}

static double seconds_of_provider(const struct prospector *p, struct str name)
{
    for (const struct provider_view *v = p->survey->providers; v; v = v->next)
        if (name.len && str_eq(v->name, name))
            return v->seconds;
    return 0;
}

static void take_sites(struct prospector *p)
{
    for (const struct site_view *v = p->survey->sites; v; v = v->next) {
        if (v->state == SITE_NO_DNS || v->state == SITE_BOUNCING)
            continue;
        struct place *place = place_get(p, v->key, v->provider);
        place->view = v;
        place->site.seconds = v->seconds;
        place->site.observed = v->pace;
        take_terms(place, &v->terms);
    }
}

struct prospector *prospect_new(const struct config *config, const struct survey *survey,
                                const struct prospect_job *job)
{
    struct prospector *p = NEW(struct prospector);
    p->config = config;
    p->survey = survey;
    p->job = *job;
    p->terms.now_s = job->now_s;
    p->terms.machine = COMPOSER_PACE * config->threads.composers;
    arena_init(&p->memory);
    take_sources(p);
    take_restraints(p);
    take_sites(p);
    return p;
}

void prospect_free(struct prospector *p)
{
    HASH_CLEAR(hh, p->places);
    for (size_t i = 0; i < p->terms.restraint_count; i++)
        restraint_release(&p->restraints[i]);
    free(p->restraints);
    arena_release(&p->memory);
    free(p);
}

/* -- Whom it is for. */

void prospect_add(struct prospector *p, const struct destination *to, uint64_t recipients)
{
    if (!to || to->kind == DESTINATION_UNKNOWN) {
        p->unknown += recipients;
    } else if (to->kind == DESTINATION_NOWHERE) {
        p->no_mail += recipients;
    } else {
        struct place *place =
            place_new(p, str_of(to->key), to->provider, str_of(to->hosts[0].name));
        place->site.recipients += recipients;
        if (place->view && place->view->state == SITE_UNREACHABLE)
            place->site.not_before = place->view->due;
    }
}

/* The later counts: what is left of a site is waited for. */
static void wait_until(struct place *place, uint32_t until)
{
    if (until > place->site.not_before)
        place->site.not_before = until;
}

static void add_share(struct prospector *p, const struct site_view *site,
                      const struct share_view *share)
{
    if (share->job != p->job.id || share->queued == 0)
        return;
    if (site->state == SITE_NO_DNS) {
        p->unknown += share->queued;
    } else if (site->state == SITE_BOUNCING) {
        p->no_mail += share->queued;
    } else {
        struct place *place = place_get(p, site->key, site->provider);
        place->site.recipients += share->queued;
        wait_until(place, site->due);
        if (share->held_until > (uint64_t)p->job.now_s)
            wait_until(place, share->held_until);
    }
}

static void add_away(struct prospector *p, const struct away_view *away)
{
    if (!away->host.len) {
        p->unknown += away->queued;
        return;
    }
    struct place *place = place_new(p, away->key, away->provider, away->host);
    place->site.recipients += away->queued;
    wait_until(place, away->due);
}

void prospect_add_found(struct prospector *p)
{
    for (const struct site_view *site = p->survey->sites; site; site = site->next)
        for (const struct share_view *share = site->shares; share; share = share->next)
            add_share(p, site, share);
    for (const struct away_view *away = p->survey->away_domains; away; away = away->next)
        add_away(p, away);
}

static uint64_t added(const struct prospector *p)
{
    uint64_t sum = p->unknown + p->no_mail;
    for (const struct place *place = p->places; place; place = place->hh.next)
        sum += place->site.recipients;
    return sum;
}

static uint64_t grown(uint64_t part, uint64_t whole, uint64_t open)
{
    return (uint64_t)((double)part / (double)whole * (double)open);
}

void prospect_complete(struct prospector *p, uint64_t open, bool being_queued)
{
    uint64_t before = added(p);
    if (open <= before)
        return;
    if (being_queued && before > 0) {
        for (struct place *place = p->places; place; place = place->hh.next)
            place->site.recipients = grown(place->site.recipients, before, open);
        p->unknown = grown(p->unknown, before, open);
        p->no_mail = grown(p->no_mail, before, open);
        before = added(p);
    }
    p->unknown += open > before ? open - before : 0;
}

/* -- What comes of it. */

/* What another job has there before the last of this one is served: in the same lane, jobs are
 * served by their weights until one of them has no more. */
static double work_before(const struct prospector *p, const struct share_view *other, double own)
{
    if (other->job == p->job.id)
        return 0;
    if (other->transactional != p->job.transactional)
        return other->transactional ? (double)other->queued : 0;
    double fair = own * other->weight / p->job.weight;
    return fair < (double)other->queued ? fair : (double)other->queued;
}

static void weigh(const struct prospector *p, struct place *place)
{
    struct forecast_site *site = &place->site;
    site->work = (double)site->recipients;
    if (site->seconds <= 0)
        site->seconds = seconds_of_provider(p, place->provider);
    for (const struct share_view *s = place->view ? place->view->shares : NULL; s; s = s->next)
        site->work += work_before(p, s, (double)site->recipients);
}

static struct prospect_group *group_new(struct prospector *p, enum prospect_kind kind,
                                        struct str name)
{
    struct prospect_group *group = &p->groups[p->group_count++];
    *group = (struct prospect_group){.kind = kind, .name = name};
    return group;
}

static int by_provider(const void *a, const void *b)
{
    const struct place *x = *(struct place *const *)a, *y = *(struct place *const *)b;
    return str_compare(x->provider, y->provider);
}

/* Those that have recipients, providers together; `sites` has room for them, and gets what
 * forecast_make wants. */
static size_t sort_places(struct prospector *p, struct place **all, struct forecast_site *sites)
{
    size_t count = 0;
    for (struct place *place = p->places; place; place = place->hh.next)
        if (place->site.recipients > 0)
            all[count++] = place;
    qsort(all, count, sizeof(struct place *), by_provider);
    for (size_t i = 0; i < count; i++) {
        weigh(p, all[i]);
        sites[i] = all[i]->site;
    }
    return count;
}

static void group_sites(struct prospector *p, struct str provider,
                        const struct forecast_site *sites, size_t count)
{
    bool alone = provider.len == 0;
    struct prospect_group *group =
        group_new(p, alone ? PROSPECT_SITE : PROSPECT_PROVIDER, alone ? sites[0].key : provider);
    group->site_count = count;
    for (size_t i = 0; i < count; i++) {
        group->recipients += sites[i].recipients;
        group->observed += sites[i].observed;
    }
    const struct provider *terms = alone ? NULL : config_provider_named(p->config, provider);
    forecast_make(&p->terms, terms, sites, count, &group->forecast);
}

static void group_places(struct prospector *p)
{
    size_t most = HASH_COUNT(p->places);
    struct place **all = arena_alloc(&p->memory, (most + 1) * sizeof(struct place *));
    struct forecast_site *sites = arena_alloc(&p->memory, (most + 1) * sizeof(*sites));
    size_t count = sort_places(p, all, sites);
    for (size_t i = 0, end; i < count; i = end) {
        end = i + 1;
        while (all[i]->provider.len && end < count && str_eq(all[end]->provider, all[i]->provider))
            end++;
        group_sites(p, all[i]->provider, &sites[i], end - i);
    }
}

static void group_unknown(struct prospector *p)
{
    const struct site_limits *star = &p->config->sites[p->config->site_count - 1];
    struct forecast_site site = {.key = STR(""),
                                 .throttle = star->throttle,
                                 .connection = star->connection,
                                 .recipients = p->unknown,
                                 .work = (double)p->unknown};
    if (p->unknown == 0)
        return;
    struct prospect_group *group = group_new(p, PROSPECT_OTHER_DOMAINS, STR(""));
    group->recipients = p->unknown;
    forecast_make(&p->terms, NULL, &site, 1, &group->forecast);
}

static void group_no_mail(struct prospector *p)
{
    if (p->no_mail == 0)
        return;
    struct prospect_group *group = group_new(p, PROSPECT_NO_MAIL, STR(""));
    group->recipients = p->no_mail;
    group->forecast.pace = p->terms.machine;
    group->forecast.seconds = (double)p->no_mail / p->terms.machine;
    group->forecast.limit.cause = FORECAST_BY_MACHINE;
}

/* The largest first. */
static int by_size(const void *a, const void *b)
{
    const struct prospect_group *x = a, *y = b;
    if (x->recipients != y->recipients)
        return x->recipients < y->recipients ? 1 : -1;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : str_compare(x->name, y->name);
}

/* All sites without a provider have one budget together. */
static double budgeted(const struct prospector *p, const struct prospect_group *group)
{
    double sum = 0;
    if (group->kind == PROSPECT_PROVIDER)
        return (double)group->recipients;
    for (size_t i = 0; i < p->group_count; i++)
        if (p->groups[i].kind == PROSPECT_SITE || p->groups[i].kind == PROSPECT_OTHER_DOMAINS)
            sum += (double)p->groups[i].recipients;
    return sum;
}

static void keep_budgets(struct prospector *p)
{
    for (size_t i = 0; i < p->group_count; i++) {
        struct prospect_group *group = &p->groups[i];
        double wait =
            (double)budget_wait_s(p->config, p->job.pool, p->job.wall_s, budgeted(p, group));
        if (group->kind == PROSPECT_NO_MAIL || wait <= group->forecast.seconds)
            continue;
        group->forecast.seconds = wait;
        group->forecast.limit = (struct forecast_limit){.cause = FORECAST_BY_WARM_UP};
    }
}

static size_t find_slowest(const struct prospect_group *groups, size_t count)
{
    size_t slowest = 0;
    for (size_t i = 1; i < count; i++)
        if (groups[i].forecast.seconds > groups[slowest].forecast.seconds)
            slowest = i;
    return slowest;
}

/* What many could take together is more than the machine gives. */
static void merge(const struct prospector *p, struct prospect_group *into,
                  const struct prospect_group *one)
{
    into->site_count += one->site_count;
    into->recipients += one->recipients;
    into->observed += one->observed;
    into->forecast.pace += one->forecast.pace;
    if (into->forecast.pace > p->terms.machine)
        into->forecast.pace = p->terms.machine;
    if (one->forecast.seconds <= into->forecast.seconds)
        return;
    into->forecast.seconds = one->forecast.seconds;
    into->forecast.limit = one->forecast.limit;
}

/* How many are listed by their names: the first ones, and those that are not very small. */
static size_t count_named(const struct prospector *p)
{
    enum { ALWAYS = 12, SMALL_PART = 500 };
    size_t named = 0;
    uint64_t whole = added(p);
    while (named < p->group_count && named < PROSPECT_GROUPS_MAX - 1 &&
           (named < ALWAYS || p->groups[named].recipients >= whole / SMALL_PART))
        named++;
    return named;
}

/* The slowest is always among those that are named. */
static void list_groups(struct prospector *p, struct prospect *out)
{
    qsort(p->groups, p->group_count, sizeof(*p->groups), by_size);
    size_t slowest = find_slowest(p->groups, p->group_count), named = count_named(p);
    if (slowest >= named) {
        struct prospect_group moved = p->groups[named - 1];
        p->groups[named - 1] = p->groups[slowest];
        p->groups[slowest] = moved;
    }
    memcpy(out->groups, p->groups, named * sizeof(*p->groups));
    out->count = named;
    if (named < p->group_count)
        out->groups[out->count++] = (struct prospect_group){.kind = PROSPECT_SMALL_SITES};
    for (size_t i = named; i < p->group_count; i++)
        merge(p, &out->groups[named], &p->groups[i]);
    out->slowest = find_slowest(out->groups, out->count);
}

void prospect_make(struct prospector *p, struct prospect *out)
{
    *out = (struct prospect){.count = 0};
    p->group_count = 0;
    p->groups = arena_alloc(&p->memory, (HASH_COUNT(p->places) + 2) * sizeof(*p->groups));
    group_places(p);
    group_unknown(p);
    group_no_mail(p);
    if (p->budgets)
        keep_budgets(p);
    if (p->group_count == 0)
        return;
    list_groups(p, out);
    double machine = (double)added(p) / p->terms.machine;
    out->seconds = out->groups[out->slowest].forecast.seconds;
    if (machine > out->seconds)
        out->seconds = machine;
}
