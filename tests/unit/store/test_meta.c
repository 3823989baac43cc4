/* What happens to a store of an older version. test_store.c has the newer one. */
#include "unit/store/help.h"

#include "store/jobs.h"
#include "store/ledger.h"
#include "store/private.h"
#include "store/queue_counts.h"

/* Job 12 as version 1 wrote it; what tests/unit/store/test_jobs.c has is today's. */
#define JOB_OF_1                                                                 \
    "01 02 01 00 00000003 00000002 65000000 65000001 00000000 ffffffff 00000002" \
    "00000001 00000000 00000000 00000001 00000000 00000000 00000000 00000000"    \
    "0003 4d6179 0006 6c6973743a61 0001 78"

/* Delivered to contact 7 with "250 2.0.0 OK", the same. */
#define ENTRY_OF_1 "01 03 00 0001 65000002 65000003 00000000 00000002 00fa 020000 4f4b"

static struct str version_key(void)
{
    return hex("76657273696f6e");
}

/* The store as a program of version 1 left it. */
static void make_old(struct place *p)
{
    write_raw(p->store, TABLE_JOBS, hex("0000000c"), hex(JOB_OF_1));
    write_raw(p->store, TABLE_LEDGER, hex("0000000c 00000007"), hex(ENTRY_OF_1));
    write_raw(p->store, TABLE_META, version_key(), hex("00000001"));
    store_close(p->store);
    p->store = NULL;
}

static void an_older_store_is_brought_to_this_version(void **state)
{
    struct place *p = *state;
    make_old(p);
    place_open(p);
    assert_stored(p->store, TABLE_META, version_key(), hex("00000003"));
}

static void what_it_held_is_still_there(void **state)
{
    struct place *p = *state;
    struct txn txn;
    struct job_record job;
    struct ledger_entry entry;
    make_old(p);
    place_open(p);
    txn_begin(p->store, &txn);
    assert_true(job_read(&txn, 12, &job));
    assert_int_equal(job.state, JOB_SENDING);
    assert_int_equal(job.recipients, 2);
    assert_int_equal(job.counts[RECIPIENT_DELIVERED], 1);
    assert_str(job.segment, STR("list:a"));
    assert_true(ledger_read(&txn, 12, 7, &entry));
    assert_int_equal(entry.state, RECIPIENT_DELIVERED);
    assert_int_equal(entry.code, 250);
    read_end(&txn);
}

static void rewrite_job(struct txn *txn, void *ctx)
{
    struct job_record job;
    struct buf texts = BUF_INIT;
    (void)ctx;
    assert_true(job_read(txn, 12, &job));
    job_keep(&job, &texts);
    job_write(txn, &job);
    buf_release(&texts);
}

static struct str stored_job(struct txn *txn)
{
    struct str value = {NULL, 0};
    struct key key = raw_key(hex("0000000c"));
    assert_true(table_get(txn, TABLE_JOBS, &key, &value));
    return value;
}

/* Writing it again changes nothing: it has today's form already. */
static void its_jobs_get_the_form_of_today(void **state)
{
    struct place *p = *state;
    struct txn txn;
    struct buf before = BUF_INIT;
    make_old(p);
    place_open(p);
    txn_begin(p->store, &txn);
    buf_add_str(&before, stored_job(&txn));
    read_end(&txn);
    write_now(p->store, rewrite_job, NULL);
    txn_begin(p->store, &txn);
    assert_str(stored_job(&txn), buf_str(&before));
    read_end(&txn);
    buf_release(&before);
}

static void a_damaged_job_stops_the_upgrade(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    write_raw(p->store, TABLE_JOBS, hex("0000000d"), hex("01 02"));
    make_old(p);
    assert_null(store_open(&p->options, &err));
    if (!strstr(err.text, "damaged") || !strstr(err.text, "0000000d"))
        fail_msg("%s", err.text);
}

/* --- Version 2: a queue without counts --- */

/* Past the writer, who would miss the table at once. */
static void drop_counts(struct store *store)
{
    struct txn txn;
    txn_start(store, &txn, 0);
    assert_int_equal(mdb_drop(txn.mdb, store->tables[TABLE_QUEUE_COUNTS], 1), 0);
    assert_int_equal(txn_commit(&txn), 0);
}

static void make_version_2(struct place *p)
{
    static const char *const queue[] = {
        "0000000c 00000003 00000000 00000007", "0000000c 00000003 65000000 00000002",
        "0000000c 00000004 00000000 00000001", "0000000d 00000003 00000000 00000001",
        "0000000d 00000003 00000000 00000002",
    };
    for (size_t i = 0; i < sizeof(queue) / sizeof(queue[0]); i++)
        write_raw(p->store, TABLE_QUEUE, hex(queue[i]), STR(""));
    write_raw(p->store, TABLE_META, version_key(), hex("00000002"));
    drop_counts(p->store);
    store_close(p->store);
    p->store = NULL;
}

static void the_queue_of_version_2_is_counted(void **state)
{
    struct place *p = *state;
    struct txn txn;
    make_version_2(p);
    place_open(p);
    assert_stored(p->store, TABLE_META, version_key(), hex("00000003"));
    txn_begin(p->store, &txn);
    assert_int_equal(queue_count(&txn, 12, 3), 2);
    assert_int_equal(queue_count(&txn, 12, 4), 1);
    assert_int_equal(queue_count(&txn, 13, 3), 2);
    assert_int_equal(table_count(&txn, TABLE_QUEUE_COUNTS), 3);
    read_end(&txn);
}

static void it_is_counted_once(void **state)
{
    struct place *p = *state;
    struct txn txn;
    make_version_2(p);
    place_open(p);
    store_close(p->store);
    place_open(p);
    txn_begin(p->store, &txn);
    assert_int_equal(queue_count(&txn, 13, 3), 2);
    read_end(&txn);
}

static void a_damaged_queue_stops_the_upgrade(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    write_raw(p->store, TABLE_QUEUE, hex("0000000c 00000003 00000000"), STR(""));
    make_version_2(p);
    assert_null(store_open(&p->options, &err));
    if (!strstr(err.text, "damaged") || !strstr(err.text, "`queue`"))
        fail_msg("%s", err.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_older_store_is_brought_to_this_version),
        STORE_TEST(what_it_held_is_still_there),
        STORE_TEST(its_jobs_get_the_form_of_today),
        STORE_TEST(a_damaged_job_stops_the_upgrade),
        STORE_TEST(the_queue_of_version_2_is_counted),
        STORE_TEST(it_is_counted_once),
        STORE_TEST(a_damaged_queue_stops_the_upgrade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
