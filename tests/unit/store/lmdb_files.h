/*
 * Data files written by LMDB itself, to be damaged: with tables of several depths, large values, a
 * list of free pages; and a walk through such a file by LMDB, which crashes on what it was wrong to
 * accept.
 */
#ifndef TOCSIN_TESTS_STORE_LMDB_FILES_H
#define TOCSIN_TESTS_STORE_LMDB_FILES_H

#include "unit/store/help.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>

struct file {
    char dir[64], path[80];
    uint8_t *bytes; /* as LMDB wrote it */
    size_t size;
};

enum { PAGE = 4096 };

static inline void must(int rc)
{
    if (rc)
        fail_msg("LMDB: %s", mdb_strerror(rc));
}

static inline void on_assert(MDB_env *env, const char *text)
{
    (void)env;
    fprintf(stderr, "LMDB asserts: %s\n", text);
    abort();
}

static inline MDB_env *env_at(const char *path, unsigned flags)
{
    MDB_env *env;
    must(mdb_env_create(&env));
    must(mdb_env_set_maxdbs(env, 16));
    must(mdb_env_set_mapsize(env, 64 << 20));
    must(mdb_env_set_assert(env, on_assert));
    must(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC | flags, 0600));
    return env;
}

/* A key of `size` bytes whose first ones are the number. */
static inline MDB_val numbered(uint8_t *room, uint32_t number, size_t size)
{
    memset(room, 'k', size);
    write_u32(room, number);
    return (MDB_val){size, room};
}

/* Puts (or deletes) every `step`th record of `count` into a table. */
static inline void fill(MDB_env *env, const char *table, uint32_t count, uint32_t step,
                        size_t key_size, size_t value_size, bool delete)
{
    MDB_txn *txn;
    MDB_dbi dbi;
    uint8_t room[512];
    uint8_t *value = calloc(1, value_size + 1);
    must(mdb_txn_begin(env, NULL, 0, &txn));
    must(mdb_dbi_open(txn, table, MDB_CREATE, &dbi));
    for (uint32_t i = 0; i < count; i += step) {
        MDB_val key = numbered(room, i, key_size), data = {value_size, value};
        must(delete ? mdb_del(txn, dbi, &key, NULL) : mdb_put(txn, dbi, &key, &data, 0));
    }
    must(mdb_txn_commit(txn));
    free(value);
}

static inline void file_read(struct file *f)
{
    struct stat st;
    int fd = open(f->path, O_RDONLY);
    assert_int_equal(fstat(fd, &st), 0);
    f->size = (size_t)st.st_size;
    f->bytes = malloc(f->size);
    assert_int_equal(read(fd, f->bytes, f->size), f->size);
    close(fd);
}

static inline void file_write(const struct file *f, size_t size)
{
    int fd = open(f->path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, f->bytes, size), size);
    close(fd);
}

/* Changes some bytes of it on the disk only. */
static inline void file_patch(const struct file *f, size_t at, const void *bytes, size_t len)
{
    int fd = open(f->path, O_WRONLY);
    assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
    close(fd);
}

/* Some hundred pages: trees of depth 1, 2 and 3, large values, free pages. */
static inline void file_make(struct file *f)
{
    MDB_env *env = env_at(f->path, 0);
    fill(env, "deep", 1200, 1, 300, 20, false);
    fill(env, "flat", 600, 1, 16, 0, false);
    fill(env, "large", 6, 1, 8, 9000, false);
    fill(env, "small", 3, 1, 8, 10, false);
    fill(env, "empty", 0, 1, 8, 0, false);
    fill(env, "deep", 1200, 5, 300, 20, true);
    fill(env, "large", 6, 3, 8, 0, true);
    fill(env, "flat", 600, 7, 16, 0, true);
    mdb_env_close(env);
    file_read(f);
}

static inline int file_setup(void **state)
{
    struct file *f = calloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "%s/tocsin-pages-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/data.mdb", f->dir);
    *state = f;
    return 0;
}

static inline int file_made_setup(void **state)
{
    file_setup(state);
    file_make(*state);
    return 0;
}

static inline int file_teardown(void **state)
{
    struct file *f = *state;
    nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f->bytes);
    free(f);
    return 0;
}

static inline void walk_table(MDB_txn *txn, MDB_val name)
{
    char text[64];
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_stat stat_;
    MDB_val key, value;
    size_t count = 0, sum = 0;
    snprintf(text, sizeof(text), "%.*s", (int)name.mv_size, (char *)name.mv_data);
    if (mdb_dbi_open(txn, text, 0, &dbi))
        return; /* a name that changed to one that cannot be asked for */
    must(mdb_stat(txn, dbi, &stat_));
    must(mdb_cursor_open(txn, dbi, &cursor));
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        count++;
        for (size_t i = 0; i < value.mv_size; i++)
            sum += ((uint8_t *)value.mv_data)[i];
        for (size_t i = 0; i < key.mv_size; i++)
            sum += ((uint8_t *)key.mv_data)[i];
    }
    mdb_cursor_close(cursor);
    assert_int_equal(count, stat_.ms_entries);
    assert_int_not_equal(sum, 1); /* that it is not left out */
}

/* LMDB reads every record of every table. */
static inline void file_walk(const char *path)
{
    MDB_env *env = env_at(path, MDB_RDONLY);
    MDB_txn *txn;
    MDB_dbi tables;
    MDB_cursor *cursor;
    MDB_val name, value;
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
    must(mdb_dbi_open(txn, NULL, 0, &tables));
    must(mdb_cursor_open(txn, tables, &cursor));
    while (mdb_cursor_get(cursor, &name, &value, MDB_NEXT) == 0)
        walk_table(txn, name);
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

#endif
