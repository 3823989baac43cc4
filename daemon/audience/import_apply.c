#include "audience/import.h"

#include "audience/private.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/names.h"
#include "store/sets.h"

/*
 *   owner's thread          writer's thread
 *   import_apply ─submit 2─▶ batch_apply … commit … batch_done ─submit the next─▶ …
 *                                                       └─ the last ─▶ done
 */

/* --- In the write transaction: may run more than once, writes only the batch's fields and scratch
 * --- */

static int batch_fail(struct import_batch *b, const char *why)
{
    b->failed = true;
    return err_set(&b->why, "%s", why);
}

/* The store's numbers of the columns' attributes. */
static int attributes_intern(struct txn *txn, struct import_batch *b, uint32_t *numbers)
{
    const struct columns *c = &b->import->columns;
    for (size_t i = 0; i < c->attribute_count; i++) {
        numbers[i] = name_intern(txn, NAME_ATTRIBUTE, c->attributes[i]);
        if (numbers[i] > UINT16_MAX)
            return batch_fail(b, "There are more than 65,535 attribute names in the store.");
    }
    return 0;
}

/* The next row takes its place. */
static void row_refused(struct import_batch *b, enum contact_change change, struct str address)
{
    struct buf *out = change == CONTACT_BARRED ? &b->barred : &b->refused;
    buf_add(out, address.at, address.len);
    buf_add_byte(out, '\0');
    b->count--;
}

static void rows_put(struct txn *txn, struct import_batch *b, const uint32_t *numbers)
{
    struct contact_attribute attributes[CONTACT_MAX_ATTRIBUTES];
    struct contact_row row;
    struct contact_writer *writer = contact_writer_begin(txn, b->import->now);
    struct str rest = buf_str(&b->import->batch_bytes);
    contact_writer_expect(writer, b->import->batch_hashes,
                          stage_hashes(rest, b->import->batch_hashes));
    for (b->count = 0; stage_next(&rest, attributes, &row); b->count++) {
        enum contact_change change = CONTACT_UNCHANGED;
        for (size_t i = 0; i < row.attribute_count; i++)
            attributes[i].id = numbers[attributes[i].id];
        row.consented = b->import->consented;
        b->ids[b->count] = contact_writer_put(writer, &row, &change);
        b->changes[b->count] = (uint8_t)change;
        if (change == CONTACT_REFUSED || change == CONTACT_BARRED)
            row_refused(b, change, row.address);
    }
    contact_writer_end(writer);
}

/* All but those who left it. */
static void list_fill(struct txn *txn, struct import_batch *b)
{
    uint32_t list = name_intern(txn, NAME_LIST, str_of(b->import->list));
    roaring_bitmap_t *left = set_load(txn, SET_LEFT_LIST, list);
    uint32_t *ids = alloc((b->count + 1) * sizeof(*ids));
    size_t count = 0;
    for (size_t i = 0; i < b->count; i++) {
        if (roaring_bitmap_contains(left, b->ids[i]))
            b->changes[i] |= ROW_LEFT;
        else
            ids[count++] = b->ids[i];
    }
    set_add(txn, SET_LIST, list, ids, count);
    free(ids);
    roaring_bitmap_free(left);
}

static void batch_apply(struct txn *txn, struct write_op *op)
{
    struct import_batch *b = (struct import_batch *)op;
    struct import *import = b->import;
    uint32_t numbers[CONTACT_MAX_ATTRIBUTES];
    b->failed = false;
    b->count = 0;
    buf_reset(&b->refused);
    buf_reset(&b->barred);
    buf_reset(&import->batch_bytes);
    if (b->index < stage_batch_count(import->stage) &&
        stage_read(import->stage, b->index, &import->batch_bytes, &b->why) < 0) {
        b->failed = true;
        return;
    }
    if (attributes_intern(txn, b, numbers) < 0)
        return;
    if (import->batch_bytes.len)
        rows_put(txn, b, numbers);
    if (import->list)
        list_fill(txn, b);
}

/* --- After the commit --- */

/* True when this import meets the contact for the first time. */
static bool seen_first(struct import *import, uint32_t id)
{
    size_t word = id / 64;
    uint64_t bit = (uint64_t)1 << (id % 64);
    if (word >= import->seen_words) {
        size_t words = word * 2 + 1024;
        import->seen = alloc_again(import->seen, words * sizeof(uint64_t));
        memset(import->seen + import->seen_words, 0,
               (words - import->seen_words) * sizeof(uint64_t));
        import->seen_words = words;
    }
    bool first = !(import->seen[word] & bit);
    import->seen[word] |= bit;
    return first;
}

