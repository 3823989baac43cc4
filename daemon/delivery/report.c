#include "delivery/report.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "delivery/feed.h"
#include "delivery/site.h"
#include "store/journal.h"
#include "store/writer.h"

enum { REPORT_MAX = 256, REPORT_WAIT_MS = 20 };

struct report {
    struct write_op op;
    struct letter durable;
    struct delivery_thread *thread;
    struct report *next, **link; /* among those that the writer has */
    uint64_t written_in;         /* that state of the store */
    uint64_t mark; /* of the journal: what ended up to here is in this report, or in one before */
    size_t count, sum_count;
    struct outcome outcomes[REPORT_MAX];
    struct outcome_sums sums[REPORT_MAX];
    struct feed *feeds[REPORT_MAX];
};

#define OUTCOME_METRIC(state)                                                                     \
    {                                                                                             \
        "tocsin_outcomes_total", "state=\"" state "\"", "What became of copies.", METRIC_COUNTER, \
            0, NULL                                                                               \
    }

static struct metric outcomes_total[RECIPIENT_STATES] = {
    [RECIPIENT_DEFERRED] = OUTCOME_METRIC("deferred"),
    [RECIPIENT_IN_DOUBT] = OUTCOME_METRIC("in_doubt"),
    [RECIPIENT_DELIVERED] = OUTCOME_METRIC("delivered"),
    [RECIPIENT_BOUNCED] = OUTCOME_METRIC("bounced"),
    [RECIPIENT_SKIPPED] = OUTCOME_METRIC("skipped"),
    [RECIPIENT_EXPIRED] = OUTCOME_METRIC("expired"),
};

void report_init(void)
{
    for (size_t i = 0; i < RECIPIENT_STATES; i++)
        if (outcomes_total[i].name)
            metric_register(&outcomes_total[i]);
}

static void apply(struct txn *txn, struct write_op *op)
{
    struct report *r = (struct report *)(void *)op;
    r->written_in = txn_state(txn);
    r->sum_count = outcomes_apply(txn, r->outcomes, r->count, r->sums);
}

static void done(struct write_op *op)
{
    struct report *r = (struct report *)(void *)op;
    const struct delivery_hooks *hooks = r->thread->hooks;
    hooks->committed(hooks->ctx, r->outcomes, r->count, r->sums, r->sum_count);
    loop_post(&r->thread->loop, &r->durable);
}

static void report_free(struct report *r)
{
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    free(r);
}

static void go_on_if_held(struct delivery_thread *thread)
{
    if (!thread->held)
        return;
    thread->held = false;
    if (thread_may_begin(thread))
        sites_work(thread);
}

/* Back on the delivery thread: the recipients are in the ledger, or in the queue with their new
 * time. */
static void on_durable(struct letter *letter)
{
    struct report *r = LETTER_OF(letter, struct report, durable);
    struct delivery_thread *thread = r->thread;
    for (size_t i = 0; i < r->count; i++) {
        const struct outcome *o = &r->outcomes[i];
        site_work(r->feeds[i]->site);
        u64set_remove(&thread->taken, taken_key(o->job, o->contact));
        if (!o->due)
            feed_count_down(r->feeds[i], r->written_in);
        feed_settle(r->feeds[i], o->due);
    }
    thread->uncommitted -= r->count;
    journal_durable(thread->journal, r->mark);
    report_free(r);
    go_on_if_held(thread);
    thread_end_if_done(thread);
}

void report_flush(struct delivery_thread *thread)
{
    struct report *r = thread->report;
    timer_stop(&thread->report_due);
    if (!r)
        return;
    thread->report = NULL;
    r->mark = journal_mark(thread->journal);
    r->next = thread->sent;
    r->link = &thread->sent;
    if (r->next)
        r->next->link = &r->next;
    thread->sent = r;
    r->op.records = (unsigned)r->count;
    store_submit(thread->store, &r->op);
}

void reports_release(struct delivery_thread *thread)
{
    for (struct report *r = thread->sent, *next; r; r = next) {
        next = r->next;
        report_free(r);
    }
}

static void on_report_due(void *ctx)
{
    report_flush(ctx);
}

static struct report *report_open(struct delivery_thread *thread)
{
    if (thread->report)
        return thread->report;
    struct report *r = alloc(sizeof(*r));
    r->op = (struct write_op){.apply = apply, .done = done};
    r->durable = (struct letter){.deliver = on_durable};
    r->thread = thread;
    r->count = 0;
    r->sum_count = 0;
    thread->report = r;
    timer_init(&thread->report_due, &thread->loop, on_report_due, thread);
    timer_start(&thread->report_due, REPORT_WAIT_MS);
    return r;
}

