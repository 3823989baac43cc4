/*
 * How fast the store's writer is, with every commit synced to disk: rows of an import into an empty
 * store and again, queue entries, ledger entries, and what becomes of copies. Each figure is
 * records over the time from the first submission to the last `done`, and the CPU of the whole
 * process.
 *
 *     bench/store FOLDER [RECORDS [DOMAINS]]
 *                         the folder must be new; 600,000 records at 2000 domains by default
 */
#include <semaphore.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/contacts.h"
#include "store/ledger.h"
#include "store/names.h"
#include "store/outcomes.h"
#include "store/queue.h"
#include "store/writer.h"

enum { BATCH = 20000, REPORT = 256, DUE = 1700000000 };

static uint32_t domains = 2000;

struct batch {
    struct write_op op;
    uint32_t from, count; /* records */
    const uint32_t *order;
    sem_t *done;
};

typedef void apply_batch(struct txn *txn, struct write_op *op);

static struct batch *batch_of(struct write_op *op)
{
    return (struct batch *)op;
}

static void batch_done(struct write_op *op)
{
    sem_post(batch_of(op)->done);
    free(op);
}

/* Half of a list is at one provider, the rest is spread, thinner and thinner. */
static uint32_t domain_of(uint32_t n)
{
    return n % 2 ? 1 : 1 + (n * 2654435761U >> 8) % (1 + (n * 40503U >> 4) % domains);
}

static void put_row(struct contact_writer *writer, uint32_t n, const uint32_t names[2])
{
    char address[64], first[16];
    int local = snprintf(address, sizeof(address), "user%u@", n * 2654435761U);
    int len = local + snprintf(address + local, sizeof(address) - (size_t)local, "mail%u.example",
                               domain_of(n));
    int first_len = snprintf(first, sizeof(first), "Jos\xc3\xa9 %u", n % 5000);
    struct contact_attribute attributes[] = {{names[0], str_from(first, (size_t)first_len)},
                                             {names[1], STR("BE")}};
    struct str whole = str_from(address, (size_t)len);
    struct contact_row row = {.key = whole,
                              .address = whole,
                              .domain = str_skip(whole, (size_t)local),
                              .attributes = attributes,
                              .attribute_count = 2};
    enum contact_change change;
    contact_writer_put(writer, &row, &change);
}

static void import_apply(struct txn *txn, struct write_op *op)
{
    struct batch *b = batch_of(op);
    uint32_t names[] = {name_intern(txn, NAME_ATTRIBUTE, STR("first_name")),
                        name_intern(txn, NAME_ATTRIBUTE, STR("country"))};
    struct contact_writer *writer = contact_writer_begin(txn, DUE);
    for (uint32_t i = 0; i < b->count; i++)
        put_row(writer, b->from + i, names);
    contact_writer_end(writer);
}

static int compare_entries(const void *a, const void *b)
{
    const struct queue_entry *x = a, *y = b;
    if (x->domain != y->domain)
        return x->domain > y->domain ? 1 : -1;
    return (x->contact > y->contact) - (x->contact < y->contact);
}

static void fanout_apply(struct txn *txn, struct write_op *op)
{
    struct batch *b = batch_of(op);
    struct queue_entry *entries = alloc(b->count * sizeof(*entries));
    for (uint32_t i = 0; i < b->count; i++)
        entries[i] = (struct queue_entry){1, domain_of(b->from + i), 0, b->from + i + 1};
    qsort(entries, b->count, sizeof(*entries), compare_entries);
    queue_add(txn, entries, b->count);
    free(entries);
}

static struct ledger_entry delivered(uint32_t job, uint32_t contact)
{
    return (struct ledger_entry){.job = job,
                                 .contact = contact,
                                 .state = RECIPIENT_DELIVERED,
                                 .attempts = 1,
                                 .first = DUE,
                                 .last = DUE,
                                 .message_version = 1,
                                 .code = 250,
                                 .enhanced = {2, 0, 0},
                                 .text = STR("Ok: queued as 4bXyZ12abc")};
}

