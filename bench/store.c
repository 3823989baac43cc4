/*
 * How fast the store's writer is, with every commit synced to disk: rows of an import into an empty
 * store and again, queue entries, ledger entries. Each figure is records over the time from the
 * first submission to the last `done`.
 *
 *     bench/store FOLDER [RECORDS]        the folder must be new; 600,000 records by default
 */
#include <semaphore.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/contacts.h"
#include "store/ledger.h"
#include "store/names.h"
#include "store/queue.h"
#include "store/writer.h"

enum { BATCH = 20000, DOMAINS = 2000, DUE = 1700000000 };

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
    return n % 2 ? 1 : 1 + (n * 2654435761U >> 8) % (1 + (n * 40503U >> 4) % DOMAINS);
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

static void run(struct store *store, const char *title, uint32_t records, apply_batch *apply,
                const uint32_t *order)
{
    sem_t done;
    uint32_t batches = 0;
    sem_init(&done, 0, 0);
    int64_t began = clock_mono_us();
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
    printf("%-28s %8u in %6.2f s   %9.0f/s   resident %3llu MiB (peak %llu), of it file %llu\n",
           title, records, (double)us / 1e6, (double)records * 1e6 / (double)us,
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

static uint32_t records_wanted(int argc, char **argv)
{
    uint64_t n = 600000;
    if (argc == 3 && (!str_to_u64(str_of(argv[2]), &n) || n == 0 || n > 100000000))
        return 0;
    return argc < 2 || argc > 3 ? 0 : (uint32_t)n;
}

int main(int argc, char **argv)
{
    uint32_t records = records_wanted(argc, argv);
    if (!records) {
        fprintf(stderr, "usage: %s FOLDER [RECORDS]\n", argv[0]);
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
    sleep(3); /* the writer gives memory back when it is quiet */
    printf("resident after a quiet moment: %llu MiB\n",
           (unsigned long long)resident_kib("VmRSS") >> 10);
    free(order);
    store_close(store);
    return 0;
}
