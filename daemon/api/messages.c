#include "api/messages.h"

#include "api/answer.h"
#include "api/contacts.h"
#include "api/submission.h"
#include "audience/contacts.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "compose/inspect.h"
#include "compose/preview.h"

/* False, and the request is answered, if its body is not what it should be. */
static bool read_body(struct http_request *request, bool is_preview, struct message_request *out)
{
    struct err err;
    if (message_request_parse(http_request_body(request), is_preview, http_request_arena(request),
                              out, &err) == 0)
        return true;
    http_respond_error(request, 400, "%s", err.text);
    return false;
}

/* -- A message looked over. */

static void write_number(struct json *json, const char *key, unsigned number)
{
    if (number)
        json_add_u64(json, key, number);
    else
        json_add_null(json, key);
}

static void write_remark(struct json *json, const struct remark *f)
{
    json_open_object(json, NULL);
    json_add_text(json, "severity", f->is_error ? STR("error") : STR("warning"));
    json_add_text(json, "file", f->place.file.len ? f->place.file : (struct str){NULL, 0});
    write_number(json, "line", f->place.line);
    write_number(json, "column", f->place.column);
    json_add_text(json, "text", f->text);
    json_close_object(json);
}

static void write_remarks(struct json *json, const struct remarks *remarks)
{
    json_open_object(json, NULL);
    json_add_u64(json, "errors", remarks->errors);
    json_add_u64(json, "warnings", remarks->warnings);
    json_open_array(json, "findings");
    for (size_t i = 0; i < remarks->count; i++)
        write_remark(json, &remarks->all[i]);
    json_close_array(json);
    json_close_object(json);
}

void message_check(struct http_request *request)
{
    struct message_request what;
    struct view view;
    if (!read_body(request, false, &what))
        return;
    struct remarks *remarks = NEW(struct remarks);
    struct senders *senders = composers_senders(api_of(request)->parts.composers);
    view_begin(&view, request);
    struct inspection inspection = {.txn = &view.txn,
                                    .senders = senders,
                                    .source = what.what.source,
                                    .identity = what.what.identity,
                                    .now = clock_wall_s()};
    remarks_init(remarks);
    message_inspect(&inspection, remarks);
    write_remarks(&view.json, remarks);
    remarks_release(remarks);
    free(remarks);
    senders_unref(senders);
    view_end(&view);
}

/* -- A message as one contact would get it. */

static void write_preview(struct json *json, const struct preview *p, bool eml)
{
    json_open_object(json, NULL);
    json_add_bool(json, "skipped", p->skipped);
    json_add_text(json, "why", p->skipped ? str_of(p->why.text) : (struct str){NULL, 0});
    json_add_text(json, "to", buf_str(&p->to));
    if (!p->skipped) {
        json_add_text(json, "from", buf_str(&p->from));
        json_add_text(json, "subject", buf_str(&p->subject));
        json_add_text(json, "text", buf_str(&p->parts.text));
        json_add_text(json, "html", buf_str(&p->parts.html));
    }
    if (!p->skipped && eml)
        json_add_text(json, "eml", buf_str(&p->whole));
    json_close_object(json);
}

static int make(struct view *view, const struct message_request *what, uint32_t contact,
                struct preview *preview, struct err *err)
{
    struct senders *senders = composers_senders(api_of(view->request)->parts.composers);
    const struct submission *s = &what->what;
    struct preview_order order = {.source = s->source,
                                  .identity = s->identity,
                                  .name = s->name.len ? s->name : s->message_name,
                                  .lane = s->lane,
                                  .contact = contact};
    int result = preview_make(&order, &view->txn, senders, clock_wall_s(), preview, err);
    senders_unref(senders);
    if (result != 0 && s->message_name.len)
        err_prefix(err, "%.*s", STR_ARG(s->message_name));
    return result;
}

void message_preview(struct http_request *request)
{
    struct message_request what;
    struct contact contact;
    struct preview preview = {0};
    struct view view;
    struct err err;
    if (!read_body(request, true, &what))
        return;
    view_begin(&view, request);
    if (contact_lookup(&view.txn, what.contact, &contact, &err) != 0) {
        view_refuse(&view, contact_refusal(what.contact), "%s", err.text);
        return;
    }
    if (make(&view, &what, contact.id, &preview, &err) != 0) {
        view_refuse(&view, 400, "%s", err.text);
    } else {
        write_preview(&view.json, &preview, what.eml);
        view_end(&view);
    }
    preview_release(&preview);
}
