#include "api/forecasts.h"

#include "api/forecast_json.h"
#include "api/sites.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "delivery/scout.h"

/* How many domains are looked up for a plan, the largest first: the rest are few recipients. */
enum { SCOUTED_MAX = 2000 };

/* -- A plan. */

struct plan {
    struct call call;
    struct api *api;
    struct prospect_job job;
    uint32_t recipients; /* in all */
    struct str pool, identity;
    size_t count; /* domains that are looked up */
    uint32_t *domains, *sizes;
    struct destination **to;
    struct arena memory;
};

static void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        destination_unref(plan->to[i]);
    arena_release(&plan->memory);
    free(plan);
}

static void answer_plan(struct plan *plan, const struct prospect *prospect)
{
    struct buf text = BUF_INIT;
    struct json json = json_to(&text);
    json_open_object(&json, NULL);
    json_add_u64(&json, "recipients", plan->recipients);
    write_forecast(&json, prospect);
    json_close_object(&json);
    answer_json(plan->call.request, 200, &text);
}

static void make_plan(struct plan *plan, const struct survey *survey)
{
    struct senders *senders = composers_senders(plan->api->parts.composers);
    const struct config *config = senders->config;
    struct prospect *prospect = NEW(struct prospect);
    plan->job.pool = job_pool(config, plan->pool, plan->identity);
    plan->job.now_s = clock_steady_s();
    plan->job.wall_s = clock_wall_s();
    struct prospector *p = prospect_new(config, survey, &plan->job);
    for (size_t i = 0; i < plan->count; i++)
        prospect_add(p, plan->to[i], plan->sizes[i]);
    prospect_complete(p, plan->recipients, false);
    prospect_make(p, prospect);
    answer_plan(plan, prospect);
    prospect_free(p);
    free(prospect);
    senders_unref(senders);
}

static void on_plan_survey(void *ctx, const struct survey *survey)
{
    struct plan *plan = ctx;
    if (plan->call.request)
        make_plan(plan, survey);
    plan_free(plan);
}

static void on_scouted(void *ctx, const struct scouted *scouted, size_t count)
{
    struct plan *plan = ctx;
    for (size_t i = 0; i < count; i++)
        plan->to[i] = scouted[i].to ? destination_ref(scouted[i].to) : NULL;
    if (!plan->call.request) {
        plan_free(plan);
        return;
    }
    sites_ask(plan->api, (struct survey_question){.name = STR(""), .shares = true, .brief = true},
              on_plan_survey, plan);
}

static struct plan *plan_new(struct api *api, const struct campaign_plan *from)
{
    struct plan *plan = NEW(struct plan);
    arena_init(&plan->memory);
    plan->api = api;
    plan->job.transactional = from->lane == LANE_TRANSACTIONAL;
    plan->job.weight = from->weight;
    plan->pool = arena_str(&plan->memory, from->pool);
    plan->identity = arena_str(&plan->memory, from->identity);
    plan->count = from->domain_count < SCOUTED_MAX ? from->domain_count : SCOUTED_MAX;
    plan->domains = arena_zero(&plan->memory, (plan->count + 1) * sizeof(*plan->domains));
    plan->sizes = arena_zero(&plan->memory, (plan->count + 1) * sizeof(*plan->sizes));
    plan->to = arena_zero(&plan->memory, (plan->count + 1) * sizeof(struct destination *));
    for (size_t i = 0; i < plan->count; i++) {
        plan->domains[i] = from->domains[i].domain;
        plan->sizes[i] = from->domains[i].recipients;
    }
    return plan;
}

void forecast_plan(struct http_request *request, const struct campaign_plan *from,
                   uint32_t recipients)
{
    struct api *api = api_of(request);
    struct plan *plan = plan_new(api, from);
    plan->recipients = recipients;
    call_begin(&plan->call, request);
    scout_ask(api->parts.delivery, api->parts.front, plan->domains, plan->count, on_scouted, plan);
}

/* -- A job. */

struct outlook {
    struct call call;
    struct api *api;
    uint32_t job;
    void (*write)(struct view *view, uint32_t job, const struct prospect *prospect);
};

bool forecast_concerns(const struct job_view *job)
{
    return job->state == JOB_SENDING;
}

static uint64_t count_open(const struct job_view *job)
{
    uint64_t open =
        (uint64_t)job->counts[RECIPIENT_QUEUED] + job->counts[RECIPIENT_DEFERRED] + job->in_flight;
    if (job->guarantee == GUARANTEE_AT_LEAST_ONCE)
        open += job->counts[RECIPIENT_IN_DOUBT];
    return open;
}

static void make_prospect(const struct outlook *o, const struct job_view *view,
                          const struct survey *survey, struct prospect *out)
{
    struct senders *senders = composers_senders(o->api->parts.composers);
    const struct config *config = senders->config;
    struct prospect_job job = {.id = o->job,
                               .transactional = view->lane == LANE_TRANSACTIONAL,
                               .weight = view->weight,
                               .pool = job_pool(config, view->pool, view->identity),
                               .now_s = clock_steady_s(),
                               .wall_s = clock_wall_s()};
    struct prospector *p = prospect_new(config, survey, &job);
    prospect_add_found(p);
    prospect_complete(p, count_open(view), view->queued_up_to < view->recipients);
    prospect_make(p, out);
    prospect_free(p);
    senders_unref(senders);
}

static void answer_outlook(const struct outlook *o, const struct survey *survey)
{
    struct view view;
    struct job_view job;
    struct prospect *prospect = NEW(struct prospect);
    view_begin(&view, o->call.request);
    bool concerns =
        campaign_view(o->api->parts.campaign, &view.txn, o->job, &job) && forecast_concerns(&job);
    if (concerns)
        make_prospect(o, &job, survey, prospect);
    o->write(&view, o->job, concerns ? prospect : NULL);
    free(prospect);
}

static void on_survey(void *ctx, const struct survey *survey)
{
    struct outlook *o = ctx;
    if (o->call.request)
        answer_outlook(o, survey);
    free(o);
}

void forecast_job(struct http_request *request, uint32_t job,
                  void (*write)(struct view *view, uint32_t job, const struct prospect *prospect))
{
    struct outlook *o = NEW(struct outlook);
    o->api = api_of(request);
    o->job = job;
    o->write = write;
    call_begin(&o->call, request);
    sites_ask(o->api,
              (struct survey_question){.name = STR(""), .shares = true, .brief = true, .job = job},
              on_survey, o);
}
