#include "api/jobs.h"

#include "api/answer.h"
#include "api/forecast_json.h"
#include "api/forecasts.h"
#include "api/submission.h"
#include "base/alloc.h"

static struct campaign *campaign_of(const struct http_request *request)
{
    return api_of(request)->parts.campaign;
}

/* -- A job as people see it. */

static void write_counts(struct json *json, const struct job_view *v)
{
    json_add_u64(json, "recipients", v->recipients);
    json_add_u64(json, "queued", v->counts[RECIPIENT_QUEUED]);
    json_add_u64(json, "in_flight", v->in_flight);
    json_add_u64(json, "in_doubt", v->counts[RECIPIENT_IN_DOUBT]);
    json_add_u64(json, "delivered", v->counts[RECIPIENT_DELIVERED]);
    json_add_u64(json, "deferred", v->counts[RECIPIENT_DEFERRED]);
    json_add_u64(json, "bounced", v->counts[RECIPIENT_BOUNCED]);
    json_add_u64(json, "skipped", v->counts[RECIPIENT_SKIPPED]);
    json_add_u64(json, "expired", v->counts[RECIPIENT_EXPIRED]);
    json_add_u64(json, "cancelled", v->counts[RECIPIENT_CANCELLED]);
}

/* In an object that is open. */
static void write_fields(struct json *json, const struct job_view *v)
{
    json_add_u64(json, "id", v->id);
    json_add_text(json, "name", v->name);
    json_add_text(json, "state", str_of(job_state_name(v->state)));
    json_add_text(json, "lane", str_of(job_lane_name(v->lane)));
    json_add_text(json, "guarantee", str_of(job_guarantee_name(v->guarantee)));
    json_add_text(json, "to", v->segment);
    json_add_u64(json, "message", v->message.id);
    json_add_u64(json, "message_version", v->message.version);
    json_add_text(json, "identity", v->identity);
    json_add_text(json, "pool", v->pool);
    json_add_u64(json, "weight", v->weight);
    write_counts(json, v);
    json_open_object(json, "queueing");
    json_add_u64(json, "done", v->queued_up_to);
    json_close_object(json);
    json_add_time(json, "created_at", v->created);
    json_add_time(json, "started_at", v->started);
    json_add_time(json, "finished_at", v->finished);
}

static void write_job(struct json *json, const struct job_view *v)
{
    json_open_object(json, NULL);
    write_fields(json, v);
    json_close_object(json);
}

static void answer_job(struct http_request *request, uint32_t id)
{
    struct view view;
    struct job_view job;
    view_begin(&view, request);
    if (!campaign_view(campaign_of(request), &view.txn, id, &job)) {
        view_refuse(&view, 404, "There is no job %u.", id);
        return;
    }
    write_job(&view.json, &job);
    view_end(&view);
}

static void write_with_forecast(struct view *view, uint32_t id, const struct prospect *prospect)
{
    struct job_view job;
    if (!campaign_view(campaign_of(view->request), &view->txn, id, &job)) {
        view_refuse(view, 404, "There is no job %u.", id);
        return;
    }
    json_open_object(&view->json, NULL);
    write_fields(&view->json, &job);
    write_forecast(&view->json, prospect);
    json_close_object(&view->json);
    view_end(view);
}

/* Whether somebody wants to know what is to be expected, as they do unless they say otherwise. */
static bool wants_forecast(struct http_request *request)
{
    return !str_eq(http_request_query_param(request, "forecast"), STR("false"));
}

static bool is_sent(struct http_request *request, uint32_t id)
{
    struct txn txn;
    struct job_view job;
    txn_begin(store_of(request), &txn);
    bool is = campaign_view(campaign_of(request), &txn, id, &job) && forecast_concerns(&job);
    txn_end(&txn);
    return is;
}

static void answer_without(struct http_request *request, uint32_t id)
{
    struct view view;
    view_begin(&view, request);
    write_with_forecast(&view, id, NULL);
}

void job_show(struct http_request *request)
{
    uint32_t id;
    if (!request_id(request, "job", &id))
        return;
    if (!wants_forecast(request))
        answer_job(request, id);
    else if (is_sent(request, id))
        forecast_job(request, id, write_with_forecast);
    else
        answer_without(request, id);
}

enum { LIST_DEFAULT = 100, LIST_MAX = 1000 };

void job_list(struct http_request *request)
{
    struct view view;
    struct job_record record;
    struct job_view job;
    uint32_t limit = LIST_DEFAULT, before = UINT32_MAX;
    if (!request_number(request, "limit", LIST_MAX, &limit) ||
        !request_number(request, "before", UINT32_MAX, &before))
        return;
    view_begin(&view, request);
    json_open_object(&view.json, NULL);
    json_open_array(&view.json, "jobs");
    for (uint32_t id = before - 1; limit && job_seek_down(&view.txn, &id, &record); id--, limit--)
        if (campaign_view(campaign_of(request), &view.txn, id, &job))
            write_job(&view.json, &job);
    json_close_array(&view.json);
    json_close_object(&view.json);
    view_end(&view);
}