static void log_outcome(const struct parcel *p, const struct outcome *o, const char *peer)
{
    struct log_line line;
    if (!log_begin(&line, LOG_INFO, recipient_state_name(o->state)))
        return;
    log_u64(&line, "job", o->job);
    log_u64(&line, "contact", o->contact);
    log_str(&line, "to", buf_str(&p->copy.recipient));
    log_str(&line, "site", site_key(p->feed->site));
    if (peer)
        log_text(&line, "peer", peer);
    log_u64(&line, "attempt", (uint64_t)p->copy.attempts + o->attempted);
    if (p->begun)
        log_u64(&line, "ms", (uint64_t)(clock_mono_us() - p->began_us) / 1000);
    if (o->due)
        log_u64(&line, "again_in_s", o->due - o->at);
    if (o->code)
        log_u64(&line, "code", o->code);
    log_str(&line, "reply", str_from(o->text, o->text_len));
    log_end(&line);
}

/* Adds the finished outcome to the report, and lets the parcel go: its recipient stays taken. */
static void report_add(struct delivery_thread *thread, struct parcel *p, const struct outcome *o,
                       const char *peer)
{
    struct report *r = report_open(thread);
    if (p->begun)
        journal_ended(thread->journal, p->open, o);
    log_outcome(p, o, peer);
    metric_add(&outcomes_total[o->state], 1);
    r->feeds[r->count] = p->feed;
    r->outcomes[r->count++] = *o;
    thread->uncommitted++;
    parcel_free(thread, p);
    if (r->count == REPORT_MAX)
        report_flush(thread);
}

static void outcome_init(struct outcome *o, const struct parcel *p, struct verdict verdict)
{
    o->job = p->copy.mailing->job;
    o->contact = p->copy.contact;
    o->domain = p->copy.domain;
    o->was_due = p->copy.due;
    o->state = verdict.state;
    o->due = verdict.due;
    o->at = (uint32_t)clock_steady_s();
    o->attempted = p->begun;
    o->attempt = p->copy.attempts;
    o->source = p->source;
    o->counted = p->begun;
    o->from = p->copy.was;
    o->reason = SKIP_NONE;
    o->message_version = p->copy.mailing->message_version;
    o->code = 0;
    memset(o->enhanced, 0, sizeof(o->enhanced));
    o->text_len = 0;
}

static struct attempt attempt_of(const struct parcel *p)
{
    return (struct attempt){.lane = p->copy.mailing->lane,
                            .attempts = p->copy.attempts,
                            .first = p->copy.since,
                            .now = (uint32_t)clock_steady_s(),
                            .chance = (uint32_t)random_below(1000),
                            .guarantee = p->copy.mailing->guarantee};
}

static uint8_t capped(int n)
{
    return (uint8_t)(n < 0 ? 0 : n > 255 ? 255 : n);
}

void report_answer(struct delivery_thread *thread, struct parcel *parcel,
                   const struct smtp_answer *answer, bool spared, const char *peer)
{
    struct outcome o;
    struct attempt attempt = attempt_of(parcel);
    attempt.spared = spared;
    const struct smtp_reply *reply = answer->reply;
    outcome_init(&o, parcel, verdict_of_answer(&thread->settings->config->retry, &attempt, answer));
    o.attempted = true;
    o.code = (uint16_t)reply->code;
    o.enhanced[0] = capped(reply->enhanced.class);
    o.enhanced[1] = capped(reply->enhanced.subject);
    o.enhanced[2] = capped(reply->enhanced.detail);
    outcome_set_text(&o, reply->text);
    report_add(thread, parcel, &o, peer);
}

void report_loss(struct delivery_thread *thread, struct parcel *parcel, enum smtp_loss loss,
                 const char *sentence, const char *peer)
{
    struct outcome o;
    struct attempt attempt = attempt_of(parcel);
    outcome_init(&o, parcel, verdict_of_loss(&thread->settings->config->retry, &attempt, loss));
    outcome_set_text(&o, str_of(sentence));
    report_add(thread, parcel, &o, peer);
}

void report_refused(struct delivery_thread *thread, struct parcel *parcel,
                    const struct refusal *refusal, struct str sentence)
{
    struct outcome o;
    outcome_init(&o, parcel, (struct verdict){RECIPIENT_BOUNCED, 0});
    o.code = refusal->code;
    memcpy(o.enhanced, refusal->enhanced, sizeof(o.enhanced));
    outcome_set_text(&o, sentence);
    report_add(thread, parcel, &o, NULL);
}

void report_skip(struct delivery_thread *thread, struct parcel *parcel)
{
    struct outcome o;
    outcome_init(&o, parcel, (struct verdict){RECIPIENT_SKIPPED, 0});
    o.reason = parcel->copy.reason;
    outcome_set_text(&o, str_of(parcel->copy.why.text));
    report_add(thread, parcel, &o, NULL);
}

void report_expired(struct delivery_thread *thread, struct parcel *parcel, struct str sentence)
{
    struct outcome o;
    outcome_init(&o, parcel, (struct verdict){RECIPIENT_EXPIRED, 0});
    outcome_set_text(&o, sentence);
    report_add(thread, parcel, &o, NULL);
}
