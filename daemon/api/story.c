#include "api/story.h"

#include "store/names.h"

/* -- Facts. */

/* "550 5.1.1 No such user", or the sentence that stands where no reply was seen; one line. */
static void add_reply(struct buf *out, const struct ledger_entry *e)
{
    if (e->code)
        buf_addf(out, "%u ", e->code);
    if (e->enhanced[0])
        buf_addf(out, "%u.%u.%u ", e->enhanced[0], e->enhanced[1], e->enhanced[2]);
    for (size_t i = 0; i < e->text.len; i++)
        buf_add_byte(out, e->text.at[i] == '\n' ? ' ' : e->text.at[i]);
    if (e->text.len == 0 && out->len)
        buf_cut(out, out->len - 1);
}

static void write_reply(struct json *json, const struct ledger_entry *e)
{
    struct buf reply = BUF_INIT;
    if (e->state != RECIPIENT_SKIPPED)
        add_reply(&reply, e);
    json_add_text(json, "reply", reply.len ? buf_str(&reply) : (struct str){NULL, 0});
    buf_release(&reply);
}

static void write_reason(struct json *json, const struct ledger_entry *e)
{
    struct str reason = {NULL, 0};
    if (e->state == RECIPIENT_SKIPPED)
        reason = e->text.len ? e->text : str_of(skip_reason_text(e->reason));
    json_add_text(json, "reason", reason);
}

static void write_codes(struct json *json, const struct ledger_entry *e)
{
    char text[16];
    if (e->code)
        json_add_u64(json, "code", e->code);
    else
        json_add_null(json, "code");
    snprintf(text, sizeof(text), "%u.%u.%u", e->enhanced[0], e->enhanced[1], e->enhanced[2]);
    json_add_text(json, "enhanced", e->enhanced[0] ? str_of(text) : (struct str){NULL, 0});
}

struct str story_source(struct txn *txn, const struct ledger_entry *e)
{
    return e->source ? name_text(txn, NAME_SOURCE, e->source) : (struct str){NULL, 0};
}

void story_write_facts(struct json *json, struct str source, const struct ledger_entry *e)
{
    json_add_text(json, "state", str_of(recipient_state_name(e->state)));
    write_reason(json, e);
    json_add_u64(json, "attempts", e->attempts);
    json_add_u64(json, "doubts", e->doubts);
    json_add_time(json, "first", e->first);
    json_add_time(json, "last", e->last);
    json_add_time(json, "again_at", e->due);
    write_codes(json, e);
    write_reply(json, e);
    json_add_text(json, "source", source);
    if (e->message_version)
        json_add_u64(json, "message_version", e->message_version);
    else
        json_add_null(json, "message_version");
}

/* -- Sentences. */

static void say_time(struct buf *out, uint32_t seconds)
{
    char text[32];
    time_t at = (time_t)seconds;
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
    buf_add_text(out, text);
}

/* "It was tried once, on …: " or "It was tried 3 times, last on …: ", and what was heard. */
static void say_attempts(struct buf *out, const struct ledger_entry *e)
{
    if (e->attempts == 0)
        return;
    if (e->attempts == 1)
        buf_add_text(out, "It was tried once, on ");
    else
        buf_addf(out, "It was tried %u times, the last time on ", e->attempts);
    say_time(out, e->last);
    if (e->state != RECIPIENT_SKIPPED && (e->code || e->text.len)) {
        buf_add_text(out, e->code ? "; the receiver answered: " : ": ");
        struct buf reply = BUF_INIT;
        add_reply(&reply, e);
        buf_add_str(out, buf_str(&reply));
        buf_release(&reply);
    }
    if (!str_ends(buf_str(out), STR(".")))
        buf_add_byte(out, '.');
}

static void say_way(struct buf *out, struct str source, const struct ledger_entry *e)
{
    if (e->attempts == 0 || !source.at)
        return;
    buf_addf(out, "It went out from the source \"%.*s\", with version %u of the message.",
             STR_ARG(source), e->message_version);
}

/* How often it may have arrived; of a single doubt that is still open, its state tells. */
static void say_doubts(struct buf *out, const struct ledger_entry *e)
{
    if (e->doubts == 0 || (e->doubts == 1 && e->state == RECIPIENT_IN_DOUBT))
        return;
    if (e->doubts == 1)
        buf_add_text(out, "Once its last byte was sent and no answer came");
    else
        buf_addf(out, "%u times its last byte was sent and no answer came", e->doubts);
    unsigned most = e->doubts + (e->state == RECIPIENT_DELIVERED ? 1U : 0U);
    buf_addf(out, ": there may be up to %u cop%s.", most, most == 1 ? "y" : "ies");
}

