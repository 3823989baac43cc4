#include "store/queue.h"

#include "store/private.h"
#include "store/queue_counts.h"
#include "store/table.h"

enum { QUEUE_KEY = 16 };

static struct key entry_key(const struct queue_entry *e)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, e->job);
    key_u32(&key, e->domain);
    key_u32(&key, e->due);
    key_u32(&key, e->contact);
    return key;
}

/* The entry that a key is; false (and a sticky error) when it is none. */
static bool entry_parse(struct txn *txn, struct str key, struct queue_entry *out)
{
    struct reader r = reader_of(key);
    *out = (struct queue_entry){.job = read_u32(&r)};
    out->domain = read_u32(&r);
    out->due = read_u32(&r);
    out->contact = read_u32(&r);
    return key.len == QUEUE_KEY || txn_damaged(txn, TABLE_QUEUE, key);
}

/* The first entry that is not before `from`. */
static bool seek(struct txn *txn, const struct queue_entry *from, struct queue_entry *out)
{
    struct key key = entry_key(from);
    struct str found, value;
    return table_seek(txn, TABLE_QUEUE, &key, &found, &value) && entry_parse(txn, found, out);
}

static bool next(struct txn *txn, struct queue_entry *out)
{
    struct str found, value;
    return table_next(txn, TABLE_QUEUE, &found, &value) && entry_parse(txn, found, out);
}

/* True if an entry with this key would be the table's last. */
static bool is_after_all(struct txn *txn, const struct key *key)
{
    struct str found, value;
    return !table_last(txn, TABLE_QUEUE, &found, &value) || str_compare(key_view(key), found) > 0;
}

/* Every record comes and goes in these two: they count it. */
static void add(struct txn *txn, const struct key *key, bool append, const struct queue_entry *e)
{
    bool fresh = append ? table_append(txn, TABLE_QUEUE, key, 0) != NULL
                        : table_add(txn, TABLE_QUEUE, key, STR(""));
    if (fresh)
        queue_counts_change(txn, e->job, e->domain, 1);
}

bool queue_remove(struct txn *txn, const struct queue_entry *entry)
{
    struct key key = entry_key(entry);
    bool was_there = table_delete(txn, TABLE_QUEUE, &key);
    if (was_there)
        queue_counts_change(txn, entry->job, entry->domain, -1);
    return was_there;
}

void queue_add(struct txn *txn, const struct queue_entry *entries, size_t count)
{
    struct key key, before;
    bool append = count > 1;
    for (size_t i = 0; i < count; i++) {
        key = entry_key(&entries[i]);
        if (append && (i == 0 ? !is_after_all(txn, &key)
                              : str_compare(key_view(&key), key_view(&before)) <= 0))
            append = false;
        add(txn, &key, append, &entries[i]);
        before = key;
    }
}

bool queue_has(struct txn *txn, const struct queue_entry *entry)
{
    struct key key = entry_key(entry);
    struct str value;
    return table_get(txn, TABLE_QUEUE, &key, &value);
}

size_t queue_read(struct txn *txn, const struct queue_entry *from, uint32_t until,
                  struct queue_entry *out, size_t max)
{
    struct queue_entry e;
    size_t count = 0;
    bool more = max > 0 && seek(txn, from, &e);
    while (more && e.job == from->job && e.domain == from->domain && e.due <= until) {
        out[count++] = e;
        more = count < max && next(txn, &e);
    }
    return count;
}

uint32_t queue_next_due(struct txn *txn, uint32_t job, uint32_t domain, uint32_t after)
{
    struct queue_entry e, from = {job, domain, after + 1, 0};
    if (after == UINT32_MAX || !seek(txn, &from, &e) || e.job != job || e.domain != domain)
        return 0;
    return e.due;
}

uint32_t queue_next_domain(struct txn *txn, uint32_t job, uint32_t after)
{
    struct queue_count at = {job, after, 0};
    return queue_count_next(txn, &at) ? at.domain : 0;
}

size_t queue_drain(struct txn *txn, uint32_t job, struct queue_entry *out, size_t max)
{
    struct queue_entry e, from = {job, 0, 0, 0};
    size_t count = 0;
    while (count < max && seek(txn, &from, &e) && e.job == job) {
        queue_remove(txn, &e);
        if (out)
            out[count] = e;
        count++;
    }
    return count;
}
