/*
 * How fast contacts come in: rows a second for the CSV reader alone, with the addresses checked,
 * and for the whole import into an empty store, from bytes to durable on disk; then the same file
 * once more, which changes nothing. Each line has the time on the wall and of the processor (which
 * a machine that others use cannot blur), and the most memory that was resident so far.
 *
 *     bench/import [ROWS [FOLDER [short | wide]]]
 *
 * Short rows have five columns and some 56 bytes; wide ones eight and some 90, with names in
 * several scripts and quoted notes, as tests/tools/make_contacts.py writes them. The file and the
 * store are made in FOLDER, whose disk is the one that is measured. The store is set as tocsind
 * sets it.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audience/import.h"
#include "base/buf.h"
#include "base/clock.h"
#include "mail/address.h"

enum { SLICE = 64 * 1024 };

struct bench {
    unsigned rows;
    bool wide;
    char slice[SLICE];
    struct buf folder, csv; /* paths */
};

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* --- The file --- */

static void row_short(FILE *out, unsigned i)
{
    static const char *const names[] = {"Anna", "Bjørn", "François", "Ελένη", "Zoë", "John"};
    static const char *const countries[] = {"Österreich", "België", "France", "Italia"};
    fprintf(out, "user%u@dest%u.example,%s,%s,fr,2025-%02u-%02u\n", i, i % 500, names[i % 6],
            countries[i % 4], i % 12 + 1, i % 28 + 1);
}

struct person {
    const char *first, *last, *local, *country, *language;
};

static void row_wide(FILE *out, unsigned i)
{
    static const struct person people[] = {
        {"Siobhán", "O'Connor", "siobhan.oconnor", "IE", "en"},
        {"François", "Lefèvre", "francois.lefevre", "FR", "fr"},
        {"Jürgen", "von Bülow", "juergen.von.buelow", "DE", "de"},
        {"Íñigo", "García Márquez", "inigo.garcia.marquez", "ES", "es"},
        {"Małgorzata", "Wójcik", "malgorzata.wojcik", "PL", "pl"},
        {"Οδυσσέας", "Παπαδόπουλος", "odysseas.papadopoulos", "GR", "el"},
        {"Наталья", "Щукин", "natalya.shchukin", "RU", "ru"},
        {"さくら", "佐藤", "sakura.sato", "JP", "ja"},
    };
    static const char *const domains[] = {"gmail",   "gmail", "gmail", "hotmail", "orange",
                                          "outlook", "yahoo", "free",  "icloud",  "gmx"};
    static const char *const notes[] = {"",
                                        "",
                                        "",
                                        "prefers letters",
                                        "\"said \"\"yes\"\", then left\"",
                                        "",
                                        "\"line one\nline two\""};
    unsigned chance = i * 2654435761U >> 8;
    const struct person *p = &people[chance % 8];
    fprintf(out, "%s.%u@%s.example,%s,%s,%s,%s,20%02u-%02u-%02u,%u.%02u,%s\r\n", p->local, i,
            domains[chance / 8 % 10], p->first, p->last, p->country, p->language, 15 + chance % 11,
            chance % 12 + 1, chance % 28 + 1, chance % 200, chance % 100, notes[chance / 80 % 7]);
}

static void csv_make(struct bench *b)
{
    FILE *out = fopen(b->csv.at, "w");
    if (!out)
        die("The file cannot be made in this folder.");
    fputs(b->wide ? "email,first_name,last_name,country,language,signed_at,amount,note\r\n"
                  : "email,first_name,country,language,signed_at\n",
          out);
    for (unsigned i = 0; i < b->rows; i++)
        b->wide ? row_wide(out, i) : row_short(out, i);
    printf("%u rows of %.1f bytes\n", b->rows, (double)ftell(out) / b->rows);
    if (fclose(out))
        die("The file cannot be written.");
}

/* --- What is measured --- */

struct moment {
    int64_t us;
    clock_t cpu;
};

static struct moment moment_now(void)
{
    return (struct moment){clock_mono_us(), clock()};
}

static void report(const struct bench *b, const char *what, struct moment began)
{
    double seconds = (double)(clock_mono_us() - began.us) / 1e6;
    double cpu = (double)(clock() - began.cpu) / CLOCKS_PER_SEC;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-26s %8.0f rows/s in %5.2f s   %8.0f rows a CPU second in %5.2f   peak %3ld MiB\n",
           what, b->rows / seconds, seconds, b->rows / cpu, cpu, usage.ru_maxrss / 1024);
    fflush(stdout);
}

