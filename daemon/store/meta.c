/*
 * What the store says of itself.
 *
 * Table `meta`: key: a word            value:
 *               "version"              u32 BE, the layout of all tables; this program writes 3
 *               "secret"               u64 BE, chance: the seed of the address index
 *               "last_contact"         u32 BE, the largest contact id ever given
 *               "restored"             u32 BE, seconds since 1970: see store/restore.h
 *
 * Example, a new store: 76657273696f6e ("version") → 00000002
 *
 * Version 1: no journal; jobs and ledger entries as their own version bytes say, which are read in
 * all forms for ever.
 * Version 2: no counts of the queue.
 * Version 3 may also lack tables that begin empty (counters, counter_keys): the start makes them.
 */
#include "base/random.h"
#include "store/jobs.h"
#include "store/private.h"
#include "store/table.h"

static struct key meta_key(struct str name)
{
    struct key key;
    KEY_INIT(&key);
    key_str(&key, name);
    return key;
}

static uint64_t meta_read(struct txn *txn, struct str name, size_t width)
{
    struct key key = meta_key(name);
    struct str value;
    if (!table_get(txn, TABLE_META, &key, &value))
        return 0;
    struct reader r = reader_of(value);
    if (value.len != width)
        txn_damaged(txn, TABLE_META, key_view(&key));
    return width == 8 ? read_u64(&r) : read_u32(&r);
}

uint32_t meta_number(struct txn *txn, struct str name)
{
    return (uint32_t)meta_read(txn, name, 4);
}

void meta_set_number(struct txn *txn, struct str name, uint32_t number)
{
    struct key key = meta_key(name);
    uint8_t value[4];
    write_u32(value, number);
    table_put(txn, TABLE_META, &key, str_from(value, sizeof(value)));
}

static void make_secret(struct txn *txn)
{
    struct key key = meta_key(STR("secret"));
    uint8_t value[8];
    write_u64(value, random_u64());
    table_put(txn, TABLE_META, &key, str_from(value, sizeof(value)));
}

/* Jobs are few: they get the form of today. Ledger entries are not: each keeps its form until it is
 * written again, and what this step is for is that an older program does not meet the new ones. */
static void write_jobs_anew(struct txn *txn)
{
    struct job_record job;
    for (uint32_t id = UINT32_MAX; id && job_seek_down(txn, &id, &job); id--) {
        struct buf texts = BUF_INIT;
        job_keep(&job, &texts);
        job_write(txn, &job);
        buf_release(&texts);
    }
}

/* upgrades[n] leads from version n + 1 to n + 2. */
static void (*const upgrades[])(struct txn *txn) = {write_jobs_anew, queue_counts_make};

_Static_assert(sizeof(upgrades) / sizeof(upgrades[0]) == STORE_VERSION - 1,
               "a step from every older version");

/* All steps in one transaction: a store has the old version or this one. */
static void upgrade(struct txn *txn, uint32_t version)
{
    for (; version < STORE_VERSION; version++)
        upgrades[version - 1](txn);
    meta_set_number(txn, STR("version"), STORE_VERSION);
}

int meta_open(struct txn *txn, uint32_t *before, struct err *err)
{
    uint32_t version = *before = meta_number(txn, STR("version"));
    if (version == 0) {
        meta_set_number(txn, STR("version"), STORE_VERSION);
        make_secret(txn);
    }
    if (version > 0 && version < STORE_VERSION)
        upgrade(txn, version);
    if (version > STORE_VERSION)
        return err_set(err,
                       "The data folder %s was written by a newer tocsind (store version %u, this "
                       "one knows %d): install that one, or choose another data_dir.",
                       txn->store->dir, version, STORE_VERSION);
    txn->store->secret = meta_read(txn, STR("secret"), 8);
    return txn_failed(txn, err);
}

uint64_t store_secret(const struct store *store)
{
    return store->secret;
}