/* -- Changes. */

static unsigned status_of(enum campaign_result result)
{
    switch (result) {
    case CAMPAIGN_OK:
        return 200;
    case CAMPAIGN_BAD_INPUT:
        return 400;
    case CAMPAIGN_NOT_FOUND:
        return 404;
    case CAMPAIGN_CONFLICT:
        return 409;
    }
    return 500;
}

static struct call *call_new(struct http_request *request)
{
    struct call *call = NEW(struct call);
    call_begin(call, request);
    return call;
}

/* The request to answer, if its peer is still there and nothing went wrong; otherwise NULL, and
 * it is answered. The call is over. */
static struct http_request *call_end(struct call *call, const struct campaign_answer *answer)
{
    struct http_request *request = call->request;
    free(call);
    if (!request || answer->result == CAMPAIGN_OK)
        return request;
    http_respond_error(request, status_of(answer->result), "%s", answer->err.text);
    return NULL;
}

static void on_changed(void *ctx, const struct campaign_answer *answer)
{
    struct http_request *request = call_end(ctx, answer);
    if (request)
        answer_job(request, answer->job);
}

typedef void change_fn(struct campaign *campaign, uint32_t job, campaign_answer_fn on_answer,
                       void *ctx);

static void change(struct http_request *request, change_fn *ask)
{
    uint32_t id;
    if (!request_id(request, "job", &id) || refuse_unwritable(request))
        return;
    ask(campaign_of(request), id, on_changed, call_new(request));
}

void job_pause(struct http_request *request)
{
    change(request, campaign_pause);
}

void job_resume(struct http_request *request)
{
    change(request, campaign_resume);
}

void job_cancel(struct http_request *request)
{
    change(request, campaign_cancel);
}

/* Which job, of how many; for a submission, whether it was there before. */
static void answer_recipients(struct http_request *request, unsigned status,
                              const struct campaign_answer *answer, bool submitted)
{
    struct buf text = BUF_INIT;
    struct json json = json_to(&text);
    json_open_object(&json, NULL);
    if (answer->job)
        json_add_u64(&json, "id", answer->job);
    json_add_u64(&json, "recipients", answer->recipients);
    if (answer->job && submitted)
        json_add_bool(&json, "repeated", answer->repeated);
    json_close_object(&json);
    answer_json(request, status, &text);
}

static void on_submitted(void *ctx, const struct campaign_answer *answer)
{
    struct http_request *request = call_end(ctx, answer);
    if (request && answer->plan)
        forecast_plan(request, answer->plan, answer->recipients);
    else if (request)
        answer_recipients(request, answer->job && !answer->repeated ? 201 : 200, answer, true);
}

static void on_retried(void *ctx, const struct campaign_answer *answer)
{
    struct http_request *request = call_end(ctx, answer);
    if (request)
        answer_recipients(request, 200, answer, false);
}

static bool may_retry(struct http_request *request, unsigned states)
{
    for (enum recipient_state state = 0; state < RECIPIENT_STATES; state++) {
        if (!(states >> state & 1) || campaign_may_retry(state))
            continue;
        http_respond_error(request, 400,
                           "Who is %s cannot be tried again: name deferred, expired, in_doubt, "
                           "bounced or skipped.",
                           recipient_state_name(state));
        return false;
    }
    return true;
}

void job_retry(struct http_request *request)
{
    unsigned states = 1U << RECIPIENT_DEFERRED | 1U << RECIPIENT_EXPIRED;
    uint32_t id;
    if (!request_id(request, "job", &id) || !request_states(request, &states) ||
        !may_retry(request, states) || refuse_new_work(request))
        return;
    campaign_retry(campaign_of(request), id, states, on_retried, call_new(request));
}

static int read_submission(struct http_request *request, struct submission *out, struct err *err)
{
    struct str key = http_request_header(request, STR("Idempotency-Key"));
    if (submission_parse(http_request_body(request), http_request_arena(request), out, err) != 0)
        return -1;
    return key.at ? submission_take_key(out, key, err) : 0;
}

void job_submit(struct http_request *request)
{
    struct submission submission;
    struct err err;
    if (read_submission(request, &submission, &err) != 0) {
        http_respond_error(request, 400, "%s", err.text);
        return;
    }
    if (!submission.dry_run && refuse_new_work(request))
        return;
    campaign_submit(campaign_of(request), &submission, on_submitted, call_new(request));
}
