/* The counts of the queue and the queue itself, which must agree: walked side by side, each once.
 */
#include "store/check_part.h"

enum { QUEUE_KEY = 16 };

static struct key count_key(const struct queue_count *count)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, count->job);
    key_u32(&key, count->domain);
    return key;
}

/* `there`: how many records the queue has of a job at a domain, at least one. */
static void compare(struct check *c, const struct queue_count *there)
{
    struct key key = count_key(there);
    struct queue_count counted = {0};
    struct str value;
    if (table_get(&c->txn, TABLE_QUEUE_COUNTS, &key, &value) &&
        !queue_count_parse(key_view(&key), value, &counted))
        return; /* check_count says so */
    if (counted.count != there->count)
        check_say(c, TABLE_QUEUE_COUNTS, key_view(&key),
                  "%u recipients of job %u are counted at domain %u, and the queue has %u.",
                  counted.count, there->job, there->domain, there->count);
}

static void compare_queue(struct check *c)
{
    struct queue_count there = {0};
    struct key from = count_key(&there);
    struct str key, value;
    bool more = table_seek(&c->txn, TABLE_QUEUE, &from, &key, &value);
    for (; more; more = table_next(&c->txn, TABLE_QUEUE, &key, &value)) {
        struct reader r = reader_of(key);
        uint32_t job = read_u32(&r), domain = read_u32(&r);
        if (key.len != QUEUE_KEY)
            continue; /* check_jobs said so */
        if (there.count && (job != there.job || domain != there.domain)) {
            compare(c, &there);
            there.count = 0;
        }
        there = (struct queue_count){job, domain, there.count + 1};
    }
    if (there.count)
        compare(c, &there);
}

static bool has_any(struct check *c, const struct queue_count *counted)
{
    struct key prefix = count_key(counted);
    struct str key, value;
    return table_seek(&c->txn, TABLE_QUEUE, &prefix, &key, &value) && key_starts(key, &prefix);
}

static void check_count(struct check *c, struct str key, struct str value)
{
    struct queue_count counted;
    if (!queue_count_parse(key, value, &counted))
        check_say(c, TABLE_QUEUE_COUNTS, key, "this is no count of the queue.");
    else if (!has_any(c, &counted))
        check_say(c, TABLE_QUEUE_COUNTS, key,
                  "%u recipients of job %u are counted at domain %u, and the queue has none.",
                  counted.count, counted.job, counted.domain);
}

void check_queue_counts(struct check *c)
{
    compare_queue(c);
    check_each(c, TABLE_QUEUE_COUNTS, NULL, check_count);
}