static void ledger_apply(struct txn *txn, struct write_op *op)
{
    struct batch *b = batch_of(op);
    for (uint32_t i = 0; i < b->count; i++) {
        uint32_t n = b->order ? b->order[b->from + i] : b->from + i;
        struct ledger_entry entry = delivered(b->order ? 2 : 1, n + 1);
        ledger_write(txn, &entry);
    }
}

static void remove_apply(struct txn *txn, struct write_op *op)
{
    struct batch *b = batch_of(op);
    for (uint32_t i = 0; i < b->count; i++) {
        struct queue_entry entry = {1, domain_of(b->from + i), 0, b->from + i + 1};
        queue_remove(txn, &entry);
    }
}

/* -- Outcomes: job 3 is queued, put off, and delivered, in any order. */

enum { SENT_JOB = 3 };

static void make_job(struct txn *txn, struct write_op *op)
{
    struct job_record job = {.id = SENT_JOB,
                             .state = JOB_SENDING,
                             .fanned = UINT32_MAX,
                             .recipients = batch_of(op)->count,
                             .counts = {[RECIPIENT_QUEUED] = batch_of(op)->count},
                             .name = STR("appeal"),
                             .segment = STR("all"),
                             .identity = STR("example")};
    job_write(txn, &job);
}

/* Each at another domain: what a report costs at worst, and a copy when there are few domains. */
static uint32_t even_domain_of(uint32_t contact)
{
    return 1 + (uint32_t)(contact * (uint64_t)2654435761U % domains);
}

static void send_fanout_apply(struct txn *txn, struct write_op *op)
{
    struct batch *b = batch_of(op);
    struct queue_entry *entries = alloc(b->count * sizeof(*entries));
    for (uint32_t i = 0; i < b->count; i++) {
        uint32_t contact = b->from + i + 1;
        entries[i] = (struct queue_entry){SENT_JOB, even_domain_of(contact), 0, contact};
    }
    qsort(entries, b->count, sizeof(*entries), compare_entries);
    queue_add(txn, entries, b->count);
    free(entries);
}

static void report(struct txn *txn, struct batch *b, enum recipient_state state, uint32_t due)
{
    struct outcome outcomes[REPORT];
    struct outcome_sums sums[REPORT];
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        uint32_t contact = b->order[b->from + i] + 1;
        outcomes[n] = (struct outcome){.job = SENT_JOB,
                                       .contact = contact,
                                       .domain = even_domain_of(contact),
                                       .state = state,
                                       .due = due,
                                       .at = DUE,
                                       .attempted = true,
                                       .code = 250};
        outcome_set_text(&outcomes[n++], STR("2.0.0 Ok"));
        if (n == REPORT || i + 1 == b->count) {
            outcomes_apply(txn, outcomes, n, sums);
            n = 0;
        }
    }
}

static void deferred_apply(struct txn *txn, struct write_op *op)
{
    report(txn, batch_of(op), RECIPIENT_DEFERRED, DUE + 600);
}

static void delivered_apply(struct txn *txn, struct write_op *op)
{
    report(txn, batch_of(op), RECIPIENT_DELIVERED, 0);
}

static uint32_t *shuffled(uint32_t count)
{
    uint32_t *order = alloc(count * sizeof(*order));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = (uint32_t)random_below(i + 1);
        order[i] = order[k];
        order[k] = i;
    }
    return order;
}

