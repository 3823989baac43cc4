/* GET /v1/jobs/:id/recipients: everybody whom a job is for, as JSON lines. */
#include "api/answer.h"
#include "api/flow.h"
#include "api/jobs.h"
#include "api/story.h"
#include "base/alloc.h"
#include "store/contacts.h"
#include "store/outcomes.h"
#include "store/sets.h"

/* Recipients that one read transaction looks at. */
enum { SLICE = 500 };

struct walk {
    struct store *store;
    uint32_t job;
    uint32_t from;   /* the next contact */
    unsigned states; /* 1 << enum recipient_state */
};

static void write_recipient(struct json *json, struct txn *txn, const struct ledger_entry *entry)
{
    struct contact contact = {.address = {NULL, 0}};
    contact_read(txn, entry->contact, &contact);
    json_open_object(json, NULL);
    json_add_text(json, "address", contact.address);
    json_add_u64(json, "contact", entry->contact);
    story_write_facts(json, story_source(txn, entry), entry);
    json_close_object(json);
    json_end_line(json);
}

/* Returns how many contacts it looked at. */
static size_t write_slice(struct walk *walk, struct txn *txn, struct buf *out)
{
    struct json json = json_to(out);
    struct job_record job;
    struct ledger_entry entry;
    uint32_t ids[SLICE];
    if (!job_read(txn, walk->job, &job))
        return 0;
    size_t n = set_slice(txn, SET_JOB, walk->job, walk->from, ids, SLICE);
    for (size_t i = 0; i < n; i++)
        if (recipient_lookup(txn, &job, ids[i], &entry) && (walk->states >> entry.state & 1))
            write_recipient(&json, txn, &entry);
    if (n)
        walk->from = ids[n - 1] + 1;
    return n;
}

static int next(void *ctx, struct buf *out, struct err *err)
{
    struct walk *walk = ctx;
    struct txn txn;
    txn_begin(walk->store, &txn);
    size_t n = write_slice(walk, &txn, out);
    int result = txn_failed(&txn, err);
    txn_end(&txn);
    return result ? -1 : n == SLICE;
}

static const struct flow_producer producer = {"application/x-ndjson", next, free};

/* False, and the request is answered, if there is no such job. */
static bool check_job(struct http_request *request, uint32_t id)
{
    struct txn txn;
    struct job_record job;
    struct err err;
    txn_begin(store_of(request), &txn);
    bool found = job_read(&txn, id, &job);
    bool failed = txn_failed(&txn, &err) != 0;
    txn_end(&txn);
    if (failed)
        http_respond_error(request, 503, "%s", err.text);
    else if (!found)
        http_respond_error(request, 404, "There is no job %u.", id);
    return found && !failed;
}

static void refuse_state(struct http_request *request, struct str name)
{
    http_respond_error(request, 400,
                       "There is no state \"%.*s\": a recipient is queued, deferred, in_doubt, "
                       "delivered, bounced, skipped, expired or cancelled.",
                       (int)(name.len < 40 ? name.len : 40), name.at);
}

bool request_states(struct http_request *request, unsigned *states)
{
    struct str rest = http_request_query_param(request, "state");
    enum recipient_state state;
    unsigned named = 0;
    if (!rest.at)
        return true;
    do {
        struct str name = str_trim(str_cut(&rest, ','));
        if (!recipient_state_parse(name, &state)) {
            refuse_state(request, name);
            return false;
        }
        named |= 1U << state;
    } while (rest.len > 0);
    *states = named;
    return true;
}

void job_recipients(struct http_request *request)
{
    struct walk walk = {.store = store_of(request), .states = UINT_MAX};
    if (!request_id(request, "job", &walk.job) || !request_states(request, &walk.states) ||
        !check_job(request, walk.job))
        return;
    struct walk *copy = NEW(struct walk);
    *copy = walk;
    flow_start(api_of(request)->parts.front, request, &producer, copy);
}
