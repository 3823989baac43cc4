#include "api/answer.h"

#include <stdarg.h>

#include "store/health.h"

void answer_json(struct http_request *request, unsigned status, struct buf *text)
{
    buf_add_byte(text, '\n');
    http_respond(request, status, "application/json", buf_str(text));
    buf_release(text);
}

void view_begin(struct view *view, struct http_request *request)
{
    view->request = request;
    buf_init(&view->text);
    view->json = json_to(&view->text);
    txn_begin(store_of(request), &view->txn);
}

/* True, and the request is answered, if the store failed. */
static bool close_txn(struct view *view)
{
    struct err err;
    bool failed = txn_failed(&view->txn, &err) != 0;
    txn_end(&view->txn);
    if (failed)
        http_respond_error(view->request, 503, "%s", err.text);
    return failed;
}

void view_end(struct view *view)
{
    if (close_txn(view))
        buf_release(&view->text);
    else
        answer_json(view->request, 200, &view->text);
}

void view_refuse(struct view *view, unsigned status, const char *format, ...)
{
    char sentence[sizeof(struct err)];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    buf_release(&view->text);
    if (!close_txn(view))
        http_respond_error(view->request, status, "%s", sentence);
}

void call_begin(struct call *call, struct http_request *request)
{
    call->request = request;
    http_request_set_state(request, call);
}

void call_gone(struct http_request *request)
{
    struct call *call = http_request_state(request);
    if (call)
        call->request = NULL;
    http_fail(request);
}

static void refuse_for_now(struct http_request *request)
{
    struct store_health health;
    store_health(store_of(request), &health);
    http_respond_error(request, 503,
                       "%s%sThis request has changed nothing: try again when there is room.",
                       health.why, health.why[0] ? " " : "");
}

bool refuse_unwritable(struct http_request *request)
{
    bool refused = !store_writable(store_of(request));
    if (refused)
        refuse_for_now(request);
    return refused;
}

bool refuse_new_work(struct http_request *request)
{
    bool refused = !store_healthy(store_of(request));
    if (refused)
        refuse_for_now(request);
    return refused;
}

bool request_id(struct http_request *request, const char *noun, uint32_t *id)
{
    struct str text = http_request_param(request, "id");
    uint64_t number;
    if (str_to_u64(text, &number) && number > 0 && number <= UINT32_MAX) {
        *id = (uint32_t)number;
        return true;
    }
    http_respond_error(request, 404, "There is no %s \"%.*s\": use its number.", noun,
                       (int)(text.len < 40 ? text.len : 40), text.at);
    return false;
}

bool request_number(struct http_request *request, const char *name, uint32_t max, uint32_t *out)
{
    struct str text = http_request_query_param(request, name);
    uint64_t number;
    if (!text.at)
        return true;
    if (str_to_u64(text, &number) && number > 0 && number <= max) {
        *out = (uint32_t)number;
        return true;
    }
    http_respond_error(request, 400, "The parameter \"%s\" must be a number from 1 to %u.", name,
                       max);
    return false;
}
