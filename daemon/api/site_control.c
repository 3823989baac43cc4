/*
 * POST /v1/sites/NAME/suspend and …/resume. Each asks what the name stands for, tells all delivery
 * threads, asks again for what it is like then, and answers when that is on disk:
 *
 *   request ─► survey ─► restraints_put, _lift ─► survey ─► a write behind theirs ─► answer
 *
 * The second survey visits the threads after the restraint did, so it shows the restraint, and by
 * then the thread that keeps the books has handed it to the writer, which keeps the order.
 */
#include "api/sites.h"
#include "api/suspension.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "delivery/restraints.h"
#include "store/writer.h"

struct control {
    struct write_op op;
    struct letter letter;
    struct call call;
    struct api *api;
    char *name;
    bool lift;
    struct suspension wanted; /* `reason` is from malloc */
    struct place place;       /* `name` is from malloc, once it was found */
    size_t before;            /* what was in force of that place */
    struct buf text;          /* the answer */
    unsigned status;          /* of a refusal, its sentence in `err`; 0: none */
    struct err err;
};

static void control_free(struct control *c)
{
    free(c->name);
    free((void *)(uintptr_t)c->wanted.reason.at);
    free((void *)(uintptr_t)c->place.name.at);
    buf_release(&c->text);
    free(c);
}

static void log_control(const struct control *c)
{
    struct log_line line;
    if (!log_begin(&line, LOG_INFO, c->lift ? "site_resumed" : "site_suspended"))
        return;
    log_str(&line, "place", c->place.name);
    if (c->lift)
        log_u64(&line, "lifted", c->before);
    else if (c->wanted.for_s)
        log_u64(&line, "for_s", (uint64_t)c->wanted.for_s);
    if (!c->lift)
        log_str(&line, "reason", c->wanted.reason);
    log_end(&line);
}

/* -- When it is on disk. */

static void on_durable(struct letter *letter)
{
    struct control *c = LETTER_OF(letter, struct control, letter);
    struct http_request *request = c->call.request;
    if (request && c->status)
        http_respond_error(request, c->status, "%s", c->err.text);
    else if (request)
        answer_json(request, 200, &c->text);
    control_free(c);
}

static void barrier_apply(struct txn *txn, struct write_op *op)
{
    (void)txn, (void)op;
}

static void barrier_done(struct write_op *op)
{
    struct control *c = (struct control *)(void *)op;
    loop_post(c->api->parts.front, &c->letter);
}

static void wait_until_durable(struct control *c)
{
    c->op = (struct write_op){.apply = barrier_apply, .done = barrier_done, .urgent = true};
    c->letter.deliver = on_durable;
    store_submit(c->api->parts.store, &c->op);
}

/* -- When all threads have been told. */

static bool is_suspended(const struct survey *survey, const struct place *place)
{
    for (const struct restraint_view *r = survey->restraints; r; r = r->next)
        if (restraint_is_of(&r->is, place) && r->is.action == RESTRAINT_SUSPEND && !r->is.rule.len)
            return true;
    return false;
}

static void on_told(void *ctx, const struct survey *survey)
{
    struct control *c = ctx;
    int64_t lifted = c->lift ? (int64_t)c->before : -1;
    if (!c->lift && !is_suspended(survey, &c->place)) {
        c->status = 503;
        err_set(&c->err,
                "There are %d restraints in force already, which is the most there can be: resume "
                "some sites first.",
                RESTRAINTS_MAX);
    } else if (place_write(c->api, survey, &c->place, lifted, &c->text, &c->err) != 0) {
        c->status = 503;
    } else {
        log_control(c);
    }
    wait_until_durable(c);
}

/* -- When it is known what the name stands for. */

static void tell(struct control *c)
{
    uint32_t now = (uint32_t)clock_steady_s();
    struct restraint_record record = place_suspension(&c->place);
    record.began = now;
    record.until = c->wanted.for_s ? now + (uint32_t)c->wanted.for_s : RESTRAINT_UNTIL_RESUMED;
    record.text = c->wanted.reason;
    if (c->lift)
        restraints_lift(c->api->parts.delivery, c->place.name);
    else
        restraints_put(c->api->parts.delivery, &record);
    sites_ask(c->api,
              (struct survey_question){.name = c->place.name, .shares = true, .outlets = true},
              on_told, c);
}

static void refuse(struct control *c)
{
    if (c->call.request)
        refuse_place(c->call.request, str_of(c->name),
                     c->lift ? ""
                             : " To suspend it before there is mail for it, say so with \"force\" "
                               "(tocsin site suspend --force).");
    control_free(c);
}

/* Keys are in lower case. */
static void lower(char *name)
{
    for (; *name; name++)
        if (*name >= 'A' && *name <= 'Z')
            *name = (char)(*name - 'A' + 'a');
}

static void on_known(void *ctx, const struct survey *survey)
{
    struct control *c = ctx;
    struct place place;
    bool found = sites_find(c->api, survey, str_of(c->name), &place);
    if (!found && !c->wanted.force) {
        refuse(c);
        return;
    }
    if (!found) {
        lower(c->name);
        place = place_unknown(str_of(c->name));
    }
    c->place = (struct place){place.scope, str_of(str_dup(place.name))};
    c->before = place_count(survey, &place);
    tell(c);
}

/* -- The requests. */

static bool refuse_name(struct http_request *request)
{
    struct str name = http_request_param(request, "name");
    if (name.len <= RESTRAINT_NAMES_MAX)
        return false;
    http_respond_error(request, 400,
                       "The name has %zu bytes, and those of sites that can be suspended have at "
                       "most %d: suspend its provider.",
                       name.len, RESTRAINT_NAMES_MAX);
    return true;
}

static void begin(struct http_request *request, const struct suspension *wanted)
{
    struct control *c = NEW(struct control);
    c->api = api_of(request);
    c->name = str_dup(http_request_param(request, "name"));
    c->lift = !wanted;
    if (wanted) {
        c->wanted = *wanted;
        c->wanted.reason = str_of(str_dup(wanted->reason));
    }
    call_begin(&c->call, request);
    sites_ask(c->api, (struct survey_question){.name = str_of(c->name)}, on_known, c);
}

void site_suspend(struct http_request *request)
{
    struct suspension wanted;
    struct err err;
    if (refuse_name(request) || refuse_unwritable(request))
        return;
    if (suspension_parse(http_request_body(request), http_request_arena(request), &wanted, &err) !=
        0)
        http_respond_error(request, 400, "%s", err.text);
    else
        begin(request, &wanted);
}

void site_resume(struct http_request *request)
{
    if (!refuse_name(request) && !refuse_unwritable(request))
        begin(request, NULL);
}