typedef int slice_sink(void *ctx, struct str slice, struct err *err);

static void csv_read(struct bench *b, slice_sink *sink, void *ctx)
{
    struct err err;
    ssize_t n;
    int fd = open(b->csv.at, O_RDONLY | O_CLOEXEC);
    while ((n = read(fd, b->slice, SLICE)) > 0)
        if (sink(ctx, (struct str){b->slice, (size_t)n}, &err) < 0)
            die(err.text);
    if (n < 0)
        die("The file cannot be read.");
    close(fd);
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

static int reader_take(void *ctx, struct str slice, struct err *err)
{
    return csv_reader_feed(ctx, slice, err);
}

static void bench_csv(struct bench *b, const char *what, csv_sink *sink)
{
    struct err err;
    size_t total = 0;
    struct moment began = moment_now();
    struct csv_reader *r = csv_reader_new(sink, &total);
    csv_read(b, reader_take, r);
    if (csv_reader_end(r, &err) < 0)
        die(err.text);
    csv_reader_free(r);
    report(b, what, began);
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

static int import_take(void *ctx, struct str slice, struct err *err)
{
    return import_feed(ctx, slice, err);
}

static void bench_import(struct bench *b, struct store *store, const char *what)
{
    struct err err;
    struct buf folder = BUF_INIT;
    buf_addf(&folder, "%s/imports", b->folder.at);
    struct import_options options = {.folder = folder.at, .list = STR("everyone")};
    struct moment began = moment_now();
    struct import *import = import_new(store, &options, &err);
    if (!import)
        die(err.text);
    csv_read(b, import_take, import);
    if (import_finish(import, &err) < 0)
        die(err.text);
    report(b, "  received and staged", began);
    import_wait(import);
    report(b, what, began);
    struct import_summary s = import_summary(import);
    printf("  added %llu, updated %llu, unchanged %llu, duplicates %llu, rejected %llu %s\n",
           (unsigned long long)s.added, (unsigned long long)s.updated,
           (unsigned long long)s.unchanged, (unsigned long long)s.duplicates,
           (unsigned long long)s.rejected, import_error(import));
    import_free(import);
    buf_release(&folder);
}

static void bench_store(struct bench *b)
{
    struct err err;
    uint64_t file, used;
    struct store_options options = {.dir = b->folder.at,
                                    .map_size = 256 << 20,
                                    .commit_interval_ms = 20,
                                    .commit_records = 10000};
    struct store *store = store_open(&options, &err);
    if (!store)
        die(err.text);
    bench_import(b, store, "into an empty store");
    store_size(store, &file, &used);
    printf("  the store's file has %llu MiB, of which %llu MiB are used\n",
           (unsigned long long)file >> 20, (unsigned long long)used >> 20);
    bench_import(b, store, "the same file again");
    store_close(store);
}

static bool arguments_read(struct bench *b, int argc, char **argv)
{
    uint64_t rows = 600000;
    const char *shape = argc > 3 ? argv[3] : "short";
    if (argc > 1 && (!str_to_u64(str_of(argv[1]), &rows) || rows > UINT32_MAX || rows == 0))
        return false;
    buf_addf(&b->folder, "%s/tocsin-bench-XXXXXX", argc > 2 ? argv[2] : ".");
    b->rows = (unsigned)rows;
    b->wide = strcmp(shape, "wide") == 0;
    return argc <= 4 && (b->wide || strcmp(shape, "short") == 0);
}

int main(int argc, char **argv)
{
    static struct bench b;
    if (!arguments_read(&b, argc, argv)) {
        fprintf(stderr, "usage: %s [ROWS [FOLDER [short | wide]]]\n", argv[0]);
        return 2;
    }
    if (!mkdtemp(b.folder.at)) {
        perror(b.folder.at);
        return 1;
    }
    mallopt(M_ARENA_MAX, 4); /* as tocsind has it */
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    buf_addf(&b.csv, "%s/people.csv", b.folder.at);
    csv_make(&b);
    bench_csv(&b, "csv alone", row_ignore);
    bench_csv(&b, "csv and addresses", row_address);
    bench_store(&b);
    printf("its store is in %s; remove it when you have seen enough\n", b.folder.at);
    buf_release(&b.csv);
    buf_release(&b.folder);
    return 0;
}