static void say_waiting(struct buf *out, const struct job_record *job, const struct ledger_entry *e)
{
    if (job->state == JOB_PAUSED) {
        buf_add_text(out, "The job is paused: the copy waits until it is resumed.");
    } else if (e->due) {
        buf_add_text(out, "It will be tried again after ");
        say_time(out, e->due);
        buf_add_byte(out, '.');
    } else {
        buf_add_text(out, "It waits in the queue, or is on the wire at this moment.");
    }
}

/* When the job was cancelled, where that is what keeps the copy from being sent. */
static void say_cancelled(struct buf *out, const struct job_record *job, const char *effect)
{
    buf_add_text(out, "The job was cancelled on ");
    say_time(out, job->finished);
    buf_add_text(out, effect);
}

static void say_doubt(struct buf *out, const struct job_record *job, const struct ledger_entry *e)
{
    buf_add_text(out, "The last byte was sent and no answer came: it may have arrived. ");
    if (job->guarantee == GUARANTEE_AT_MOST_ONCE)
        buf_add_text(out, "The job promises at most one copy, so it is not sent again.");
    else if (job->state == JOB_CANCELLED)
        say_cancelled(out, job, ": it is not sent again.");
    else
        say_waiting(out, job, e);
}

static void say_skip(struct buf *out, const struct ledger_entry *e)
{
    buf_add_text(out, "It was not sent on ");
    say_time(out, e->last);
    bool told = e->text.len && e->reason != SKIP_RENDER; /* with the name of what was left */
    struct str reason = told ? e->text : str_of(skip_reason_text(e->reason));
    buf_addf(out, ": %.*s.", STR_ARG(reason));
    if (e->reason == SKIP_RENDER && e->text.len)
        buf_addf(out, " %.*s", STR_ARG(e->text));
}

static void say_expired(struct buf *out, const struct ledger_entry *e)
{
    buf_add_text(out, "It was given up on ");
    say_time(out, e->last);
    buf_add_text(out, ", because it could not be delivered in the time that retry.max_age gives.");
}

static void say_state(struct buf *out, const struct job_record *job, const struct ledger_entry *e)
{
    switch (e->state) {
    case RECIPIENT_QUEUED:
    case RECIPIENT_DEFERRED:
        say_waiting(out, job, e);
        break;
    case RECIPIENT_IN_DOUBT:
        say_doubt(out, job, e);
        break;
    case RECIPIENT_DELIVERED:
        buf_add_text(out, "It is delivered: the receiver has taken responsibility for it.");
        break;
    case RECIPIENT_BOUNCED:
        buf_add_text(out,
                     "It bounced: the receiver refused it for good, so it is not tried again.");
        break;
    case RECIPIENT_SKIPPED:
        say_skip(out, e);
        break;
    case RECIPIENT_EXPIRED:
        say_expired(out, e);
        break;
    case RECIPIENT_CANCELLED:
        say_cancelled(out, job, ", before this copy was delivered: it is not sent.");
        break;
    case RECIPIENT_STATES:
        break;
    }
}

static void say_job(struct buf *out, const struct job_record *job)
{
    buf_addf(out, "Job %u \"%.*s\" was submitted on ", job->id, STR_ARG(job->name));
    say_time(out, job->created);
    buf_addf(out, " for %.*s.", STR_ARG(job->segment));
}

static void write_sentence(struct json *json, struct buf *sentence)
{
    if (sentence->len)
        json_add_text(json, NULL, buf_str(sentence));
    buf_reset(sentence);
}

void story_write_sentences(struct json *json, const char *key, const struct job_record *job,
                           struct str source, const struct ledger_entry *entry, bool suppressed)
{
    struct buf sentence = BUF_INIT;
    json_open_array(json, key);
    say_job(&sentence, job);
    write_sentence(json, &sentence);
    say_attempts(&sentence, entry);
    write_sentence(json, &sentence);
    say_way(&sentence, source, entry);
    write_sentence(json, &sentence);
    say_doubts(&sentence, entry);
    write_sentence(json, &sentence);
    say_state(&sentence, job, entry);
    write_sentence(json, &sentence);
    if (suppressed && entry->state != RECIPIENT_SKIPPED)
        buf_add_text(&sentence, "The contact is suppressed now: it is written to no more.");
    write_sentence(json, &sentence);
    json_close_array(json);
    buf_release(&sentence);
}
