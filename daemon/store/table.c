#include "store/table.h"

#include "store/private.h"

static const char *const names[] = {
    [TABLE_META] = "meta",
    [TABLE_NAMES] = "names",
    [TABLE_NAME_IDS] = "name_ids",
    [TABLE_CONTACTS] = "contacts",
    [TABLE_ADDRESSES] = "addresses",
    [TABLE_SETS] = "sets",
    [TABLE_MESSAGES] = "messages",
    [TABLE_MESSAGE_NAMES] = "message_names",
    [TABLE_JOBS] = "jobs",
    [TABLE_QUEUE] = "queue",
    [TABLE_LEDGER] = "ledger",
    [TABLE_SITES] = "sites",
    [TABLE_JOB_KEYS] = "job_keys",
    [TABLE_BARRED] = "barred",
    [TABLE_RESTRAINTS] = "restraints",
    [TABLE_QUEUE_COUNTS] = "queue_counts",
    [TABLE_WARM_UP] = "warm_up",
    [TABLE_COUNTERS] = "counters",
    [TABLE_COUNTER_KEYS] = "counter_keys",
};

const char *table_name(enum table table)
{
    return names[table];
}

/* The handles belong to the environment once this first transaction is committed. */
void tables_open(struct txn *txn, unsigned flags)
{
    for (size_t i = 0; i < TABLES && !txn->rc; i++) {
        int rc = mdb_dbi_open(txn->mdb, names[i], flags, &txn->store->tables[i]);
        if (rc)
            txn_fail(txn, rc, "opening", (enum table)i, STR(""));
    }
}

uint64_t tables_size(struct txn *txn)
{
    uint64_t pages = 2; /* LMDB's own first two */
    MDB_stat stat = {0};
    for (size_t i = 0; i < TABLES && !txn->rc; i++) {
        int rc = mdb_stat(txn->mdb, txn->store->tables[i], &stat);
        if (rc)
            txn_fail(txn, rc, "measuring", (enum table)i, STR(""));
        pages += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    }
    return pages * stat.ms_psize;
}

uint64_t table_count(struct txn *txn, enum table table)
{
    MDB_stat stat = {0};
    int rc = txn->rc ? 0 : mdb_stat(txn->mdb, txn->store->tables[table], &stat);
    if (rc)
        txn_fail(txn, rc, "counting", table, STR(""));
    return stat.ms_entries;
}

/* The transaction's cursor of a table; NULL when it has failed. One for each table lives as long as
 * the transaction: neighbouring keys are then found without a walk from the root. */
static MDB_cursor *cursor(struct txn *txn, enum table table)
{
    if (txn->rc)
        return NULL;
    map_touched(txn);
    MDB_cursor **place = &txn->cursors[table];
    int rc = *place ? 0 : mdb_cursor_open(txn->mdb, txn->store->tables[table], place);
    if (rc)
        txn_fail(txn, rc, "opening", table, STR(""));
    return *place;
}

static MDB_val mdb_bytes(struct str s)
{
    return (MDB_val){s.len, (void *)s.at};
}

static struct str mdb_view(MDB_val value)
{
    return str_from(value.mv_data, value.mv_size);
}

bool table_get(struct txn *txn, enum table table, const struct key *key, struct str *value)
{
    if (txn->rc)
        return false;
    map_touched(txn);
    MDB_val k = mdb_bytes(key_view(key)), v;
    int rc = mdb_get(txn->mdb, txn->store->tables[table], &k, &v);
    if (rc == 0)
        *value = mdb_view(v);
    else if (rc != MDB_NOTFOUND)
        txn_fail(txn, rc, "reading", table, key_view(key));
    return rc == 0;
}

static bool move(struct txn *txn, enum table table, const struct key *key, MDB_cursor_op op,
                 struct str *found, struct str *value)
{
    MDB_cursor *c = cursor(txn, table);
    if (!c)
        return false;
    struct str from = key ? key_view(key) : STR("");
    MDB_val k = mdb_bytes(from), v;
    int rc = mdb_cursor_get(c, &k, &v, op);
    if (rc && rc != MDB_NOTFOUND)
        txn_fail(txn, rc, "reading", table, from);
    if (rc)
        return false;
    *found = mdb_view(k);
    *value = mdb_view(v);
    return true;
}

bool table_seek(struct txn *txn, enum table table, const struct key *key, struct str *found,
                struct str *value)
{
    return move(txn, table, key, MDB_SET_RANGE, found, value);
}

bool table_next(struct txn *txn, enum table table, struct str *found, struct str *value)
{
    return move(txn, table, NULL, MDB_NEXT, found, value);
}

bool table_last(struct txn *txn, enum table table, struct str *found, struct str *value)
{
    return move(txn, table, NULL, MDB_LAST, found, value);
}

bool table_seek_down(struct txn *txn, enum table table, const struct key *key, struct str *found,
                     struct str *value)
{
    if (!table_seek(txn, table, key, found, value))
        return table_last(txn, table, found, value);
    if (str_eq(*found, key_view(key)))
        return true;
    return move(txn, table, NULL, MDB_PREV, found, value);
}

static int put(struct txn *txn, enum table table, const struct key *key, MDB_val *value,
               unsigned flags)
{
    MDB_cursor *c = cursor(txn, table);
    if (!c)
        return txn->rc;
    MDB_val k = mdb_bytes(key_view(key));
    int rc = mdb_cursor_put(c, &k, value, flags);
    if (rc && !(rc == MDB_KEYEXIST && flags == MDB_NOOVERWRITE))
        txn_fail(txn, rc, "writing", table, key_view(key));
    return rc;
}

void table_put(struct txn *txn, enum table table, const struct key *key, struct str value)
{
    MDB_val v = mdb_bytes(value);
    put(txn, table, key, &v, 0);
}

bool table_add(struct txn *txn, enum table table, const struct key *key, struct str value)
{
    MDB_val v = mdb_bytes(value);
    return put(txn, table, key, &v, MDB_NOOVERWRITE) == 0;
}

uint8_t *table_reserve(struct txn *txn, enum table table, const struct key *key, size_t size)
{
    MDB_val v = {size, NULL};
    return put(txn, table, key, &v, MDB_RESERVE) ? NULL : v.mv_data;
}

uint8_t *table_append(struct txn *txn, enum table table, const struct key *key, size_t size)
{
    MDB_val v = {size, NULL};
    return put(txn, table, key, &v, MDB_RESERVE | MDB_APPEND) ? NULL : v.mv_data;
}

bool table_delete(struct txn *txn, enum table table, const struct key *key)
{
    MDB_cursor *c = cursor(txn, table);
    if (!c)
        return false;
    MDB_val k = mdb_bytes(key_view(key)), v;
    int rc = mdb_cursor_get(c, &k, &v, MDB_SET);
    if (rc == 0)
        rc = mdb_cursor_del(c, 0);
    if (rc && rc != MDB_NOTFOUND)
        txn_fail(txn, rc, "deleting", table, key_view(key));
    return rc == 0;
}
