/*
 * GET /v1/counters and its like. A change is one write; the answer is the counter as that write
 * left it, whatever others did to it since. What each change does is a row below.
 */
#include "api/counters.h"

#include <inttypes.h>

#include "api/answer.h"
#include "api/counter_request.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/counter_keys.h"
#include "store/writer.h"

/* -- What there is. */

static void write_fields(struct json *json, const struct counter *counter)
{
    json_add_text(json, "name", str_of(counter->name));
    json_add_i64(json, "value", counter->value);
    json_add_time(json, "changed_at", counter->changed);
}

static void write_counter(struct json *json, const struct counter *counter)
{
    json_open_object(json, NULL);
    write_fields(json, counter);
    json_close_object(json);
}

void counters_list(struct http_request *request)
{
    struct view view;
    struct counter at = {.value = 0};
    view_begin(&view, request);
    json_open_object(&view.json, NULL);
    json_open_array(&view.json, "counters");
    while (counter_next(&view.txn, &at))
        write_counter(&view.json, &at);
    json_close_array(&view.json);
    json_close_object(&view.json);
    view_end(&view);
}

/* True, and the request is answered, if no counter can have that name. */
static bool refuse_name(struct http_request *request)
{
    struct err err;
    if (counter_name_check(http_request_param(request, "name"), &err) == 0)
        return false;
    http_respond_error(request, 400, "%s", err.text);
    return true;
}

void counter_show(struct http_request *request)
{
    struct str name = http_request_param(request, "name");
    struct view view;
    struct counter counter;
    if (refuse_name(request))
        return;
    view_begin(&view, request);
    if (!counter_find(&view.txn, name, &counter)) {
        view_refuse(&view, 404, "There is no counter \"%.*s\".", STR_ARG(name));
        return;
    }
    write_counter(&view.json, &counter);
    view_end(&view);
}

/* -- Changes. */

struct change;

struct change_kind {
    const char *event; /* in the log */
    enum log_level level;
    /* In the writer; 0, or -1 with a sentence. */
    int (*apply)(struct txn *txn, struct change *change);
    unsigned refusal;                                          /* the status of that */
    void (*write)(struct json *json, const struct change *is); /* the fields of the answer */
};

struct change {
    struct write_op op;
    struct letter letter;
    struct loop *front;
    struct call call;
    const struct change_kind *kind;
    struct str name, key; /* from malloc */
    int64_t number;

    /* the result */
    bool refused;
    struct counter_change is;
    struct err err;
};

static int apply_set(struct txn *txn, struct change *c)
{
    return counter_set(txn, c->name, c->number, (uint32_t)clock_wall_s(), &c->is, &c->err);
}

static int apply_add(struct txn *txn, struct change *c)
{
    struct counter_addition what = {.name = c->name,
                                    .by = c->number,
                                    .key = c->key,
                                    .now = (uint32_t)clock_wall_s(),
                                    .steady = (uint32_t)clock_steady_s()};
    return counter_add_once(txn, &what, &c->is, &c->err);
}

static int apply_delete(struct txn *txn, struct change *c)
{
    if (counter_find(txn, c->name, &c->is.after) && counter_delete(txn, c->name))
        return 0;
    return err_set(&c->err, "There is no counter \"%.*s\".", STR_ARG(c->name));
}

static void write_set(struct json *json, const struct change *c)
{
    write_fields(json, &c->is.after);
}

static void write_added(struct json *json, const struct change *c)
{
    write_fields(json, &c->is.after);
    json_add_bool(json, "repeated", c->is.repeated);
}

static void write_deleted(struct json *json, const struct change *c)
{
    json_add_text(json, "name", str_of(c->is.after.name));
    json_add_bool(json, "deleted", true);
}

static const struct change_kind set = {"counter_set", LOG_INFO, apply_set, 409, write_set};
static const struct change_kind add = {"counter_added", LOG_DEBUG, apply_add, 409, write_added};
static const struct change_kind delete = {"counter_deleted", LOG_INFO, apply_delete, 404,
                                          write_deleted};

/* In the writer. May run more than once. */
static void change_apply(struct txn *txn, struct write_op *op)
{
    struct change *c = (struct change *)(void *)op;
    c->refused = c->kind->apply(txn, c) != 0;
}

static void change_done(struct write_op *op)
{
    struct change *c = (struct change *)(void *)op;
    loop_post(c->front, &c->letter);
}

static void log_change(const struct change *c)
{
    struct log_line line;
    char value[24];
    if (!log_begin(&line, c->kind->level, c->kind->event))
        return;
    snprintf(value, sizeof(value), "%" PRId64, c->is.after.value);
    log_text(&line, "counter", c->is.after.name);
    log_text(&line, "value", value);
    log_end(&line);
}

static void answer(const struct change *c)
{
    struct buf text = BUF_INIT;
    struct json json = json_to(&text);
    if (c->refused) {
        http_respond_error(c->call.request, c->kind->refusal, "%s", c->err.text);
        return;
    }
    json_open_object(&json, NULL);
    c->kind->write(&json, c);
    json_close_object(&json);
    answer_json(c->call.request, c->is.made ? 201 : 200, &text);
}

static void change_arrive(struct letter *letter)
{
    struct change *c = LETTER_OF(letter, struct change, letter);
    if (!c->refused && !c->is.repeated)
        log_change(c);
    if (c->call.request)
        answer(c);
    free((void *)(uintptr_t)c->name.at);
    free((void *)(uintptr_t)c->key.at);
    free(c);
}

/* -- The requests. */

static struct str keep(struct str text)
{
    return str_from(str_dup(text), text.len);
}

static void submit(struct http_request *request, const struct change_kind *kind,
                   const struct counter_request *wanted)
{
    struct change *c = NEW(struct change);
    c->op =
        (struct write_op){.apply = change_apply, .done = change_done, .records = 1, .urgent = true};
    c->letter.deliver = change_arrive;
    c->front = api_of(request)->parts.front;
    c->kind = kind;
    c->name = keep(http_request_param(request, "name"));
    c->key = keep(wanted->key);
    c->number = wanted->number;
    call_begin(&c->call, request);
    store_submit(store_of(request), &c->op);
}

void counter_put(struct http_request *request)
{
    struct counter_request wanted;
    struct err err;
    if (refuse_name(request) || refuse_unwritable(request))
        return;
    if (counter_set_parse(http_request_body(request), &wanted, &err) != 0)
        http_respond_error(request, 400, "%s", err.text);
    else
        submit(request, &set, &wanted);
}

void counter_increase(struct http_request *request)
{
    struct counter_request wanted;
    struct err err;
    if (refuse_name(request) || refuse_unwritable(request))
        return;
    if (counter_add_parse(http_request_body(request), http_request_arena(request), &wanted, &err) !=
        0)
        http_respond_error(request, 400, "%s", err.text);
    else
        submit(request, &add, &wanted);
}

void counter_remove(struct http_request *request)
{
    struct counter_request nothing = {.key = STR("")};
    if (!refuse_name(request) && !refuse_unwritable(request))
        submit(request, &delete, &nothing);
}
