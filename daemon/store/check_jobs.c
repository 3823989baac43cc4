/*
 * What belongs to jobs. First each record by itself: it can be read, and what it names exists.
 * Then, job by job, what must agree at every moment, because it changes in one transaction
 * (store/outcomes.h): the set of recipients, their ledger entries, their queue records, and the
 * job's numbers.
 */
#include "base/alloc.h"
#include "store/check_part.h"
#include "store/names.h"
#include "store/outcomes.h"
#include "store/queue.h"

enum { QUEUE_KEY = 16, LEDGER_KEY = 8 };

static struct key job_prefix(uint32_t job)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, job);
    return key;
}

/* --- Each record --- */

static bool has_message(struct check *c, struct message_ref ref)
{
    struct key key;
    struct str value;
    KEY_INIT(&key);
    key_u32(&key, ref.id);
    key_u32(&key, ref.version);
    return table_get(&c->txn, TABLE_MESSAGES, &key, &value);
}

static void check_job(struct check *c, struct str key, struct str value)
{
    struct job_record job;
    struct reader r = reader_of(key);
    uint32_t id = read_u32(&r);
    if (key.len != 4 || id == 0 || !job_parse(value, &job)) {
        check_say(c, TABLE_JOBS, key, "this is no record of a job.");
        return;
    }
    roaring_bitmap_add(c->jobs, id);
    if (!has_message(c, job.message))
        check_say(c, TABLE_JOBS, key, "its message %u, version %u, does not exist.", job.message.id,
                  job.message.version);
}

static void check_ledger_entry(struct check *c, struct str key, struct str value)
{
    struct ledger_entry entry = {0};
    struct reader r = reader_of(key);
    uint32_t job = read_u32(&r);
    if (key.len != LEDGER_KEY || !ledger_parse(value, &entry))
        check_say(c, TABLE_LEDGER, key, "this is no entry of the ledger.");
    else if (!roaring_bitmap_contains(c->jobs, job))
        check_say(c, TABLE_LEDGER, key, "its job %u does not exist.", job);
    else if (entry.source && !check_has_name(c, NAME_SOURCE, entry.source))
        check_say(c, TABLE_LEDGER, key, "its source %u has no name.", entry.source);
    else if (entry.text_number && !check_has_name(c, NAME_REPLY, entry.text_number))
        check_say(c, TABLE_LEDGER, key, "the text %u of its reply is missing.", entry.text_number);
}

static void check_queue_record(struct check *c, struct str key, struct str value)
{
    struct reader r = reader_of(key);
    uint32_t job = read_u32(&r), domain = read_u32(&r);
    if (key.len != QUEUE_KEY || value.len)
        check_say(c, TABLE_QUEUE, key, "this is no record of the queue.");
    else if (!roaring_bitmap_contains(c->jobs, job))
        check_say(c, TABLE_QUEUE, key, "its job %u does not exist.", job);
    else if (!check_has_name(c, NAME_DOMAIN, domain))
        check_say(c, TABLE_QUEUE, key, "its domain %u has no name.", domain);
}

/* Keys by their text (1 · text → record) and by age (2 · made · text → nothing). */
static void check_job_key(struct check *c, struct str key, struct str value)
{
    struct job_key entry;
    bool by_text = key.at[0] == 1, by_age = key.at[0] == 2 && key.len > 5 && value.len == 0;
    if (by_text ? !job_key_parse(value, &entry) : !by_age)
        check_say(c, TABLE_JOB_KEYS, key, "this is no record of a submission's key.");
    else if (by_text && !roaring_bitmap_contains(c->jobs, entry.job))
        check_say(c, TABLE_JOB_KEYS, key, "its job %u does not exist.", entry.job);
}

void check_jobs(struct check *c)
{
    check_each(c, TABLE_JOBS, NULL, check_job);
    check_each(c, TABLE_LEDGER, NULL, check_ledger_entry);
    check_each(c, TABLE_QUEUE, NULL, check_queue_record);
    check_each(c, TABLE_JOB_KEYS, NULL, check_job_key);
}

/* --- Job by job --- */

struct job_sums {
    struct check *check;
    struct job_record job;
    roaring_bitmap_t *recipients;
    roaring_bitmap_t *entered; /* have a ledger entry */
    roaring_bitmap_t *waiting; /* must have a queue record */
    roaring_bitmap_t *queued;  /* have one */
    uint32_t counts[RECIPIENT_STATES];
};

static bool can_be_sent(const struct job_record *job, enum recipient_state state)
{
    if (state == RECIPIENT_IN_DOUBT)
        return job->guarantee == GUARANTEE_AT_LEAST_ONCE;
    return state == RECIPIENT_QUEUED || state == RECIPIENT_DEFERRED;
}

static void take_entry(struct job_sums *s, struct str key, const struct ledger_entry *entry)
{
    if (!roaring_bitmap_contains(s->recipients, entry->contact)) {
        check_say(s->check, TABLE_LEDGER, key, "contact %u is no recipient of job %u.",
                  entry->contact, s->job.id);
        return;
    }
    roaring_bitmap_add(s->entered, entry->contact);
    if (can_be_sent(&s->job, entry->state))
        roaring_bitmap_add(s->waiting, entry->contact);
    s->counts[recipient_counts_as(s->job.state, entry->state)]++;
}

