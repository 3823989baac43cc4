/*
 * What the journal costs a message: that it began and that it ended is noted, 32 in flight, at a
 * given pace or as fast as it goes, while the writer commits (and syncs the journal) every 50 ms.
 * The first figure is the processor's time of the thread that notes, the second that of the whole
 * process, syncs and commits included.
 *
 *     bench/journal FOLDER [MESSAGES [PER_SECOND]]     the folder must be new; 2,000,000 messages
 * and no pace by default
 */
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/journal.h"
#include "store/table.h"
#include "store/writer.h"

enum { IN_FLIGHT = 32, COMMIT_MS = 50, STEP_US = 5000, JOURNAL_SIZE = 4 * 1024 * 1024 };

static double cpu(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Atomic uint64_t durable; /* what the commits have covered */

/* A small commit, as there is one after every 50 ms of sending. */
struct commit {
    struct write_op op;
    uint64_t mark;
};

static void apply(struct txn *txn, struct write_op *op)
{
    (void)op;
    meta_set_number(txn, STR("bench"), (uint32_t)clock_mono_us());
}

static void done(struct write_op *op)
{
    struct commit *c = (struct commit *)(void *)op;
    atomic_store(&durable, c->mark);
    free(c);
}

static void commit(struct store *store, struct journal *journal)
{
    struct commit *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->op = (struct write_op){.apply = apply, .done = done, .urgent = true};
    c->mark = journal_mark(journal);
    store_submit(store, &c->op);
}

static unsigned open_one(struct store *store, struct journal *journal, uint32_t n)
{
    struct journal_began began = {.job = 1,
                                  .contact = n,
                                  .domain = n % 100,
                                  .message_version = 1,
                                  .at = 1700000000,
                                  .source = STR("mail1")};
    while (!journal_take(journal)) {
        commit(store, journal);
        usleep(1000);
        journal_durable(journal, atomic_load(&durable));
    }
    return journal_began(journal, &began);
}

static void end_one(struct journal *journal, unsigned open, uint32_t n)
{
    struct outcome o = {.job = 1, .contact = n, .state = RECIPIENT_DELIVERED, .at = 1700000000};
    char text[64];
    int len = snprintf(text, sizeof(text), "2.0.0 Ok: queued as 4XyZ%08X", n * 2654435761U);
    o.code = 250;
    outcome_set_text(&o, str_from(text, (size_t)len));
    journal_give_back(journal);
    journal_ended(journal, open, &o);
}

static void wait_for_pace(int64_t began_us, uint32_t n, uint32_t per_second)
{
    int64_t due = began_us + (int64_t)((double)n / per_second * 1e6);
    if (per_second && due > clock_mono_us() + STEP_US)
        usleep(STEP_US);
}

static void run(struct store *store, struct journal *journal, uint32_t count, uint32_t per_second)
{
    static unsigned open[IN_FLIGHT];
    int64_t began_us = clock_mono_us(), committed_ms = clock_mono_ms();
    for (uint32_t n = 0; n < count; n++) {
        if (n >= IN_FLIGHT)
            end_one(journal, open[n % IN_FLIGHT], n - IN_FLIGHT);
        journal_durable(journal, atomic_load(&durable));
        open[n % IN_FLIGHT] = open_one(store, journal, n);
        if (n % 16 == 0 && clock_mono_ms() - committed_ms >= COMMIT_MS) {
            commit(store, journal);
            committed_ms = clock_mono_ms();
        }
        wait_for_pace(began_us, n, per_second);
    }
}

int main(int argc, char **argv)
{
    struct err err;
    uint32_t count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2000000;
    uint32_t per_second = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    if (argc < 2 || count == 0) {
        fprintf(stderr, "usage: journal FOLDER [MESSAGES [PER_SECOND]]\n");
        return 2;
    }
    struct store_options options = {
        .dir = argv[1], .map_size = 1 << 20, .commit_interval_ms = 1, .commit_records = 1000};
    struct store *store = store_open(&options, &err);
    struct journal *journal = store ? journal_attach(store, 0, JOURNAL_SIZE, &err) : NULL;
    if (!journal) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    double thread = cpu(CLOCK_THREAD_CPUTIME_ID), process = cpu(CLOCK_PROCESS_CPUTIME_ID);
    int64_t began = clock_mono_us();
    run(store, journal, count, per_second);
    double seconds = (double)(clock_mono_us() - began) / 1e6;
    thread = cpu(CLOCK_THREAD_CPUTIME_ID) - thread;
    process = cpu(CLOCK_PROCESS_CPUTIME_ID) - process;
    printf("%u messages, %.0f/s: %.3f us of CPU a message on the thread, %.3f in all\n", count,
           count / seconds, thread / count * 1e6, process / count * 1e6);
    journal_detach(journal);
    store_close(store);
    journal_free(journal);
    return 0;
}
