#include "audience/import.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audience/list_name.h"
#include "audience/private.h"
#include "base/alloc.h"
#include "base/log.h"

/* --- Making one --- */

/* The highest number of a NUMBER.rejects.csv that earlier runs left in the folder. */
static uint32_t folder_last_id(const char *folder)
{
    uint32_t last = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct str name = str_of(entry->d_name);
        uint64_t id;
        if (str_to_u64(str_cut(&name, '.'), &id) && id > last && id < UINT32_MAX)
            last = (uint32_t)id;
    }
    if (dir)
        closedir(dir);
    return last;
}

static uint32_t import_next_id(const char *folder)
{
    static _Atomic uint32_t last;
    uint32_t floor = folder_last_id(folder), was = atomic_load(&last);
    while (!atomic_compare_exchange_weak(&last, &was, (was > floor ? was : floor) + 1))
        continue;
    return (was > floor ? was : floor) + 1;
}

/* Rejected rows are people's data: those of the last IMPORT_REJECTS_KEPT imports stay, older ones
 * go. */
static void folder_forget(const char *folder, uint32_t newest)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct str name = str_of(entry->d_name);
        uint64_t id;
        if (!str_ends(name, STR(".rejects.csv")) || !str_to_u64(str_cut(&name, '.'), &id) ||
            id + IMPORT_REJECTS_KEPT > newest)
            continue;
        if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
            log_say(LOG_WARN, "rejects_kept", "The old file %s/%s cannot be removed: %s.", folder,
                    entry->d_name, strerror(errno));
    }
    if (dir)
        closedir(dir);
}

static int folder_make(const char *folder, struct err *err)
{
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return err_set(err, "Cannot make the folder %s (%s).", folder, strerror(errno));
    return 0;
}

static void maps_copy(struct import *import, const struct import_options *options)
{
    import->maps = alloc_zero(options->map_count + 1, sizeof(*import->maps));
    import->map_count = options->map_count;
    for (size_t i = 0; i < options->map_count; i++) {
        struct str column = options->maps[i].column, attribute = options->maps[i].attribute;
        import->maps[i].column = (struct str){str_dup(column), column.len};
        import->maps[i].attribute = (struct str){str_dup(attribute), attribute.len};
    }
}

static void maps_free(struct import *import)
{
    for (size_t i = 0; i < import->map_count; i++) {
        free((void *)(uintptr_t)import->maps[i].column.at);
        free((void *)(uintptr_t)import->maps[i].attribute.at);
    }
    free(import->maps);
}

static int on_row(void *ctx, const struct csv_row *row, struct err *err);

static struct import *import_alloc(struct store *store, const struct import_options *options)
{
    struct import *import = NEW(struct import);
    struct buf path = BUF_INIT;
    import->store = store;
    import->id = import_next_id(options->folder);
    folder_forget(options->folder, import->id);
    import->list = options->list.len ? str_dup(options->list) : NULL;
    import->consented = options->consented;
    import->max_bytes = options->max_bytes;
    buf_addf(&path, "%s/%u.rejects.csv", options->folder, import->id);
    import->rejects_path = path.at;
    maps_copy(import, options);
    import->csv = csv_reader_new(on_row, import);
    rejects_init(&import->rejects, import->rejects_path);
    pthread_mutex_init(&import->lock, NULL);
    return import;
}

struct import *import_new(struct store *store, const struct import_options *options,
                          struct err *err)
{
    if (options->list.len && list_name_check(options->list, err) < 0)
        return NULL;
    if (folder_make(options->folder, err) < 0)
        return NULL;
    struct stage *stage = stage_new(options->folder, err);
    if (!stage)
        return NULL;
    struct import *import = import_alloc(store, options);
    import->stage = stage;
    return import;
}

/* What only receiving needs. */
static void receiving_release(struct import *import)
{
    gunzip_free(import->gunzip);
    csv_reader_free(import->csv);
    import->gunzip = NULL;
    import->csv = NULL;
    buf_release(&import->reason);
}

void import_destroy(struct import *import)
{
    receiving_release(import);
    for (size_t i = 0; i < IMPORT_OUTSTANDING; i++) {
        free(import->batches[i].ids);
        free(import->batches[i].changes);
        buf_release(&import->batches[i].refused);
        buf_release(&import->batches[i].barred);
    }
    rejects_release(&import->rejects);
    buf_release(&import->batch_bytes);
    free(import->batch_hashes);
    stage_free(import->stage);
    if (import->has_columns)
        columns_release(&import->columns);
    maps_free(import);
    pthread_mutex_destroy(&import->lock);
    free(import->seen);
    free(import->rejects_path);
    free(import->list);
    free(import);
}

void import_free(struct import *import)
{
    if (!import)
        return;
    pthread_mutex_lock(&import->lock);
    import->detached = true;
    bool busy = import->outstanding > 0;
    pthread_mutex_unlock(&import->lock);
    if (busy)
        return;                   /* the last batch frees it */
    if (import->batch_total == 0) /* never applied */
        unlink(import->rejects_path);
    import_destroy(import);
}

