#include "api/sites.h"

#include "api/site_json.h"
#include "audience/quote.h"
#include "base/alloc.h"

enum { LIST_DEFAULT = 100, LIST_MAX = 10000 };

/* A question on its way, with all that its answer needs. */
struct question {
    struct call call;
    struct api *api;
    uint32_t limit;
    char *name;
};

static struct question *question_new(struct http_request *request)
{
    struct question *q = NEW(struct question);
    q->api = api_of(request);
    call_begin(&q->call, request);
    return q;
}

static void question_free(struct question *q)
{
    free(q->name);
    free(q);
}

void sites_ask(struct api *api, struct survey_question question,
               void (*on_survey)(void *ctx, const struct survey *survey), void *ctx)
{
    survey_ask(api->parts.delivery, api->parts.front, &question, on_survey, ctx);
}

bool sites_find(struct api *api, const struct survey *survey, struct str name, struct place *out)
{
    struct senders *senders = composers_senders(api->parts.composers);
    bool found = place_find(senders->config, survey, name, out);
    senders_unref(senders);
    return found;
}

void refuse_place(struct http_request *request, struct str name, const char *more)
{
    struct buf quoted = BUF_INIT;
    quote_add(&quoted, name);
    http_respond_error(request, 404,
                       "There is no site and no provider %s: \"tocsin site list\" shows the sites "
                       "that have mail or had some lately.%s",
                       quoted.at, more);
    buf_release(&quoted);
}

/* -- A report: a survey, the configuration in force, and a look at the store. */

struct reading {
    struct site_report report;
    struct senders *senders; /* hold the configuration */
    struct txn txn;
};

static void reading_begin(struct reading *r, struct api *api, const struct survey *survey)
{
    r->senders = composers_senders(api->parts.composers);
    r->report = (struct site_report){survey, r->senders->config, &r->txn};
    txn_begin(api->parts.store, &r->txn);
}

static int reading_end(struct reading *r, struct err *err)
{
    int result = txn_failed(&r->txn, err);
    txn_end(&r->txn);
    senders_unref(r->senders);
    return result;
}

/* Ends the request with what was written, or with the store's trouble. */
static void answer(struct http_request *request, int result, struct buf *text,
                   const struct err *err)
{
    if (result == 0) {
        answer_json(request, 200, text);
        return;
    }
    buf_release(text);
    http_respond_error(request, 503, "%s", err->text);
}

/* -- All sites. */

static int compare_sites(const void *a, const void *b)
{
    const struct site_view *x = *(const struct site_view *const *)a;
    const struct site_view *y = *(const struct site_view *const *)b;
    if (x->queued != y->queued)
        return x->queued < y->queued ? 1 : -1;
    return str_compare(x->key, y->key);
}

/* The largest queue first; free it. */
static const struct site_view **sorted_sites(const struct survey *survey)
{
    const struct site_view **all =
        alloc((survey->site_count + 1) * sizeof(const struct site_view *));
    size_t count = 0;
    for (const struct site_view *s = survey->sites; s; s = s->next)
        all[count++] = s;
    qsort(all, count, sizeof(const struct site_view *), compare_sites);
    return all;
}

static void write_sites(struct json *json, const struct site_report *report, size_t limit,
                        enum site_detail detail)
{
    const struct site_view **sites = sorted_sites(report->survey);
    json_open_array(json, "sites");
    for (size_t i = 0; i < report->survey->site_count && i < limit; i++)
        write_site(json, report, sites[i], detail);
    json_close_array(json);
    free(sites);
}

static void write_list(struct json *json, const struct site_report *report, size_t limit)
{
    const struct survey *survey = report->survey;
    json_open_object(json, NULL);
    write_sites(json, report, limit, SITE_IN_LIST);
    json_add_u64(json, "site_count", survey->site_count);
    json_add_u64(json, "away_domains", survey->away);
    json_add_u64(json, "waiting_domains", survey->waiting);
    json_open_array(json, "restraints_elsewhere");
    for (const struct restraint_view *r = survey->restraints; r; r = r->next)
        if (restraint_is_elsewhere(&r->is, survey))
            write_restraint(json, &r->is);
    json_close_array(json);
    json_close_object(json);
}

static void on_list(void *ctx, const struct survey *survey)
{
    struct question *q = ctx;
    struct buf text = BUF_INIT;
    struct json json = json_to(&text);
    struct reading reading;
    struct err err;
    if (q->call.request) {
        reading_begin(&reading, q->api, survey);
        write_list(&json, &reading.report, q->limit);
        answer(q->call.request, reading_end(&reading, &err), &text, &err);
    }
    question_free(q);
}

void sites_list(struct http_request *request)
{
    uint32_t limit = LIST_DEFAULT;
    if (!request_number(request, "limit", LIST_MAX, &limit))
        return;
    struct question *q = question_new(request);
    q->limit = limit;
    sites_ask(q->api, (struct survey_question){.name = STR(""), .outlets = true}, on_list, q);
}

/* -- One place. */

static void write_place(struct json *json, const struct site_report *report,
                        const struct place *place, int64_t lifted)
{
    json_open_object(json, NULL);
    json_add_text(json, "name", place->name);
    json_add_text(json, "scope", str_of(place_scope_name(place->scope)));
    if (lifted >= 0)
        json_add_u64(json, "lifted", (uint64_t)lifted);
    if (place->scope == RESTRAINT_AT_PROVIDER)
        write_provider_limits(json, "limits", config_provider_named(report->config, place->name));
    json_open_array(json, "restraints");
    for (const struct restraint_view *r = report->survey->restraints; r; r = r->next)
        if (restraint_is_of(&r->is, place))
            write_restraint(json, &r->is);
    json_close_array(json);
    write_sites(json, report, SIZE_MAX, SITE_IN_FULL);
    json_close_object(json);
}

int place_write(struct api *api, const struct survey *survey, const struct place *place,
                int64_t lifted, struct buf *out, struct err *err)
{
    struct json json = json_to(out);
    struct reading reading;
    reading_begin(&reading, api, survey);
    write_place(&json, &reading.report, place, lifted);
    return reading_end(&reading, err);
}

static void answer_place(struct question *q, const struct survey *survey)
{
    struct place place;
    struct buf text = BUF_INIT;
    struct err err;
    if (!sites_find(q->api, survey, str_of(q->name), &place)) {
        refuse_place(q->call.request, str_of(q->name), "");
        return;
    }
    int result = place_write(q->api, survey, &place, -1, &text, &err);
    answer(q->call.request, result, &text, &err);
}

static void on_place(void *ctx, const struct survey *survey)
{
    struct question *q = ctx;
    if (q->call.request)
        answer_place(q, survey);
    question_free(q);
}

void site_show(struct http_request *request)
{
    struct question *q = question_new(request);
    q->name = str_dup(http_request_param(request, "name"));
    sites_ask(q->api,
              (struct survey_question){.name = str_of(q->name), .shares = true, .outlets = true},
              on_place, q);
}
