/*
 * How fast contacts come in: rows a second for the CSV reader alone, with the addresses checked,
 * and for the whole import into an empty store, durable on disk; then the same file once more,
 * which changes nothing. Usage: import [ROWS [FOLDER]]; the folder's disk is the one that is
 * measured.
 */
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audience/import.h"
#include "base/buf.h"
#include "base/clock.h"
#include "mail/address.h"

enum { SLICE = 64 * 1024 };

static struct buf csv_make(unsigned rows)
{
    static const char *const names[] = {"Anna", "Bjørn", "François", "Ελένη", "Zoë", "John"};
    static const char *const countries[] = {"Österreich", "België", "France", "Italia"};
    struct buf out = BUF_INIT;
    buf_add_text(&out, "email,first_name,country,language,signed_at\n");
    for (unsigned i = 0; i < rows; i++)
        buf_addf(&out, "user%u@dest%u.example,%s,%s,fr,2025-%02u-%02u\n", i, i % 500, names[i % 6],
                 countries[i % 4], i % 12 + 1, i % 28 + 1);
    return out;
}

/* Where the clocks stood; processor time is what a machine that others use cannot blur. */
struct moment {
    int64_t us;
    clock_t cpu;
};

static struct moment moment_now(void)
{
    return (struct moment){clock_mono_us(), clock()};
}

static void report(const char *what, unsigned rows, struct moment began)
{
    double seconds = (double)(clock_mono_us() - began.us) / 1e6;
    double cpu = (double)(clock() - began.cpu) / CLOCKS_PER_SEC;
    printf("%-28s %9.0f rows/s  (%.2f s, of the processor %.2f s)\n", what, rows / seconds, seconds,
           cpu);
    fflush(stdout);
}

static void die(const struct err *err)
{
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static int row_ignore(void *ctx, const struct csv_row *row, struct err *err)
{
    (void)err;
    *(size_t *)ctx += row->count;
    return 0;
}

static int row_address(void *ctx, const struct csv_row *row, struct err *err)
{
    struct address address;
    char key[ADDRESS_MAX + 1];
    (void)err;
    if (address_parse(row->fields[0], &address, NULL) == 0)
        *(size_t *)ctx += address_key(&address, key).len;
    return 0;
}

static void bench_csv(struct str csv, unsigned rows, const char *what, csv_sink *sink)
{
    struct err err;
    size_t total = 0;
    struct moment began = moment_now();
    struct csv_reader *r = csv_reader_new(sink, &total);
    for (struct str rest = csv; rest.len; rest = str_skip(rest, SLICE)) {
        struct str slice = {rest.at, rest.len < SLICE ? rest.len : SLICE};
        if (csv_reader_feed(r, slice, &err) < 0)
            die(&err);
    }
    if (csv_reader_end(r, &err) < 0)
        die(&err);
    csv_reader_free(r);
    report(what, rows, began);
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
};

static void on_done(void *ctx, struct import *import)
{
    struct waiter *w = ctx;
    (void)import;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

static void import_wait(struct import *import)
{
    struct waiter w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    import_apply(import, on_done, &w);
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.cond, &w.lock);
    pthread_mutex_unlock(&w.lock);
}

static void bench_import(struct store *store, const char *folder, struct str csv, unsigned rows,
                         const char *what)
{
    struct err err;
    struct import_options options = {.folder = folder, .list = STR("everyone")};
    struct moment began = moment_now();
    struct import *import = import_new(store, &options, &err);
    if (!import)
        die(&err);
    for (struct str rest = csv; rest.len; rest = str_skip(rest, SLICE)) {
        struct str slice = {rest.at, rest.len < SLICE ? rest.len : SLICE};
        if (import_feed(import, slice, &err) < 0)
            die(&err);
    }
    if (import_finish(import, &err) < 0)
        die(&err);
    report("  received and staged", rows, began);
    import_wait(import);
    report(what, rows, began);
    struct import_summary s = import_summary(import);
    printf("  added %llu, updated %llu, unchanged %llu, duplicates %llu, rejected %llu %s\n",
           (unsigned long long)s.added, (unsigned long long)s.updated,
           (unsigned long long)s.unchanged, (unsigned long long)s.duplicates,
           (unsigned long long)s.rejected, import_error(import));
    import_free(import);
}

static void bench_store(const char *folder, struct str csv, unsigned rows)
{
    struct err err;
    struct store_options options = {
        .dir = folder, .map_size = 64 << 20, .commit_interval_ms = 20, .commit_records = 50000};
    struct store *store = store_open(&options, &err);
    if (!store)
        die(&err);
    struct buf imports = BUF_INIT;
    buf_addf(&imports, "%s/imports", folder);
    bench_import(store, imports.at, csv, rows, "import into an empty store");
    bench_import(store, imports.at, csv, rows, "the same file again");
    buf_release(&imports);
    store_close(store);
}

int main(int argc, char **argv)
{
    uint64_t rows = 600000;
    if (argc > 1 && (!str_to_u64(str_of(argv[1]), &rows) || rows > UINT32_MAX || rows == 0)) {
        fprintf(stderr, "usage: %s [ROWS [FOLDER]]\n", argv[0]);
        return 2;
    }
    struct buf folder = BUF_INIT;
    buf_addf(&folder, "%s/tocsin-bench-XXXXXX", argc > 2 ? argv[2] : ".");
    if (!mkdtemp(folder.at)) {
        perror(folder.at);
        return 1;
    }
    struct buf csv = csv_make((unsigned)rows);
    printf("%llu rows of %.1f bytes\n", (unsigned long long)rows, (double)csv.len / (double)rows);
    bench_csv(buf_str(&csv), (unsigned)rows, "csv alone", row_ignore);
    bench_csv(buf_str(&csv), (unsigned)rows, "csv and addresses", row_address);
    bench_store(folder.at, buf_str(&csv), (unsigned)rows);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("most memory: %ld MiB, of which %zu MiB are this benchmark's input\n",
           usage.ru_maxrss / 1024, csv.size >> 20);
    printf("its store is in %s; remove it when you have seen enough\n", folder.at);
    buf_release(&csv);
    buf_release(&folder);
    return 0;
}