int import_fail(struct import *import, const struct err *why, struct err *err)
{
    import->why = *why;
    if (err)
        *err = *why;
    atomic_store(&import->state, IMPORT_FAILED);
    return -1;
}

/* --- Receiving: bytes → gunzip → CSV → rows --- */

static int header_take(struct import *import, const struct csv_row *row, struct err *err)
{
    if (row->count && str_starts(row->fields[0], STR("PK\x03\x04")))
        return err_set(err, "This is a zip file or a spreadsheet's own format: save it as CSV.");
    if (row->fault != CSV_FINE)
        return err_set(err, "Line %llu: the header %s.", (unsigned long long)row->line,
                       csv_fault_text(row->fault));
    import->has_columns = true;
    if (columns_read(&import->columns, row, import->maps, import->map_count, err) < 0)
        return -1;
    rejects_header(&import->rejects, row, csv_reader_separator(import->csv),
                   csv_reader_had_bom(import->csv));
    return 0;
}

static void count_one(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static int on_row(void *ctx, const struct csv_row *row, struct err *err)
{
    struct import *import = ctx;
    struct contact_row contact;
    if (!import->has_columns)
        return header_take(import, row, err);
    buf_reset(&import->reason);
    switch (row_read(row, &import->columns, &import->space, &contact, &import->reason)) {
    case ROW_EMPTY:
        return 0;
    case ROW_BAD:
        count_one(&import->rows);
        count_one(&import->rejected);
        return rejects_add(&import->rejects, row, buf_str(&import->reason), err);
    case ROW_GOOD:
        break;
    }
    count_one(&import->rows);
    return stage_add(import->stage, &contact, contact_hash(import->store, contact.key), err);
}

static int on_plain(void *ctx, struct str plain, struct err *err)
{
    struct import *import = ctx;
    import->plain_bytes += plain.len;
    if (import->max_bytes && import->plain_bytes > import->max_bytes)
        return err_set(err, "The file is larger than %llu MiB: split it.",
                       (unsigned long long)(import->max_bytes >> 20));
    return csv_reader_feed(import->csv, plain, err);
}

/* The first byte tells: no CSV begins with a control character. */
static bool is_gzip(struct str bytes)
{
    return bytes.at[0] == 0x1F;
}

/* The stream is over, well or badly. */
static int import_closed(struct import *import, struct err *err)
{
    if (atomic_load(&import->state) == IMPORT_FAILED)
        return err_set(err, "%s", import->why.text);
    return err_set(err, "The import has all its data already.");
}

int import_feed(struct import *import, struct str bytes, struct err *err)
{
    struct err why = {""};
    if (atomic_load(&import->state) != IMPORT_RECEIVING)
        return import_closed(import, err);
    if (bytes.len == 0)
        return 0;
    if (atomic_load(&import->bytes) == 0 && is_gzip(bytes))
        import->gunzip = gunzip_new(on_plain, import);
    atomic_fetch_add(&import->bytes, bytes.len);
    int rc =
        import->gunzip ? gunzip_feed(import->gunzip, bytes, &why) : on_plain(import, bytes, &why);
    return rc < 0 ? import_fail(import, &why, err) : 0;
}

static int stream_end(struct import *import, struct err *why)
{
    if (import->gunzip && gunzip_end(import->gunzip, why) < 0)
        return -1;
    if (csv_reader_end(import->csv, why) < 0)
        return -1;
    if (!import->has_columns)
        return err_set(why, "The file is empty: it needs a first line that names the columns.");
    if (rejects_flush(&import->rejects, why) < 0)
        return -1;
    return stage_finish(import->stage, why);
}

int import_finish(struct import *import, struct err *err)
{
    struct err why = {""};
    if (atomic_load(&import->state) != IMPORT_RECEIVING)
        return import_closed(import, err);
    if (stream_end(import, &why) < 0)
        return import_fail(import, &why, err);
    receiving_release(import);
    atomic_store(&import->state, IMPORT_READY);
    return 0;
}

/* --- What it tells --- */

struct import_summary import_summary(const struct import *import)
{
    return (struct import_summary){
        .id = import->id,
        .state = (enum import_state)atomic_load(&import->state),
        .bytes = atomic_load(&import->bytes),
        .rows = atomic_load(&import->rows),
        .rejected = atomic_load(&import->rejected),
        .added = atomic_load(&import->added),
        .updated = atomic_load(&import->updated),
        .unchanged = atomic_load(&import->unchanged),
        .duplicates = atomic_load(&import->duplicates),
        .left = atomic_load(&import->left),
    };
}

const char *import_error(const struct import *import)
{
    return atomic_load(&import->state) == IMPORT_FAILED ? import->why.text : "";
}

const char *import_rejects_path(const struct import *import)
{
    return atomic_load(&import->rejected) ? import->rejects_path : NULL;
}

const char *import_state_name(enum import_state state)
{
    static const char *const names[] = {"receiving", "ready", "applying", "done", "failed"};
    return names[state];
}