static void take_ledger(struct job_sums *s)
{
    struct key prefix = job_prefix(s->job.id);
    struct ledger_entry entry = {0};
    struct str key, value;
    bool more = table_seek(&s->check->txn, TABLE_LEDGER, &prefix, &key, &value);
    for (; more && key_starts(key, &prefix);
         more = table_next(&s->check->txn, TABLE_LEDGER, &key, &value)) {
        struct reader r = reader_of(str_skip(key, prefix.len));
        entry.contact = read_u32(&r);
        if (ledger_parse(value, &entry))
            take_entry(s, key, &entry);
    }
}

/* Who has no entry was never tried, and waits as soon as fan-out has come by. */
static void take_untried(struct job_sums *s)
{
    roaring_bitmap_t *untried = roaring_bitmap_andnot(s->recipients, s->entered);
    enum recipient_state state = recipient_counts_as(s->job.state, RECIPIENT_QUEUED);
    s->counts[state] += (uint32_t)roaring_bitmap_get_cardinality(untried);
    if (s->job.fanned != UINT32_MAX)
        roaring_bitmap_remove_range(untried, s->job.fanned, (uint64_t)UINT32_MAX + 1);
    roaring_bitmap_or_inplace(s->waiting, untried);
    roaring_bitmap_free(untried);
}

/* The due time that a queue record should have: its ledger entry's, or 0. */
static uint32_t due_of(struct job_sums *s, uint32_t contact)
{
    struct key key = job_prefix(s->job.id);
    struct ledger_entry entry = {0};
    struct str value;
    key_u32(&key, contact);
    if (!roaring_bitmap_contains(s->entered, contact) ||
        !table_get(&s->check->txn, TABLE_LEDGER, &key, &value) || !ledger_parse(value, &entry))
        return 0;
    return entry.due;
}

static void take_queue_record(struct job_sums *s, struct str key)
{
    struct check *c = s->check;
    struct reader r = reader_of(str_skip(key, 8));
    uint32_t due = read_u32(&r), contact = read_u32(&r), want = due_of(s, contact);
    if (!roaring_bitmap_contains(s->recipients, contact))
        check_say(c, TABLE_QUEUE, key, "contact %u is no recipient of job %u.", contact, s->job.id);
    else if (!roaring_bitmap_contains(s->waiting, contact))
        check_say(c, TABLE_QUEUE, key, "contact %u has nothing more to wait for in job %u.",
                  contact, s->job.id);
    else if (!roaring_bitmap_add_checked(s->queued, contact))
        check_say(c, TABLE_QUEUE, key, "contact %u is queued twice in job %u.", contact, s->job.id);
    else if (due != want)
        check_say(c, TABLE_QUEUE, key,
                  "contact %u is queued for the time %u in job %u, and its ledger says %u.",
                  contact, due, s->job.id, want);
}

static void take_queue(struct job_sums *s)
{
    struct key prefix = job_prefix(s->job.id);
    struct str key, value;
    bool more = table_seek(&s->check->txn, TABLE_QUEUE, &prefix, &key, &value);
    for (; more && key_starts(key, &prefix);
         more = table_next(&s->check->txn, TABLE_QUEUE, &key, &value))
        if (key.len == QUEUE_KEY)
            take_queue_record(s, key);
}

/* A cancelled job's queue is being emptied. */
static void find_forgotten(struct job_sums *s)
{
    roaring_bitmap_t *forgotten = roaring_bitmap_andnot(s->waiting, s->queued);
    uint64_t count = roaring_bitmap_get_cardinality(forgotten);
    if (count && s->job.state != JOB_CANCELLED)
        finding_add(&s->check->findings,
                    "Job %u has %llu recipients that wait and are not in the queue: contact %u is "
                    "the first.",
                    s->job.id, (unsigned long long)count, roaring_bitmap_minimum(forgotten));
    roaring_bitmap_free(forgotten);
}

static void compare_counts(struct job_sums *s)
{
    struct findings *findings = &s->check->findings;
    uint64_t sum = 0, members = roaring_bitmap_get_cardinality(s->recipients);
    for (size_t i = 0; i < RECIPIENT_STATES; i++) {
        sum += s->job.counts[i];
        if (s->job.counts[i] != s->counts[i])
            finding_add(findings, "Job %u counts %u recipients as %s, and there are %u.", s->job.id,
                        s->job.counts[i], recipient_state_name((enum recipient_state)i),
                        s->counts[i]);
    }
    if (sum != s->job.recipients)
        finding_add(findings, "Job %u has %u recipients, and its numbers add up to %llu.",
                    s->job.id, s->job.recipients, (unsigned long long)sum);
    if (members != s->job.recipients)
        finding_add(findings, "Job %u has %u recipients, and the set of them has %llu.", s->job.id,
                    s->job.recipients, (unsigned long long)members);
}

static void sum_up(struct check *c, struct str key, struct str value)
{
    struct job_sums s = {.check = c};
    struct reader r = reader_of(key);
    if (key.len != 4 || !job_parse(value, &s.job))
        return;
    s.job.id = read_u32(&r);
    s.recipients = check_set(c, SET_JOB, s.job.id);
    s.entered = roaring_bitmap_create();
    s.waiting = roaring_bitmap_create();
    s.queued = roaring_bitmap_create();
    take_ledger(&s);
    take_untried(&s);
    take_queue(&s);
    find_forgotten(&s);
    compare_counts(&s);
    roaring_bitmap_free(s.queued);
    roaring_bitmap_free(s.waiting);
    roaring_bitmap_free(s.entered);
    roaring_bitmap_free(s.recipients);
}

void check_job_sums(struct check *c)
{
    check_each(c, TABLE_JOBS, NULL, sum_up);
}
