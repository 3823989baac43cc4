#include "api/why.h"

#include "api/answer.h"
#include "api/contacts.h"
#include "api/flow.h"
#include "api/story.h"
#include "audience/contacts.h"
#include "base/alloc.h"
#include "store/outcomes.h"

/* The newest copies that are told, and jobs that one read transaction looks at for them. */
enum { COPIES_MAX = 20, SLICE = 500 };

struct search {
    struct store *store;
    struct buf address;
    uint32_t contact;
    bool suppressed;
    uint32_t next; /* job to look at, downwards */
    unsigned found;
    struct json json;
    bool begun;
};

static void write_head(struct json *json, struct str address, uint32_t contact, bool suppressed)
{
    json_open_object(json, NULL);
    json_add_text(json, "address", address);
    json_add_u64(json, "contact", contact);
    json_add_bool(json, "suppressed", suppressed);
    json_open_array(json, "copies");
}

static void write_tail(struct json *json)
{
    json_close_array(json);
    json_close_object(json);
}

static void write_copy(struct json *json, struct txn *txn, const struct job_record *job,
                       const struct ledger_entry *entry, bool suppressed)
{
    struct str source = story_source(txn, entry);
    json_open_object(json, NULL);
    json_add_u64(json, "job", job->id);
    json_add_text(json, "name", job->name);
    story_write_facts(json, source, entry);
    story_write_sentences(json, "sentences", job, source, entry, suppressed);
    json_close_object(json);
}

/* True when there are no more jobs, or enough was found. */
static bool search_slice(struct search *s, struct txn *txn)
{
    struct job_record job;
    struct ledger_entry entry;
    for (unsigned n = 0; n < SLICE; n++, s->next--) {
        if (s->found == COPIES_MAX || !job_seek_down(txn, &s->next, &job))
            return true;
        if (!recipient_lookup(txn, &job, s->contact, &entry))
            continue;
        write_copy(&s->json, txn, &job, &entry, s->suppressed);
        s->found++;
    }
    return false;
}

static int next(void *ctx, struct buf *out, struct err *err)
{
    struct search *s = ctx;
    struct txn txn;
    s->json.out = out;
    if (!s->begun)
        write_head(&s->json, buf_str(&s->address), s->contact, s->suppressed);
    s->begun = true;
    txn_begin(s->store, &txn);
    bool over = search_slice(s, &txn);
    int result = txn_failed(&txn, err);
    txn_end(&txn);
    if (result)
        return -1;
    if (over) {
        write_tail(&s->json);
        json_end_line(&s->json);
    }
    return !over;
}

static void search_free(void *ctx)
{
    struct search *s = ctx;
    buf_release(&s->address);
    free(s);
}

static const struct flow_producer producer = {"application/json", next, search_free};

static void show_all(struct http_request *request, struct view *view, const struct contact *contact)
{
    struct search *s = NEW(struct search);
    s->store = store_of(request);
    buf_add_str(&s->address, contact->address);
    s->contact = contact->id;
    s->suppressed = contact->flags & CONTACT_SUPPRESSED;
    s->next = UINT32_MAX;
    txn_end(&view->txn);
    flow_start(api_of(request)->parts.front, request, &producer, s);
}

static void show_one(struct view *view, const struct contact *contact, uint32_t id)
{
    struct job_record job;
    struct ledger_entry entry;
    bool suppressed = contact->flags & CONTACT_SUPPRESSED;
    if (!job_read(&view->txn, id, &job)) {
        view_refuse(view, 404, "There is no job %u.", id);
        return;
    }
    if (!recipient_lookup(&view->txn, &job, contact->id, &entry)) {
        view_refuse(view, 404, "Job %u is not for %.*s: that contact is not among its recipients.",
                    id, STR_ARG(contact->address));
        return;
    }
    write_head(&view->json, contact->address, contact->id, suppressed);
    write_copy(&view->json, &view->txn, &job, &entry, suppressed);
    write_tail(&view->json);
    view_end(view);
}

void why_show(struct http_request *request)
{
    struct str address = http_request_query_param(request, "address");
    struct view view;
    struct contact contact;
    struct err err;
    uint32_t job = 0;
    if (!request_number(request, "job", UINT32_MAX, &job))
        return;
    if (!address.at) {
        http_respond_error(request, 400, "The parameter \"address\" is missing, or badly encoded.");
        return;
    }
    view_begin(&view, request);
    if (contact_lookup(&view.txn, address, &contact, &err) != 0)
        view_refuse(&view, contact_refusal(address), "%s", err.text);
    else if (job)
        show_one(&view, &contact, job);
    else
        show_all(request, &view, &contact);
}
