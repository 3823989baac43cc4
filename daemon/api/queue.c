#include "api/queue.h"

#include "api/site_json.h"
#include "api/sites.h"
#include "base/alloc.h"
#include "base/clock.h"

enum { LIST_DEFAULT = 100, LIST_MAX = 100000 };

/* A job at a site, or what of a job is at no site. */
struct entry {
    const struct site_view *site; /* NULL: at none */
    uint32_t job;
    uint64_t queued;
    uint32_t held_until;
};

struct listing {
    struct call call;
    struct api *api;
    uint32_t limit;
    const struct survey *survey;
    struct txn txn;
    struct entry *entries;
    size_t count, at_sites, size;
};

static void add(struct listing *l, struct entry entry)
{
    if (l->count == l->size) {
        l->size = l->size ? l->size * 2 : 256;
        l->entries = alloc_again(l->entries, l->size * sizeof(*l->entries));
    }
    l->entries[l->count++] = entry;
}

static int compare_jobs(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->job > y->job) - (x->job < y->job);
}

static int compare_sizes(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->queued != y->queued)
        return x->queued < y->queued ? 1 : -1;
    return compare_jobs(a, b);
}

static bool is_open(const struct job_record *job)
{
    return job->state == JOB_SENDING || job->state == JOB_PAUSED;
}

/* Sites that do nothing now notice later that a job was cancelled. The entries are sorted by job.
 */
static void drop_ended(struct listing *l)
{
    struct job_record job = {.id = 0};
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        uint32_t id = l->entries[i].job;
        if ((id == job.id || job_read(&l->txn, id, &job)) && is_open(&job))
            l->entries[kept++] = l->entries[i];
    }
    l->count = kept;
}

static void gather_at_sites(struct listing *l)
{
    for (const struct site_view *site = l->survey->sites; site; site = site->next)
        for (const struct share_view *s = site->shares; s; s = s->next)
            if (s->queued)
                add(l, (struct entry){site, s->job, s->queued, s->held_until});
    if (l->count)
        qsort(l->entries, l->count, sizeof(*l->entries), compare_jobs);
    drop_ended(l);
    l->at_sites = l->count;
}

/* What of a job is at sites; those entries are sorted by job. */
static uint64_t count_at_sites(const struct listing *l, uint32_t job)
{
    uint64_t sum = 0;
    size_t low = 0, high = l->at_sites;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->entries[middle].job < job)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < l->at_sites && l->entries[low].job == job; low++)
        sum += l->entries[low].queued;
    return sum;
}

/* Everybody who can still be sent to. */
static uint64_t count_open(const struct job_record *job)
{
    uint64_t open = (uint64_t)job->counts[RECIPIENT_QUEUED] + job->counts[RECIPIENT_DEFERRED];
    if (job->guarantee == GUARANTEE_AT_LEAST_ONCE)
        open += job->counts[RECIPIENT_IN_DOUBT];
    return open;
}

/* The rest of a job waits for room, for DNS, to be resumed, or to be queued at all. */
static void gather_rest(void *ctx, uint32_t id)
{
    struct listing *l = ctx;
    struct job_record job;
    if (!job_read(&l->txn, id, &job) || !is_open(&job))
        return;
    uint64_t open = count_open(&job), here = count_at_sites(l, id);
    if (open > here)
        add(l, (struct entry){NULL, id, open - here, 0});
}

static void write_site_of(struct json *json, const struct listing *l, const struct site_view *site)
{
    const struct str none = {NULL, 0};
    uint32_t now = (uint32_t)clock_steady_s();
    json_add_text(json, "site", site ? site->key : none);
    json_add_text(json, "provider", site && site->provider.len ? site->provider : none);
    json_add_text(json, "site_state", site ? str_of(site_state_word(l->survey, site, now)) : none);
}

static void write_job_of(struct json *json, struct txn *txn, uint32_t id)
{
    struct job_record job;
    json_add_u64(json, "job", id);
    if (!job_read(txn, id, &job))
        return;
    json_add_text(json, "name", job.name);
    json_add_text(json, "job_state", str_of(job_state_name(job.state)));
    json_add_text(json, "lane", str_of(job_lane_name(job.lane)));
    json_add_u64(json, "weight", job.weight);
}

static void write_entry(struct json *json, struct listing *l, const struct entry *e)
{
    json_open_object(json, NULL);
    write_site_of(json, l, e->site);
    write_job_of(json, &l->txn, e->job);
    json_add_u64(json, "queued", e->queued);
    json_add_steady(json, "held_until", e->held_until);
    json_close_object(json);
}

static uint64_t sum_of(const struct listing *l)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < l->count; i++)
        sum += l->entries[i].queued;
    return sum;
}

static void write_listing(struct json *json, struct listing *l)
{
    if (l->count)
        qsort(l->entries, l->count, sizeof(*l->entries), compare_sizes);
    json_open_object(json, NULL);
    json_open_array(json, "queue");
    for (size_t i = 0; i < l->count && i < l->limit; i++)
        write_entry(json, l, &l->entries[i]);
    json_close_array(json);
    json_add_u64(json, "entry_count", l->count);
    json_add_u64(json, "queued", sum_of(l));
    json_add_u64(json, "away_domains", l->survey->away);
    json_add_u64(json, "waiting_domains", l->survey->waiting);
    json_close_object(json);
}

static void answer(struct listing *l)
{
    struct buf text = BUF_INIT;
    struct json json = json_to(&text);
    struct err err;
    txn_begin(l->api->parts.store, &l->txn);
    gather_at_sites(l);
    campaign_each_active(l->api->parts.campaign, gather_rest, l);
    write_listing(&json, l);
    int failed = txn_failed(&l->txn, &err);
    txn_end(&l->txn);
    if (failed == 0) {
        answer_json(l->call.request, 200, &text);
        return;
    }
    buf_release(&text);
    http_respond_error(l->call.request, 503, "%s", err.text);
}

static void on_survey(void *ctx, const struct survey *survey)
{
    struct listing *l = ctx;
    l->survey = survey;
    if (l->call.request)
        answer(l);
    free(l->entries);
    free(l);
}

void queue_show(struct http_request *request)
{
    uint32_t limit = LIST_DEFAULT;
    if (!request_number(request, "limit", LIST_MAX, &limit))
        return;
    struct listing *l = NEW(struct listing);
    l->api = api_of(request);
    l->limit = limit;
    call_begin(&l->call, request);
    sites_ask(l->api, (struct survey_question){.name = STR(""), .shares = true}, on_survey, l);
}