static void batch_count(struct import_batch *b)
{
    struct import *import = b->import;
    uint64_t counts[3] = {0, 0, 0}, duplicates = 0, left = 0;
    for (size_t i = 0; i < b->count; i++) {
        if (!seen_first(import, b->ids[i])) {
            duplicates++;
            continue;
        }
        counts[b->changes[i] & ~ROW_LEFT]++;
        left += (b->changes[i] & ROW_LEFT) != 0;
    }
    atomic_fetch_add(&import->added, counts[CONTACT_ADDED]);
    atomic_fetch_add(&import->updated, counts[CONTACT_UPDATED]);
    atomic_fetch_add(&import->unchanged, counts[CONTACT_UNCHANGED]);
    atomic_fetch_add(&import->duplicates, duplicates);
    atomic_fetch_add(&import->left, left);
}

/* A row that the store refused is told with its address alone: what it said is no longer known. */
static int refuse_row(struct import *import, struct str address, struct str why, struct err *err)
{
    struct str fields[CSV_MAX_FIELDS];
    struct csv_row row = {.fields = fields, .count = import->columns.count};
    for (size_t i = 0; i < row.count; i++)
        fields[i] = import->columns.means[i] == COLUMN_EMAIL ? address : STR("");
    atomic_fetch_add(&import->rejected, 1);
    return rejects_add(&import->rejects, &row, why, err);
}

static void refuse_rows(struct import *import, struct buf *addresses, struct str why)
{
    struct err err;
    int rc = 0;
    for (struct str rest = buf_str(addresses); rest.len;)
        rc |= refuse_row(import, str_cut(&rest, '\0'), why, &err);
    if (rc < 0)
        log_say(LOG_ERROR, "rejects_lost", "%s", err.text);
    buf_reset(addresses);
}

static void batch_refuse(struct import_batch *b)
{
    refuse_rows(b->import, &b->refused,
                STR("with this row the contact would have more than 200 attributes or a MiB of "
                    "them"));
    refuse_rows(b->import, &b->barred,
                STR("this person was erased, and asked never to be written to again"));
}

static void rejects_end(struct import *import)
{
    struct err err;
    if (rejects_finish(&import->rejects, &err) < 0)
        log_say(LOG_ERROR, "rejects_lost", "%s", err.text);
}

/* The last batch is in: tells the owner, or frees the import when he left. */
static void import_end(struct import *import)
{
    rejects_end(import);
    pthread_mutex_lock(&import->lock);
    if (atomic_load(&import->state) == IMPORT_APPLYING)
        atomic_store(&import->state, IMPORT_DONE);
    /* Under the lock, so that import_free cannot return while `done` uses the owner's ctx. */
    if (!import->detached && import->done)
        import->done(import->ctx, import);
    import->outstanding = 0;
    bool mine = import->detached;
    pthread_mutex_unlock(&import->lock);
    if (mine)
        import_destroy(import);
}

static void batch_submit(struct import_batch *b)
{
    struct import *import = b->import;
    b->index = import->next_batch++;
    store_submit(import->store, &b->op);
}

static void batch_done(struct write_op *op)
{
    struct import_batch *b = (struct import_batch *)op;
    struct import *import = b->import;
    bool going = atomic_load(&import->state) == IMPORT_APPLYING;
    if (b->failed && going)
        import_fail(import, &b->why, NULL);
    if (!b->failed) {
        batch_count(b);
        batch_refuse(b);
    }
    if (going && !b->failed && import->next_batch < import->batch_total) {
        batch_submit(b);
        return;
    }
    pthread_mutex_lock(&import->lock);
    bool last = import->outstanding == 1;
    if (!last)
        import->outstanding--;
    pthread_mutex_unlock(&import->lock);
    if (last)
        import_end(import);
}

static void batch_init(struct import_batch *b, struct import *import)
{
    b->import = import;
    b->op.apply = batch_apply;
    b->op.done = batch_done;
    b->op.records = STAGE_ROWS;
    b->op.urgent = true; /* somebody watches a progress bar */
    b->op.patient = true;
    b->ids = alloc(STAGE_ROWS * sizeof(*b->ids));
    b->changes = alloc(STAGE_ROWS * sizeof(*b->changes));
}

void import_apply(struct import *import, import_done *done, void *ctx)
{
    size_t batches = stage_batch_count(import->stage);
    import->done = done;
    import->ctx = ctx;
    import->now = (uint32_t)clock_wall_s();
    import->batch_total = batches ? batches : 1; /* without rows, the list is still made */
    size_t start =
        import->batch_total < IMPORT_OUTSTANDING ? import->batch_total : IMPORT_OUTSTANDING;
    import->outstanding = (unsigned)start;
    import->batch_hashes = alloc(STAGE_ROWS * sizeof(*import->batch_hashes));
    atomic_store(&import->state, IMPORT_APPLYING);
    for (size_t i = 0; i < start; i++)
        batch_init(&import->batches[i], import);
    /* The second is numbered before the first can be done and ask for the next. */
    import->next_batch = start;
    for (size_t i = 0; i < start; i++) {
        import->batches[i].index = i;
        store_submit(import->store, &import->batches[i].op);
    }
}
