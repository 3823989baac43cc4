#include <errno.h>

#include "store/private.h"
#include "store/table.h"

static void close_cursors(struct txn *txn)
{
    for (size_t i = 0; i < STORE_TABLES; i++)
        if (txn->cursors[i])
            mdb_cursor_close(txn->cursors[i]);
    memset(txn->cursors, 0, sizeof(txn->cursors));
}

void txn_start(struct store *store, struct txn *txn, unsigned flags)
{
    *txn = (struct txn){.store = store};
    txn->rc = mdb_txn_begin(store->env, NULL, flags, &txn->mdb);
    if (txn->rc) {
        txn->mdb = NULL;
        txn->step = "beginning a transaction";
    }
}

int txn_begin(struct store *store, struct txn *txn)
{
    pthread_rwlock_rdlock(&store->growing);
    txn_start(store, txn, MDB_RDONLY);
    return txn->rc ? -1 : 0;
}

void txn_end(struct txn *txn)
{
    txn_abort(txn);
    map_reader_left(txn->store);
    pthread_rwlock_unlock(&txn->store->growing);
}

uint64_t txn_state(const struct txn *txn)
{
    return txn->mdb ? mdb_txn_id(txn->mdb) : 0;
}

void txn_abort(struct txn *txn)
{
    queue_counts_drop(txn);
    close_cursors(txn);
    if (txn->mdb)
        mdb_txn_abort(txn->mdb);
    txn->mdb = NULL;
}

int txn_commit(struct txn *txn)
{
    queue_counts_settle(txn);
    if (txn->rc) {
        txn_abort(txn);
        return txn->rc;
    }
    close_cursors(txn);
    txn->rc = mdb_txn_commit(txn->mdb);
    txn->mdb = NULL;
    if (txn->rc)
        txn->step = "committing";
    return txn->rc;
}

void txn_fail(struct txn *txn, int rc, const char *step, enum table table, struct str key)
{
    if (txn->rc)
        return;
    txn->rc = rc;
    txn->step = step;
    txn->table = table_name(table);
    txn->key_len = key.len < sizeof(txn->key) ? key.len : sizeof(txn->key);
    if (txn->key_len)
        memcpy(txn->key, key.at, txn->key_len);
}

bool txn_damaged(struct txn *txn, enum table table, struct str key)
{
    txn_fail(txn, EBADMSG, "reading", table, key);
    return false;
}

/* The key in hexadecimal, as the tables' documentation shows keys. */
static void key_text(const struct txn *txn, char out[2 * TXN_KEY_SHOWN + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;
    for (size_t i = 0; i < txn->key_len; i++) {
        out[len++] = digits[txn->key[i] >> 4];
        out[len++] = digits[txn->key[i] & 15];
    }
    out[len] = '\0';
}

int txn_failed(const struct txn *txn, struct err *err)
{
    char key[2 * TXN_KEY_SHOWN + 1];
    if (!txn->rc)
        return 0;
    key_text(txn, key);
    if (txn->rc == EBADMSG)
        return err_set(err,
                       "The store %s has a damaged record in table `%s`, key %s: stop tocsind and "
                       "restore the data folder from a copy.",
                       txn->store->dir, txn->table, key);
    if (txn->table)
        return err_set(err, "The store %s failed while %s table `%s`, key %s: %s.", txn->store->dir,
                       txn->step, txn->table, txn->key_len ? key : "(none)", mdb_strerror(txn->rc));
    return err_set(err, "The store %s failed while %s: %s.", txn->store->dir, txn->step,
                   mdb_strerror(txn->rc));
}
