#include "store/queue_counts.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "store/private.h"
#include "store/record.h"
#include "store/table.h"

enum { QUEUE_KEY = 16, COUNT_KEY = 8, COUNT_VALUE = 4 };

static struct key pair_key(uint32_t job, uint32_t domain)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, job);
    key_u32(&key, domain);
    return key;
}

bool queue_count_parse(struct str key, struct str value, struct queue_count *out)
{
    struct reader k = reader_of(key), v = reader_of(value);
    out->job = read_u32(&k);
    out->domain = read_u32(&k);
    out->count = read_u32(&v);
    return key.len == COUNT_KEY && value.len == COUNT_VALUE && out->count > 0;
}

static bool parse(struct txn *txn, struct str key, struct str value, struct queue_count *out)
{
    return queue_count_parse(key, value, out) || txn_damaged(txn, TABLE_QUEUE_COUNTS, key);
}

/* With the cursor, which then stands where the record is written. */
static uint32_t stored(struct txn *txn, const struct key *key)
{
    struct queue_count count;
    struct str found, value;
    bool any = table_seek(txn, TABLE_QUEUE_COUNTS, key, &found, &value) &&
               str_eq(found, key_view(key)) && parse(txn, found, value, &count);
    return any ? count.count : 0;
}

/* --- What a transaction has changed and not written yet --- */

enum { PAIRS = 4096, SLOTS = 2 * PAIRS };

struct pair_change {
    uint32_t job, domain;
    int64_t by;
};

struct queue_changes {
    struct pair_change *last; /* mostly the next one's, too; NULL: there is none */
    size_t count;
    uint16_t slots[SLOTS]; /* by hash: the number of a pair, from 1; 0: none */
    struct pair_change pairs[PAIRS];
};

static struct queue_changes *changes_of(struct txn *txn)
{
    if (!txn->queue_changes) {
        struct queue_changes *c = txn->queue_changes = alloc(sizeof(*c));
        c->last = NULL;
        c->count = 0;
        memset(c->slots, 0, sizeof(c->slots));
    }
    return txn->queue_changes;
}

static bool is_pair(const struct pair_change *p, uint32_t job, uint32_t domain)
{
    return p->job == job && p->domain == domain;
}

/* Where the pair is, or would be. */
static uint16_t *slot_of(struct queue_changes *c, uint32_t job, uint32_t domain)
{
    const uint32_t pair[] = {job, domain};
    size_t slot = hash_bytes(pair, sizeof(pair)) % SLOTS;
    while (c->slots[slot] && !is_pair(&c->pairs[c->slots[slot] - 1], job, domain))
        slot = (slot + 1) % SLOTS;
    return &c->slots[slot];
}

static struct pair_change *pair_of(struct queue_changes *c, uint32_t job, uint32_t domain)
{
    if (c->last && is_pair(c->last, job, domain))
        return c->last;
    uint16_t *slot = slot_of(c, job, domain);
    if (*slot == 0) {
        c->pairs[c->count++] = (struct pair_change){job, domain, 0};
        *slot = (uint16_t)c->count;
    }
    c->last = &c->pairs[*slot - 1];
    return c->last;
}

void queue_counts_change(struct txn *txn, uint32_t job, uint32_t domain, int by)
{
    struct queue_changes *c = changes_of(txn);
    pair_of(c, job, domain)->by += by;
    if (c->count == PAIRS)
        queue_counts_settle(txn);
}

/* --- Writing --- */

static int compare_pairs(const void *a, const void *b)
{
    const struct pair_change *x = a, *y = b;
    if (x->job != y->job)
        return x->job > y->job ? 1 : -1;
    return (x->domain > y->domain) - (x->domain < y->domain);
}

static void write_pair(struct txn *txn, const struct pair_change *p)
{
    struct key key = pair_key(p->job, p->domain);
    int64_t count = stored(txn, &key) + p->by;
    uint8_t value[COUNT_VALUE];
    if (count < 0 || count > UINT32_MAX) {
        txn_damaged(txn, TABLE_QUEUE_COUNTS, key_view(&key));
    } else if (count == 0) {
        table_delete(txn, TABLE_QUEUE_COUNTS, &key);
    } else {
        write_u32(value, (uint32_t)count);
        table_put(txn, TABLE_QUEUE_COUNTS, &key, str_from(value, sizeof(value)));
    }
}

/* Copies that only moved leave nothing to write. */
static void forget_unchanged(struct queue_changes *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->pairs[i].by)
            c->pairs[kept++] = c->pairs[i];
    c->count = kept;
}

/* In the order of the table, for neighbours share a page. */
void queue_counts_settle(struct txn *txn)
{
    struct queue_changes *c = txn->queue_changes;
    if (!c)
        return;
    forget_unchanged(c);
    qsort(c->pairs, c->count, sizeof(c->pairs[0]), compare_pairs);
    for (size_t i = 0; i < c->count && !txn->rc; i++)
        write_pair(txn, &c->pairs[i]);
    queue_counts_drop(txn);
}

void queue_counts_drop(struct txn *txn)
{
    free(txn->queue_changes);
    txn->queue_changes = NULL;
}

/* --- Reading --- */

uint32_t queue_count(struct txn *txn, uint32_t job, uint32_t domain)
{
    struct key key = pair_key(job, domain);
    queue_counts_settle(txn);
    return stored(txn, &key);
}

bool queue_count_next(struct txn *txn, struct queue_count *at)
{
    struct queue_count next;
    struct str found, value;
    if (at->domain == UINT32_MAX)
        return false;
    struct key key = pair_key(at->job, at->domain + 1);
    queue_counts_settle(txn);
    if (!table_seek(txn, TABLE_QUEUE_COUNTS, &key, &found, &value) ||
        !parse(txn, found, value, &next) || next.job != at->job)
        return false;
    *at = next;
    return true;
}

/* --- For a store that has none yet --- */

static void append(struct txn *txn, const struct queue_count *run)
{
    struct key key = pair_key(run->job, run->domain);
    uint8_t *at = run->count ? table_append(txn, TABLE_QUEUE_COUNTS, &key, COUNT_VALUE) : NULL;
    if (at)
        write_u32(at, run->count);
}

/* The queue is in the order of the counts: each is known when the next pair begins. */
void queue_counts_make(struct txn *txn)
{
    struct queue_count run = {0};
    struct key from = pair_key(0, 0);
    struct str key, value;
    bool more = table_seek(txn, TABLE_QUEUE, &from, &key, &value);
    for (; more; more = table_next(txn, TABLE_QUEUE, &key, &value)) {
        struct reader r = reader_of(key);
        uint32_t job = read_u32(&r), domain = read_u32(&r);
        if (key.len != QUEUE_KEY)
            txn_damaged(txn, TABLE_QUEUE, key);
        if (job != run.job || domain != run.domain) {
            append(txn, &run);
            run = (struct queue_count){job, domain, 0};
        }
        run.count++;
    }
    append(txn, &run);
}