static uint64_t resident_kib(const char *what)
{
    char line[256];
    uint64_t kib = 0;
    size_t len = strlen(what);
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof(line), status))
        if (strncmp(line, what, len) == 0)
            kib = strtoull(line + len + 1, NULL, 10);
    if (status)
        fclose(status);
    return kib;
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void run(struct store *store, const char *title, uint32_t records, apply_batch *apply,
                const uint32_t *order)
{
    sem_t done;
    uint32_t batches = 0;
    sem_init(&done, 0, 0);
    int64_t began = clock_mono_us();
    double cpu = cpu_s();
    for (uint32_t from = 0; from < records; from += BATCH, batches++) {
        struct batch *b = NEW(struct batch);
        *b = (struct batch){.op = {.apply = apply, .done = batch_done, .records = BATCH},
                            .from = from,
                            .count = records - from < BATCH ? records - from : BATCH,
                            .order = order,
                            .done = &done};
        store_submit(store, &b->op);
    }
    while (batches--)
        sem_wait(&done);
    int64_t us = clock_mono_us() - began;
    printf("%-28s %8u in %6.2f s   %9.0f/s   CPU %6.2f s   resident %3llu MiB (peak %llu), of it "
           "file %llu\n",
           title, records, (double)us / 1e6, (double)records * 1e6 / (double)us, cpu_s() - cpu,
           (unsigned long long)resident_kib("VmRSS") >> 10,
           (unsigned long long)resident_kib("VmHWM") >> 10,
           (unsigned long long)resident_kib("RssFile") >> 10);
    sem_destroy(&done);
}

static void run_reads(struct store *store, uint32_t records)
{
    int64_t began = clock_mono_us();
    uint64_t bytes = 0;
    for (uint32_t id = 1; id <= records;) {
        struct txn txn;
        struct contact contact;
        txn_begin(store, &txn);
        for (uint32_t until = id + 1000; id < until && id <= records; id++)
            if (contact_read(&txn, id, &contact))
                bytes += contact.address.len;
        txn_end(&txn);
    }
    int64_t us = clock_mono_us() - began;
    printf("%-28s %8u in %6.2f s   %9.0f/s   resident %3llu MiB, of it file %llu (%llu bytes)\n",
           "contacts, read by id", records, (double)us / 1e6, (double)records * 1e6 / (double)us,
           (unsigned long long)resident_kib("VmRSS") >> 10,
           (unsigned long long)resident_kib("RssFile") >> 10, (unsigned long long)bytes);
}

static void run_outcomes(struct store *store, uint32_t records, const uint32_t *order)
{
    struct batch job = {.op = {.apply = make_job}, .count = records};
    store_run(store, &job.op);
    run(store, "queue_add, even domains", records, send_fanout_apply, NULL);
    run(store, "outcomes, deferred", records, deferred_apply, order);
    run(store, "outcomes, delivered", records, delivered_apply, order);
}

/* The number of an argument, or `usual` without one; 0: it is none. */
static uint32_t number_wanted(int argc, char **argv, int at, uint32_t usual)
{
    uint64_t n = usual;
    if (argc > at && (!str_to_u64(str_of(argv[at]), &n) || n > 100000000))
        return 0;
    return (uint32_t)n;
}

int main(int argc, char **argv)
{
    uint32_t records = number_wanted(argc, argv, 2, 600000);
    domains = number_wanted(argc, argv, 3, domains);
    if (argc < 2 || argc > 4 || !records || !domains) {
        fprintf(stderr, "usage: %s FOLDER [RECORDS [DOMAINS]]\n", argv[0]);
        return 2;
    }
    struct store_options options = {.dir = argv[1],
                                    .map_size = (size_t)64 << 20,
                                    .commit_interval_ms = 20,
                                    .commit_records = 100000};
    struct err err;
    struct store *store = store_open(&options, &err);
    if (!store) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    uint32_t *order = shuffled(records);
    printf("resident at first: %llu MiB\n", (unsigned long long)resident_kib("VmRSS") >> 10);
    run(store, "contacts, new", records, import_apply, NULL);
    run(store, "contacts, unchanged", records, import_apply, NULL);
    run_reads(store, records);
    run(store, "queue_add, sorted batches", records, fanout_apply, NULL);
    run(store, "ledger_write, by contact", records, ledger_apply, NULL);
    run(store, "ledger_write, any order", records, ledger_apply, order);
    run(store, "queue_remove", records, remove_apply, NULL);
    run_outcomes(store, records, order);
    sleep(3); /* the writer gives memory back when it is quiet */
    printf("resident after a quiet moment: %llu MiB\n",
           (unsigned long long)resident_kib("VmRSS") >> 10);
    free(order);
    store_close(store);
    return 0;
}
