/*
 * The check of a data file's pages, on any bytes: it ends without a crash, says the same each time,
 * and what it accepts, LMDB can read through to the end, with as many records as the check counted.
 */
#include <assert.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_TRIED = 1024 * 1024 };

/* A file in memory, which is filled anew for each input. */
static const char *file_with(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("data.mdb", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    assert(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

static uint64_t read_table(MDB_txn *txn, MDB_dbi dbi)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t count = 0;
    volatile uint8_t last = 0;
    assert(mdb_cursor_open(txn, dbi, &cursor) == 0);
    for (; mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0; count++) {
        last = ((const uint8_t *)key.mv_data)[key.mv_size - 1];
        if (value.mv_size)
            last = ((const uint8_t *)value.mv_data)[value.mv_size - 1];
    }
    (void)last;
    mdb_cursor_close(cursor);
    return count;
}

static void read_tables(MDB_txn *txn, const struct pages_report *report)
{
    MDB_dbi main;
    assert(mdb_dbi_open(txn, NULL, 0, &main) == 0);
    assert(read_table(txn, main) == report->tables);
    for (size_t i = 0; i < report->tables; i++) {
        MDB_dbi dbi;
        /* The report's names are for people: a strange one does not find its table. */
        if (mdb_dbi_open(txn, report->table[i].name, 0, &dbi) == 0)
            assert(read_table(txn, dbi) == report->table[i].records);
    }
}

static void let_lmdb_read(const char *path, const struct pages_report *report)
{
    MDB_env *env;
    MDB_txn *txn;
    assert(mdb_env_create(&env) == 0);
    mdb_env_set_maxdbs(env, PAGES_TABLES_MAX);
    mdb_env_set_mapsize(env, SIZE_MAX_TRIED);
    assert(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0600) == 0);
    assert(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0);
    read_tables(txn, report);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > SIZE_MAX_TRIED)
        return 0;
    const char *path = file_with(data, size);
    struct pages_report report;
    struct findings all = FINDINGS_INIT, first = FINDINGS_FIRST, rough = FINDINGS_FIRST;
    pages_check(path, PAGES_BY_SIZE, NULL, &first);
    pages_check(path, PAGES_ROUGH, NULL, &rough);
    pages_check(path, PAGES_ALL, &report, &all);
    assert((first.count > 0) == (all.count > 0));
    assert(rough.count == 0 || first.count > 0);
    if (size && all.count == 0)
        let_lmdb_read(path, &report);
    findings_release(&rough);
    findings_release(&first);
    findings_release(&all);
    return 0;
}
