/*
 * For tests above the store: a store in a folder of its own, and a way to do one write in it. The
 * folder goes with the fixture.
 */
#ifndef TOCSIN_TESTS_PEOPLE_H
#define TOCSIN_TESTS_PEOPLE_H

#include <stdatomic.h>
#include <unistd.h>

#include "compose/senders.h"
#include "store/contacts.h"
#include "store/names.h"
#include "store/sets.h"
#include "store/writer.h"

struct people {
    char folder[40];
    struct store *store;
};

static inline void people_open(struct people *p)
{
    struct err err;
    char path[64];
    snprintf(p->folder, sizeof(p->folder), "/tmp/tocsin-people-XXXXXX");
    if (!mkdtemp(p->folder))
        fail_msg("no folder for the test");
    snprintf(path, sizeof(path), "%s/data", p->folder);
    struct store_options options = {
        .dir = path, .map_size = 64 << 20, .commit_interval_ms = 1, .commit_records = 1000};
    p->store = store_open(&options, &err);
    if (!p->store)
        fail_msg("%s", err.text);
}

static inline void people_close(struct people *p)
{
    char command[64];
    store_close(p->store);
    snprintf(command, sizeof(command), "rm -rf %s", p->folder);
    if (system(command) != 0)
        fail_msg("%s could not be removed", p->folder);
}

struct people_write {
    struct write_op op;
    void (*work)(struct txn *txn, void *ctx);
    void *ctx;
    _Atomic int done;
};

static inline void people_apply(struct txn *txn, struct write_op *op)
{
    struct people_write *w = (struct people_write *)(void *)op;
    w->work(txn, w->ctx);
}

static inline void people_done(struct write_op *op)
{
    atomic_store(&((struct people_write *)(void *)op)->done, 1);
}

/* Runs `work` in the writer and returns when it is durable. */
static inline void people_write(struct people *p, void (*work)(struct txn *txn, void *ctx),
                                void *ctx)
{
    struct people_write w = {.op = {.apply = people_apply, .done = people_done, .urgent = true},
                             .work = work,
                             .ctx = ctx};
    store_submit(p->store, &w.op);
    while (!atomic_load(&w.done))
        usleep(500);
}

/* One contact with at most one attribute. */
static inline uint32_t people_add(struct contact_writer *w, const char *address,
                                  const struct contact_attribute *attribute)
{
    enum contact_change change;
    struct str text = str_of(address);
    struct contact_row row = {.key = text,
                              .address = text,
                              .domain = str_skip(text, (size_t)(str_find(text, '@') - text.at) + 1),
                              .attributes = attribute,
                              .attribute_count = attribute ? 1 : 0};
    return contact_writer_put(w, &row, &change);
}

/* An unsigned identity "example" of send.example, with more in its block and in the file. */
static inline struct senders *people_senders_with(const struct people *p, const char *identity,
                                                  const char *more)
{
    static const char text[] = "data_dir = \"data\"\n"
                               "control { socket = \"control.sock\" }\n"
                               "identity \"example\" { domain = \"send.example\"  from = \"Example "
                               "<news@send.example>\"  %s }\n"
                               "source \"local\" { ehlo = \"mail.send.example\" }\n"
                               "route \"*\" { host = \"127.0.0.1\" }\n%s\n";
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct token_key key = {{7}};
    struct buf whole = BUF_INIT;
    struct err err;
    buf_addf(&whole, text, identity, more);
    struct config *config = config_load_text(buf_str(&whole), "test.conf", p->folder, &errors);
    buf_release(&whole);
    if (!config)
        fail_msg("%s", errors.text.at);
    struct senders *senders = senders_new(config, &key, &err);
    if (!senders)
        fail_msg("%s", err.text);
    config_unref(config);
    config_errors_release(&errors);
    return senders;
}

static inline struct senders *people_senders(const struct people *p)
{
    return people_senders_with(p, "", "");
}

#endif
