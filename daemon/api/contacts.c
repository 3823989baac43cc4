#include "api/contacts.h"

#include "api/answer.h"
#include "api/flow.h"
#include "audience/contacts.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "mail/address.h"
#include "store/names.h"
#include "store/sets.h"
#include "store/writer.h"

unsigned contact_refusal(struct str address)
{
    struct address parsed;
    return address_parse(str_trim(address), &parsed, NULL) == 0 ? 404 : 400;
}

/* -- One contact. */

struct membership {
    struct txn *txn;
    struct json *json;
    uint32_t contact;
};

static bool write_membership(void *ctx, uint32_t id, struct str name)
{
    struct membership *m = ctx;
    if (set_has(m->txn, SET_LIST, id, m->contact))
        json_add_text(m->json, NULL, name);
    return true;
}

static void write_attributes(struct json *json, struct txn *txn, const struct contact *contact)
{
    struct str rest = contact->attributes;
    struct contact_attribute attribute;
    json_open_object(json, "attributes");
    while (contact_next_attribute(&rest, &attribute))
        json_add_pair(json, name_text(txn, NAME_ATTRIBUTE, attribute.id), attribute.value);
    json_close_object(json);
}

static void write_contact(struct json *json, struct txn *txn, const struct contact *contact)
{
    struct membership membership = {txn, json, contact->id};
    json_open_object(json, NULL);
    json_add_u64(json, "id", contact->id);
    json_add_text(json, "email", contact->address);
    json_add_time(json, "created_at", contact->created);
    json_add_time(json, "updated_at", contact->updated);
    json_add_bool(json, "suppressed", contact->flags & CONTACT_SUPPRESSED);
    write_attributes(json, txn, contact);
    json_open_array(json, "lists");
    name_each(txn, NAME_LIST, write_membership, &membership);
    json_close_array(json);
    json_close_object(json);
}

static void answer_contact(struct http_request *request, struct str address)
{
    struct view view;
    struct contact contact;
    struct err err;
    view_begin(&view, request);
    if (contact_lookup(&view.txn, address, &contact, &err) != 0) {
        view_refuse(&view, contact_refusal(address), "%s", err.text);
        return;
    }
    write_contact(&view.json, &view.txn, &contact);
    view_end(&view);
}

void contact_show(struct http_request *request)
{
    answer_contact(request, http_request_param(request, "address"));
}

/* -- Suppression. */

struct suppression {
    struct write_op op;
    struct letter letter;
    struct loop *front;
    struct call call;
    bool set;
    bool found, changed; /* the result */
    struct err err;
    struct str address; /* with its NUL, from malloc */
};

static void suppression_apply(struct txn *txn, struct write_op *op)
{
    struct suppression *s = (struct suppression *)(void *)op;
    struct contact contact;
    s->found = contact_lookup(txn, s->address, &contact, &s->err) == 0;
    s->changed = s->found && !(contact.flags & CONTACT_SUPPRESSED) == s->set;
    if (s->changed)
        contact_set_flags(txn, contact.id, s->set ? CONTACT_SUPPRESSED : 0,
                          s->set ? 0 : CONTACT_SUPPRESSED, (uint32_t)clock_wall_s());
}

static void suppression_done(struct write_op *op)
{
    struct suppression *s = (struct suppression *)(void *)op;
    loop_post(s->front, &s->letter);
}

static void log_suppression(const struct suppression *s)
{
    struct log_line line;
    if (!log_begin(&line, LOG_INFO, s->set ? "suppressed" : "unsuppressed"))
        return;
    log_str(&line, "address", s->address);
    log_end(&line);
}

static void suppression_arrive(struct letter *letter)
{
    struct suppression *s = LETTER_OF(letter, struct suppression, letter);
    if (s->changed)
        log_suppression(s);
    if (s->call.request && s->found)
        answer_contact(s->call.request, s->address);
    else if (s->call.request)
        http_respond_error(s->call.request, contact_refusal(s->address), "%s", s->err.text);
    free((void *)(uintptr_t)s->address.at);
    free(s);
}

static void suppress(struct http_request *request, bool set)
{
    struct str address = http_request_param(request, "address");
    if (refuse_unwritable(request))
        return;
    struct suppression *s = NEW(struct suppression);
    s->op = (struct write_op){
        .apply = suppression_apply, .done = suppression_done, .records = 1, .urgent = true};
    s->letter.deliver = suppression_arrive;
    s->front = api_of(request)->parts.front;
    s->set = set;
    s->address = str_from(str_dup(address), address.len);
    call_begin(&s->call, request);
    store_submit(store_of(request), &s->op);
}

void contact_suppress(struct http_request *request)
{
    suppress(request, true);
}

void contact_unsuppress(struct http_request *request)
{
    suppress(request, false);
}
