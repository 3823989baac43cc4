#include "delivery/recovery.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/random.h"
#include "delivery/verdict.h"
#include "store/journal.h"
#include "store/writer.h"

enum { BATCH = 256 };

/* A transaction of which the journal has told no end yet. */
struct open_copy {
    uint64_t key; /* job · contact */
    struct journal_began began;
    UT_hash_handle hh;
};

struct recovery {
    struct write_op op;
    struct store *store;
    const struct config *config;
    struct open_copy *open; /* of the file that is read; uthash, by key */
    struct arena names;
    struct str name; /* the source that was named last */
    size_t count;
    struct outcome batch[BATCH];
    bool settling;            /* the batch is of copies whose end the journal does not tell */
    uint32_t answers, doubts; /* of the batch: what was news */
    uint64_t all_answers, all_doubts;
};

static void apply(struct txn *txn, struct write_op *op)
{
    struct recovery *r = (struct recovery *)(void *)op;
    struct outcome_sums sums;
    r->answers = r->doubts = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct outcome *o = &r->batch[i];
        if (outcome_is_known(txn, o) || outcomes_apply(txn, o, 1, &sums) == 0)
            continue;
        r->answers += !r->settling;
        r->doubts += r->settling;
    }
}

/* One after the other: a copy may be among them with several attempts. */
static void flush(struct recovery *r)
{
    if (r->count == 0)
        return;
    r->op = (struct write_op){.apply = apply, .records = BATCH, .urgent = true};
    store_run(r->store, &r->op);
    r->all_answers += r->answers;
    r->all_doubts += r->doubts;
    r->count = 0;
}

static void add(struct recovery *r, const struct journal_began *began, const struct outcome *end)
{
    struct outcome *o = &r->batch[r->count++];
    *o = *end;
    o->domain = began->domain;
    o->message_version = began->message_version;
    o->attempt = began->attempt;
    o->source = began->source;
    o->attempted = true;
    if (r->count == BATCH)
        flush(r);
}

static struct open_copy *find(const struct recovery *r, const struct journal_began *began)
{
    uint64_t key = (uint64_t)began->job << 32 | began->contact;
    struct open_copy *open;
    HASH_FIND(hh, r->open, &key, sizeof(key), open);
    return open;
}

static void forget(struct recovery *r, struct open_copy *open)
{
    HASH_DEL(r->open, open);
    free(open);
}

/* The record's text is gone when the file is: names are few and mostly the same. */
static struct str keep_name(struct recovery *r, struct str name)
{
    if (!str_eq(name, r->name))
        r->name = arena_str(&r->names, name);
    return r->name;
}

static void on_began(struct recovery *r, const struct journal_began *began)
{
    struct open_copy *open = find(r, began);
    if (!open) {
        open = NEW(struct open_copy);
        open->key = (uint64_t)began->job << 32 | began->contact;
        HASH_ADD(hh, r->open, key, sizeof(open->key), open);
    }
    open->began = *began;
    open->began.source = keep_name(r, began->source);
}

/* An end without a beginning stands behind a hole that a power cut left. */
static void on_record(void *ctx, const struct journal_record *record)
{
    struct recovery *r = ctx;
    struct open_copy *open = find(r, &record->began);
    if (record->kind == JOURNAL_BEGAN) {
        on_began(r, &record->began);
    } else if (open) {
        if (record->kind == JOURNAL_ENDED)
            add(r, &open->began, &record->outcome);
        forget(r, open);
    }
}

/* In doubt, as when a connection breaks after the last byte. False: it is known, or its job is not.
 */
static bool doubt(struct recovery *r, struct txn *txn, const struct journal_began *began,
                  struct outcome *out)
{
    struct job_record job;
    struct ledger_entry entry = {.since = 0};
    if (!job_read(txn, began->job, &job))
        return false;
    ledger_read(txn, began->job, began->contact, &entry);
    struct attempt attempt = {.attempts = began->attempt,
                              .lane = job.lane,
                              .first = entry.since,
                              .now = (uint32_t)clock_steady_s(),
                              .chance = (uint32_t)random_below(1000),
                              .guarantee = job.guarantee};
    struct verdict verdict = verdict_of_loss(&r->config->retry, &attempt, SMTP_IN_DOUBT);
    *out = (struct outcome){.job = began->job,
                            .contact = began->contact,
                            .state = verdict.state,
                            .due = verdict.due,
                            .at = began->at,
                            .attempt = began->attempt};
    outcome_set_text(out, STR("tocsind ended before the answer came."));
    return !outcome_is_known(txn, out);
}

static int settle_open(struct recovery *r, struct err *err)
{
    r->settling = true;
    for (struct open_copy *open = r->open, *next; open; open = next) {
        struct outcome outcome;
        struct txn txn;
        next = open->hh.next;
        txn_begin(r->store, &txn);
        bool is_news = doubt(r, &txn, &open->began, &outcome);
        int failed = txn_failed(&txn, err);
        txn_end(&txn);
        if (failed)
            return -1;
        if (is_news)
            add(r, &open->began, &outcome);
        forget(r, open);
    }
    flush(r);
    r->settling = false;
    return 0;
}

static int read_journal(struct recovery *r, unsigned number, struct err *err)
{
    struct buf file = BUF_INIT;
    struct err why;
    int result = journal_load(r->store, number, &file, err);
    if (result == 0 && journal_read(buf_str(&file), on_record, r, &why) != 0)
        result = err_set(err,
                         "The file %s/journal-%u %s It says which copies were on the wire when "
                         "tocsind ended: restore the data folder from a backup; or move the file "
                         "away, and those copies may be sent twice.",
                         r->config->data_dir.at, number, why.text);
    buf_release(&file);
    return result;
}

static void say(const struct recovery *r)
{
    struct log_line line;
    if (r->all_answers + r->all_doubts == 0 || !log_begin(&line, LOG_WARN, "recovered"))
        return;
    log_u64(&line, "answers", r->all_answers);
    log_u64(&line, "in_doubt", r->all_doubts);
    log_text(&line, "message",
             "The last tocsind did not stop in order: what its journal knew is in the ledger now.");
    log_end(&line);
}

/* Each file by itself: a copy may be in two of them, when one is left from an older process. */
static int take_over(struct recovery *r, unsigned number, struct err *err)
{
    if (read_journal(r, number, err) != 0)
        return -1;
    flush(r);
    return settle_open(r, err);
}

static int run(struct recovery *r, struct err *err)
{
    for (unsigned i = 0; i < JOURNALS_MAX; i++)
        if (take_over(r, i, err) != 0)
            return -1;
    for (unsigned i = r->config->threads.delivery; i < JOURNALS_MAX; i++)
        if (journal_remove(r->store, i, err) != 0)
            return -1;
    say(r);
    return 0;
}

int recovery_run(struct store *store, const struct config *config, struct err *err)
{
    struct recovery *r = NEW(struct recovery);
    r->store = store;
    r->config = config;
    int result = run(r, err);
    for (struct open_copy *open = r->open, *next; open; open = next) {
        next = open->hh.next;
        forget(r, open);
    }
    arena_release(&r->names);
    free(r);
    return result;
}
